//! A token is refreshed early, and its age is by whichever clock advanced more.

use std::time::Duration;

use qbank_proto::Now;

use crate::bed::*;

/// A bed whose session has a token that lasts so long, asked for at its start.
fn with_token(seconds: u64) -> (Bed, Duration) {
    let mut bed = Bed::new().tokens([token_for("old", &seconds.to_string())]).always(accepted());
    let asked = bed.now.mono;
    bed.send(ach()).unwrap();
    (bed, asked)
}

fn pass_until(bed: &mut Bed, at: Duration) {
    let span = at - bed.now.mono;
    bed.pass(span);
}

fn last_used(bed: &Bed) -> &str {
    bed.sent.last().unwrap().header("authorization").unwrap()
}

#[test]
fn it_is_refreshed_early_by_60_s_or_a_tenth_of_its_life() {
    for (lifetime, soft) in [(3600, 3540), (600, 540), (300, 270), (10, 9)] {
        let (mut bed, asked) = with_token(lifetime);
        pass_until(&mut bed, asked + secs(soft) - millis(1));
        bed.send(ach()).unwrap();
        assert_eq!(bed.token_requests.len(), 1, "{lifetime}");
        pass_until(&mut bed, asked + secs(soft) + LATENCY * 2);
        bed.send(ach()).unwrap();
        assert_eq!((bed.token_requests.len(), last_used(&bed)), (2, "Bearer token-2"));
    }
}

#[test]
fn one_call_refreshes_early_while_the_others_go_on() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.push_back(good_token("new").after(secs(5)));
    pass_until(&mut bed, asked + secs(3550));
    let refreshes = bed.start_call(ach());
    let others: Vec<_> = (0..5).map(|_| bed.start_call(ach())).collect();
    bed.pass(secs(1));
    assert!(!bed.is_over(refreshes));
    for call in others {
        assert!(bed.take(call).is_ok());
    }
    assert_eq!(last_used(&bed), "Bearer old");
    bed.run();
    assert!(bed.take(refreshes).is_ok());
    assert_eq!(last_used(&bed), "Bearer new");
    assert_eq!(bed.token_requests.len(), 2);
}

#[test]
fn a_failed_early_refresh_keeps_the_old_token_and_is_not_repeated_with_every_call() {
    for failure in [
        says(503),
        says(401).json(r#"{"error":"invalid_client"}"#),
        reset(),
        says(200).body("<html>"),
    ] {
        let (mut bed, asked) = with_token(3600);
        bed.tokens.push_back(failure);
        pass_until(&mut bed, asked + secs(3550));
        for _ in 0..5 {
            bed.send(ach()).unwrap();
            assert_eq!(last_used(&bed), "Bearer old");
        }
        assert_eq!(bed.token_requests.len(), 2);
        bed.pass(secs(15));
        bed.send(ach()).unwrap();
        assert_eq!(last_used(&bed), "Bearer token-3");
    }
}

/// The wall clock is set forwards, so that a refresh is due, and back while it is under way.
#[test]
fn a_failed_early_refresh_brings_the_next_one_no_nearer_when_the_clock_is_set_back() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.push_back(says(503).after(secs(5)));
    bed.now.unix += secs(3550);
    let refreshes = bed.start_call(ach());
    bed.pass(secs(1));
    bed.now.unix -= secs(3550);
    bed.run();
    assert!(bed.take(refreshes).is_ok());
    for age in [30, 600, 3530] {
        pass_until(&mut bed, asked + secs(age));
        bed.send(ach()).unwrap();
        assert_eq!((bed.token_requests.len(), last_used(&bed)), (2, "Bearer old"), "{age}");
    }
    pass_until(&mut bed, asked + secs(3545));
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer token-3");
}

#[test]
fn an_early_refresh_that_hangs_costs_its_call_ten_seconds_at_most() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.push_back(breaks(qbank_proto::FaultKind::Timeout));
    pass_until(&mut bed, asked + secs(3545));
    let started = bed.now.mono;
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer old");
    assert!(bed.now.mono - started <= secs(10) + LATENCY);
}

#[test]
fn an_early_refresh_that_hangs_does_not_take_a_hurried_calls_own_time() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.push_back(breaks(qbank_proto::FaultKind::Timeout));
    pass_until(&mut bed, asked + secs(3545));
    let hurried = with(|options| options.deadline = Some(secs(6)));
    let reply = bed.send_with(ach(), hurried);
    assert!(reply.is_ok(), "the old token was good all the time: {reply:?}");
}

#[test]
fn the_age_is_by_whichever_clock_advanced_more() {
    let (mut bed, _) = with_token(3600);
    // The machine slept: only the wall clock went on.
    bed.now.unix += secs(3600);
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer token-2");
    // The wall clock was set back: only the other went on.
    bed.now = Now { mono: bed.now.mono + secs(3600), unix: NOON };
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer token-3");
    // Set back and no time passed: still young.
    bed.now.unix = Duration::ZERO;
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer token-3");
}

#[test]
fn the_age_counts_from_when_the_request_was_sent() {
    let slow = token_for("slow", "40").after(secs(30));
    let mut bed = Bed::new().tokens([slow]).always(accepted());
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer slow");
    bed.pass(secs(10));
    bed.send(ach()).unwrap();
    assert_eq!(last_used(&bed), "Bearer token-2");
}

#[test]
fn a_401_during_an_early_refresh_waits_for_it() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.push_back(good_token("new").after(secs(5)));
    bed.bank.push_back(refuses(401));
    pass_until(&mut bed, asked + secs(3550));
    let refreshes = bed.start_call(ach());
    let refused = bed.start_call(ach());
    bed.run();
    assert!(bed.take(refreshes).is_ok());
    assert_eq!(bed.take(refused).unwrap().attempts.len(), 2);
    assert_eq!(bed.token_requests.len(), 2);
}

#[test]
fn once_somebody_needs_the_early_refresh_its_failure_is_retried() {
    let (mut bed, asked) = with_token(3600);
    bed.tokens.extend([says(503).after(secs(5)), good_token("new")]);
    bed.bank.push_back(refuses(401));
    pass_until(&mut bed, asked + secs(3550));
    let refreshes = bed.start_call(ach());
    let refused = bed.start_call(ach());
    bed.run();
    assert!(bed.take(refreshes).is_ok() && bed.take(refused).is_ok());
    assert_eq!(bed.token_requests.len(), 3);
    // Early it must be quick; needed, it has its usual time.
    assert_eq!(bed.token_requests[1].timeout, secs(10));
    assert_eq!(bed.token_requests[2].timeout, secs(60));
}
