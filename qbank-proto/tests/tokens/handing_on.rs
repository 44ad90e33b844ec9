//! A leader that goes away hands the lead on.

use qbank_proto::{Authenticate, ErrorKind, Fate};

use crate::bed::*;

fn within(seconds: u64) -> Options {
    with(|options| options.deadline = Some(secs(seconds)))
}

/// The follower got its token at once, because it was woken.
fn was_woken<T>(bed: &Bed, call: Handle<T>) {
    assert!(bed.causes(call).contains(&Cause::Woken), "{:?}", bed.causes(call));
    assert!(!bed.causes(call).contains(&Cause::Slept), "{:?}", bed.causes(call));
}

#[test]
fn a_leader_dropped_before_its_first_poll_blocks_nobody() {
    let mut bed = Bed::new().always(accepted());
    let leader = bed.start_call(ach());
    bed.drop_call(leader);
    assert!(bed.send(ach()).is_ok());
}

#[test]
fn a_leader_dropped_with_its_ticket_out_blocks_nobody() {
    let mut bed = Bed::new().tokens([lost()]).always(accepted());
    let leader = bed.start_call(ach());
    let followers: Vec<_> = (0..5).map(|_| bed.start_call(ach())).collect();
    bed.pass(secs(1));
    assert_eq!(bed.session.waiting(), 5);
    bed.drop_call(leader);
    let dropped_at = bed.now.mono;
    bed.run();
    assert_eq!(bed.token_requests.len(), 2, "one of them leads, the others follow");
    assert_eq!(bed.token_requests[1].at, dropped_at);
    for call in followers {
        was_woken(&bed, call);
        assert!(bed.take(call).is_ok());
    }
}

#[test]
fn a_leader_dropped_in_its_backoff_blocks_nobody_and_the_backoff_holds() {
    let busy = says(503).header("retry-after", "20");
    let mut bed = Bed::new().tokens([busy]).always(accepted());
    let leader = bed.start_call(ach());
    let follower = bed.start_call(ach());
    bed.pass(secs(1));
    bed.drop_call(leader);
    bed.run();
    assert!(bed.take(follower).is_ok());
    let asked: Vec<_> = bed.token_requests.iter().map(|it| it.at).collect();
    assert_eq!(asked[1] - asked[0], secs(20) + LATENCY, "the endpoint's wish outlives its leader");
}

#[test]
fn a_leader_that_is_cancelled_blocks_nobody() {
    let mut bed = Bed::new().tokens([lost()]).always(accepted());
    let leader = bed.start_call(ach());
    let follower = bed.start_call(ach());
    bed.pass(secs(1));
    let error = bed.abandon(leader).unwrap_err();
    assert_eq!(error.fate(), Fate::NeverSent);
    bed.run();
    was_woken(&bed, follower);
    assert!(bed.take(follower).is_ok());
}

#[test]
fn a_leader_out_of_its_own_time_hands_the_lead_on() {
    let mut bed = Bed::new().tokens([lost().after(secs(9))]).always(accepted());
    let call = bed.call(ach(), within(5));
    let leader = bed.start(call);
    let follower = bed.start_call(ach());
    bed.run();
    let error = bed.take(leader).unwrap_err();
    expect(&error, ErrorKind::DeadlineExceeded, Fate::NeverSent, 0);
    was_woken(&bed, follower);
    assert!(bed.take(follower).is_ok());
}

