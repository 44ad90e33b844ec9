//! Tokens that the application supplies: the same single flight, the same 401.

use std::time::Duration;

use qbank_proto::{AccessToken, ErrorKind, Fate};

use crate::bed::*;

fn lasting(token: &str, lifetime: Duration) -> Supply {
    Supply { after: LATENCY, token: Ok(AccessToken::new(token).unwrap().expires_in(lifetime)) }
}

#[test]
fn forty_calls_ask_the_supplier_once() {
    let mut bed = Bed::with_supplier().always(accepted());
    let calls: Vec<_> = (0..40).map(|_| bed.start_call(ach())).collect();
    bed.run();
    assert_eq!((bed.asked.len(), bed.token_requests.len()), (1, 0));
    for call in calls {
        assert!(bed.take(call).is_ok());
    }
    assert!(bed.sent.iter().all(|it| it.header("authorization") == Some("Bearer supplied-1")));
}

#[test]
fn after_a_401_the_supplier_is_asked_once_more_for_all() {
    let mut bed = Bed::with_supplier().bank((0..40).map(|_| refuses(401))).always(accepted());
    let calls: Vec<_> = (0..40).map(|_| bed.start_call(ach())).collect();
    bed.run();
    assert_eq!((bed.asked.len(), bed.sent.len()), (2, 80));
    for call in calls {
        assert_eq!(bed.take(call).unwrap().attempts.len(), 2);
    }
}

#[test]
fn a_supplier_that_fails_fails_those_who_waited_and_nobody_later() {
    let mut bed = Bed::with_supplier().always(accepted());
    bed.supplier.push_back(no_supply("the vault is sealed"));
    let calls: Vec<_> = (0..3).map(|_| bed.start_call(ach())).collect();
    bed.run();
    for call in calls {
        let error = bed.take(call).unwrap_err();
        expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
        assert!(error.to_string().contains("supplier"), "{error}");
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the vault is sealed");
    }
    assert_eq!(bed.asked.len(), 1);
    assert!(bed.send(ach()).is_ok());
}

#[test]
fn a_supplied_token_lasts_five_minutes_unless_it_says_so() {
    let mut bed = Bed::with_supplier().always(accepted());
    bed.supplier.push_back(lasting("brief", secs(10)));
    bed.send(ach()).unwrap();
    bed.pass(secs(11));
    bed.send(ach()).unwrap();
    assert_eq!(bed.asked.len(), 2);
    bed.pass(secs(260));
    bed.send(ach()).unwrap();
    assert_eq!(bed.asked.len(), 2);
    bed.pass(secs(40));
    bed.send(ach()).unwrap();
    assert_eq!(bed.asked.len(), 3);
}

#[test]
fn a_supplier_that_hangs_is_given_up_and_asked_again() {
    let mut bed = Bed::with_supplier().always(accepted());
    let mut hangs = Supply::token("never");
    hangs.after = secs(100_000);
    bed.supplier.push_back(hangs);
    let started = bed.now.mono;
    assert!(bed.send(ach()).is_ok());
    assert_eq!(bed.asked.len(), 2);
    assert!(bed.asked[1] - started >= secs(65));
}

#[test]
fn a_dropped_call_hands_the_question_on() {
    let mut bed = Bed::with_supplier().always(accepted());
    let mut slow = Supply::token("slow");
    slow.after = secs(30);
    bed.supplier.push_back(slow);
    let leader = bed.start_call(ach());
    let follower = bed.start_call(ach());
    bed.pass(secs(1));
    bed.drop_call(leader);
    bed.run();
    assert!(bed.causes(follower).contains(&Cause::Woken));
    assert!(bed.take(follower).is_ok());
    assert_eq!(bed.asked.len(), 2);
}

#[test]
fn a_hurried_leader_whose_supplier_is_too_slow_for_it_fails_nobody_else() {
    let mut bed = Bed::with_supplier().always(accepted());
    let mut slow = no_supply("timed out");
    slow.after = millis(50);
    bed.supplier.push_back(slow);
    let hurried = with(|options| options.deadline = Some(millis(50)));
    let leader = bed.call(ach(), hurried);
    let leader = bed.start(leader);
    let follower = bed.start_call(ach());
    bed.run();
    let error = bed.take(leader).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::DeadlineExceeded, Fate::NeverSent));
    assert!(error.to_string().contains("token supplier failed: timed out"), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "timed out");
    assert!(bed.take(follower).is_ok());
    assert_eq!(bed.asked.len(), 2);
}

#[test]
fn a_supplied_token_that_is_refused_twice_is_final() {
    let mut bed = Bed::with_supplier().always(refuses(401));
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 2);
    assert_eq!(bed.asked.len(), 2);
}
