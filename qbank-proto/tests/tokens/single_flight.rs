//! Many calls, one token request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use qbank_proto::{Authenticate, ErrorKind, Fate, Machine, Step};

use crate::bed::*;

#[test]
fn a_thousand_calls_that_start_together_make_one_token_request() {
    let mut bed = Bed::new().always(says(200).json("[]"));
    let calls: Vec<_> = (0..1000).map(|_| bed.start_call(accounts())).collect();
    bed.settle_down();
    assert_eq!(bed.session.waiting(), 999);
    bed.run();
    assert_eq!((bed.token_requests.len(), bed.sent.len()), (1, 1000));
    assert_eq!(bed.session.waiting(), 0);
    for call in &calls[1..] {
        assert!(bed.causes(*call).contains(&Cause::Woken), "woken, not timed out");
        assert!(!bed.causes(*call).contains(&Cause::Slept));
    }
    for call in calls {
        assert!(bed.take(call).is_ok());
    }
}

#[test]
fn a_thousand_calls_that_start_one_by_one_share_the_token_too() {
    let mut bed =
        Bed::new().tokens([good_token("slow").after(secs(30))]).always(says(200).json("[]"));
    for _ in 0..1000 {
        bed.start_call(accounts());
        bed.pass(millis(40));
    }
    bed.run();
    assert_eq!((bed.token_requests.len(), bed.sent.len()), (1, 1000));
}

#[test]
fn ten_calls_hit_by_the_same_401_make_one_refresh() {
    let mut bed = Bed::new().bank((0..10).map(|_| refuses(401))).always(accepted());
    let calls: Vec<_> = (0..10).map(|_| bed.start_call(ach())).collect();
    bed.run();
    assert_eq!(bed.token_requests.len(), 2);
    assert_eq!(bed.sent.len(), 20);
    for call in calls {
        assert_eq!(bed.take(call).unwrap().attempts.len(), 2);
    }
}

#[test]
fn a_401_that_comes_late_does_not_throw_the_newer_token_away() {
    let mut bed = Bed::new()
        .bank([refuses(401).after(secs(1)), refuses(401).after(secs(20))])
        .always(accepted());
    let quick = bed.start_call(ach());
    let slow = bed.start_call(ach());
    bed.run();
    assert!(bed.take(quick).is_ok() && bed.take(slow).is_ok());
    assert_eq!(bed.token_requests.len(), 2);
    let last = bed.sent.last().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer token-2"));
}

#[test]
fn a_refusal_fails_those_who_waited_and_nobody_later() {
    let refused = says(401).json(r#"{"error":"invalid_client"}"#).after(secs(2));
    let mut bed = Bed::new().tokens([refused]).always(accepted());
    let waited: Vec<_> = (0..10).map(|_| bed.start_call(ach())).collect();
    bed.run();
    assert_eq!(bed.token_requests.len(), 1);
    for call in waited {
        assert!(!bed.causes(call).contains(&Cause::Slept), "woken, not timed out");
        let error = bed.take(call).unwrap_err();
        expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
    }
    assert!(bed.send(ach()).is_ok());
}

#[test]
fn a_call_that_starts_as_the_refusal_lands_is_not_failed_by_it() {
    let refused = says(401).json(r#"{"error":"invalid_client"}"#).after(secs(2));
    let mut bed = Bed::new().tokens([refused]).always(accepted());
    let waited = bed.start_call(ach());
    bed.pass(secs(2));
    let later = bed.start_call(ach());
    bed.run();
    assert!(bed.take(waited).is_err());
    assert!(bed.take(later).is_ok());
}

#[test]
fn authenticating_ahead_serves_the_calls_that_follow() {
    let mut bed = Bed::new().bank([accepted()]);
    let jitter = 0;
    let machine = Authenticate::new(&bed.session, &options().of_call(), jitter);
    let info = bed.drive(machine).unwrap();
    assert_eq!((info.token.expose(), info.expires_in), ("token-1", Some(secs(3600))));
    bed.send(ach()).unwrap();
    assert_eq!(bed.token_requests.len(), 1);
}

#[test]
fn the_clones_of_a_session_share_its_token() {
    let mut bed = Bed::new().always(accepted());
    bed.send(ach()).unwrap();
    bed.session = bed.session.clone();
    bed.send(ach()).unwrap();
    assert_eq!(bed.token_requests.len(), 1);
}

#[test]
fn a_token_of_the_calls_own_asks_nobody_and_changes_nothing() {
    let mut bed = Bed::new().bank([accepted(), refuses(401), accepted()]);
    bed.send(ach()).unwrap();
    let own = || {
        with(|options| {
            options.token = Some(qbank_proto::AccessToken::new("my-own-token").unwrap());
        })
    };
    let error = bed.send_with(ach(), own()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 1);
    bed.send(ach()).unwrap();
    let used: Vec<_> = bed.sent.iter().map(|it| it.header("authorization").unwrap()).collect();
    assert_eq!(used, ["Bearer token-1", "Bearer my-own-token", "Bearer token-1"]);
    assert_eq!(bed.token_requests.len(), 1);
}

#[test]
fn a_token_request_is_a_form_without_key_or_bearer() {
    let mut bed = Bed::new().bank([accepted()]);
    bed.send(ach()).unwrap();
    let request = &bed.token_requests[0];
    assert_eq!((request.method.as_str(), &*request.url), ("POST", "https://bank.example/v1/token"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("idempotency-key"), None);
    assert!(request.body.starts_with(b"grant_type=client_credentials&client_id=client-7&"));
}

#[derive(Default)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_follower_is_woken_by_the_waker_of_its_last_poll() {
    let mut bed = Bed::new();
    let mut leader = bed.call(ach(), options());
    let mut follower = bed.call(ach(), options());
    let Step::Send(exchange) = leader.poll(bed.now, Waker::noop()) else {
        panic!("asks for a token");
    };
    // The task that waits moved to another executor.
    let flags = [Arc::new(WakeFlag::default()), Arc::new(WakeFlag::default())];
    for flag in &flags {
        let waker = Waker::from(Arc::clone(flag));
        assert!(matches!(follower.poll(bed.now, &waker), Step::Wait(_)));
    }
    assert_eq!(bed.session.waiting(), 1);
    leader.settle(bed.now, exchange.ticket, good_token("t").result().unwrap());
    assert!(flags[1].0.load(Ordering::Relaxed));
    assert!(matches!(follower.poll(bed.now, Waker::noop()), Step::Send(_)));
}