#[test]
fn a_token_request_cut_short_by_its_leaders_deadline_is_no_news_of_the_endpoint() {
    let slow = good_token("too-late").after(secs(30));
    let mut bed =
        Bed::with(|config| config.retry.max_retries = 0).tokens([slow]).always(accepted());
    let call = bed.call(ach(), within(5));
    let leader = bed.start(call);
    let follower = bed.start_call(ach());
    bed.run();
    assert_eq!(bed.take(leader).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    was_woken(&bed, follower);
    assert!(bed.take(follower).is_ok());
    assert_eq!(bed.token_requests[1].at - bed.token_requests[0].at, secs(5));
}

#[test]
fn a_token_request_that_times_out_at_its_leaders_end_is_not_begun_again() {
    // A driver may be a little early.
    let early = breaks(qbank_proto::FaultKind::Timeout).after(millis(4900));
    let mut bed = Bed::new().tokens([early]);
    let error = bed.send_with(ach(), within(5)).unwrap_err();
    expect(&error, ErrorKind::DeadlineExceeded, Fate::NeverSent, 0);
    assert_eq!(bed.token_requests.len(), 1);
}

#[test]
fn a_leader_without_time_for_the_backoff_ends_and_the_others_wait_on() {
    let busy = says(503).header("retry-after", "20");
    let mut bed = Bed::new().tokens([busy]).always(accepted());
    let call = bed.call(ach(), within(10));
    let started = bed.now.mono;
    let leader = bed.start(call);
    let follower = bed.start_call(ach());
    bed.pass(secs(1));
    let error = bed.take(leader).unwrap_err();
    expect(&error, ErrorKind::Unavailable, Fate::NeverSent, 0);
    assert_eq!(error.retry_after(), Some(secs(20)));
    bed.run();
    assert!(bed.take(follower).is_ok());
    assert_eq!(bed.token_requests[1].at - started, secs(20) + LATENCY);
}

#[test]
fn a_stalled_leader_is_superseded_after_its_timeout_and_a_grace() {
    let mut bed = Bed::new().tokens([good_token("stalled")]).always(accepted());
    let leader = bed.start_call(ach());
    bed.settle_down();
    bed.stall(leader);
    let follower = bed.start_call(ach());
    let started = bed.now.mono;
    bed.run();
    assert!(bed.take(follower).is_ok());
    assert_eq!(bed.token_requests[1].at - started, secs(60 + 5));
}

#[test]
fn a_superseded_leader_that_comes_back_uses_what_is_there() {
    let mut bed = Bed::new().tokens([good_token("stale").after(secs(50))]).always(accepted());
    let leader = bed.start_call(ach());
    bed.settle_down();
    bed.stall(leader);
    let follower = bed.start_call(ach());
    bed.run();
    assert!(bed.take(follower).is_ok());
    bed.wake_up(leader);
    bed.run();
    assert!(bed.take(leader).is_ok());
    assert_eq!(bed.token_requests.len(), 2);
    for sent in &bed.sent {
        assert_eq!(sent.header("authorization"), Some("Bearer token-2"));
    }
}

#[test]
fn a_stalled_leader_in_backoff_is_superseded_a_grace_after_it() {
    let busy = says(503).header("retry-after", "20");
    let mut bed = Bed::new().tokens([busy]).always(accepted());
    let leader = bed.start_call(ach());
    bed.pass(secs(1));
    bed.stall(leader);
    let follower = bed.start_call(ach());
    bed.run();
    assert!(bed.take(follower).is_ok());
    let asked: Vec<_> = bed.token_requests.iter().map(|it| it.at).collect();
    assert_eq!(asked[1] - asked[0], secs(25) + LATENCY);
}

#[test]
fn a_dropped_follower_is_forgotten() {
    let mut bed = Bed::new().always(accepted());
    let leader = bed.start_call(ach());
    let follower = bed.start_call(ach());
    bed.settle_down();
    assert_eq!(bed.session.waiting(), 1);
    bed.drop_call(follower);
    assert_eq!(bed.session.waiting(), 0);
    bed.run();
    assert!(bed.take(leader).is_ok());
}

#[test]
fn a_follower_out_of_its_own_time_is_forgotten_and_fails_alone() {
    let mut bed = Bed::new().tokens([good_token("slow").after(secs(30))]).always(accepted());
    let leader = bed.start_call(ach());
    let hurried = bed.call(ach(), within(5));
    let hurried = bed.start(hurried);
    let jitter = 0;
    let authenticate = Authenticate::new(&bed.session, &within(5).of_call(), jitter);
    let authenticate = bed.start(authenticate);
    bed.pass(secs(6));
    let error = bed.take(hurried).unwrap_err();
    expect(&error, ErrorKind::DeadlineExceeded, Fate::NeverSent, 0);
    assert_eq!(bed.take(authenticate).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(bed.session.waiting(), 0);
    bed.run();
    assert!(bed.take(leader).is_ok());
}

#[test]
fn nobody_inherits_the_failures_of_a_refresh_that_everybody_left() {
    let busy = || says(503);
    let mut bed = Bed::new().tokens([busy(), busy(), busy(), busy()]).always(accepted());
    let leader = bed.start_call(ach());
    let follower = bed.start_call(ach());
    while bed.token_requests.len() < 2 {
        bed.pass(millis(50));
    }
    bed.drop_call(leader);
    bed.drop_call(follower);
    bed.pass(secs(3600));
    // Two more failures are within the policy of a refresh of its own.
    assert!(bed.send(ach()).is_ok());
    assert_eq!(bed.token_requests.len(), 5);
}

#[test]
fn every_call_ends_when_leaders_keep_vanishing() {
    let mut bed = Bed::new().always(accepted());
    bed.tokens.extend((0..50).map(|_| lost()));
    let calls: Vec<_> = (0..60).map(|_| bed.start_call(ach())).collect();
    for call in &calls[..50] {
        bed.pass(millis(10));
        bed.drop_call(*call);
    }
    bed.run();
    for call in &calls[50..] {
        assert!(bed.take(*call).is_ok());
    }
    assert!(bed.token_requests.len() <= 51);
}

#[test]
fn a_hurried_leader_does_not_spend_the_patience_of_the_others() {
    // The token endpoint takes its time; the leader gives each attempt 50 ms.
    let slow = good_token("t").after(secs(20));
    let mut bed = Bed::new().tokens([slow]).always(accepted());
    let hurried = with(|options| options.timeout = Some(millis(50)));
    let leader = bed.call(ach(), hurried);
    let leader = bed.start(leader);
    let follower = bed.start_call(ach());
    bed.run();
    assert!(bed.take(follower).is_ok());
    let _ = bed.take(leader);
    assert_eq!(bed.token_requests.len(), 1);
}
