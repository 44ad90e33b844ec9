//! The invariants above the table.

use std::task::Waker;
use std::time::Duration;

use qbank_proto::endpoint::Endpoint;
use qbank_proto::{Error, ErrorKind, Fate, FaultKind, IdempotencyKey, Machine, Resume, Step};

use crate::bed::*;

#[test]
fn one_key_and_the_same_bytes_on_every_attempt_and_visible_before_the_first() {
    let mut bed = Bed::new().bank([
        breaks_unsent(FaultKind::Connect),
        refuses(401),
        reset(),
        refuses(503),
        accepted(),
    ]);
    let call = bed.call(ach(), retries(9));
    let (key, body) = (call.key().unwrap(), call.body().clone());
    let reply = bed.drive(call).unwrap();
    assert_eq!((reply.key, reply.attempts.len()), (Some(key), 5));
    let sent = bed.one_intent();
    assert_eq!(sent.header("idempotency-key"), Some(&*key.to_string()));
    assert_eq!(sent.body, body);
    assert_eq!(body, ach().body().unwrap());
}

#[test]
fn a_later_refusal_cannot_lower_the_doubt() {
    for (last, kind) in [
        (refuses(400), ErrorKind::InvalidRequest),
        (refuses(403), ErrorKind::PermissionDenied),
        (refuses(404), ErrorKind::NotFound),
        (refuses(409), ErrorKind::Conflict),
        (refuses(422), ErrorKind::InvalidRequest),
        (breaks_unsent(FaultKind::Certificate), ErrorKind::Transport),
    ] {
        for doubt in [reset(), refuses(500), refuses(408), says(202).body("<html>")] {
            let mut bed = Bed::new().bank([doubt, last.clone()]);
            let error = bed.send(ach()).unwrap_err();
            expect(&error, kind, Fate::Unknown, 2);
            assert!(error.advice().contains("same key"), "{}", error.advice());
        }
    }
}

#[test]
fn never_sent_and_refused_join_to_refused() {
    let mut bed = Bed::new().bank([refuses(429)]).always(breaks_unsent(FaultKind::Connect));
    expect(&bed.send(ach()).unwrap_err(), ErrorKind::Transport, Fate::Refused, 3);
    let mut bed = Bed::new().bank([breaks_unsent(FaultKind::Connect), refuses(400)]);
    expect(&bed.send(ach()).unwrap_err(), ErrorKind::InvalidRequest, Fate::Refused, 2);
}

#[test]
fn max_retries_0_means_exactly_one_attempt_whatever_happens() {
    for act in [
        refuses(401),
        refuses(408),
        refuses(425),
        refuses(429),
        refuses(500),
        refuses(502),
        refuses(503).header("retry-after", "1"),
        refuses(504),
        says(202).body("<html>"),
        cut_off(says(202), FaultKind::BodyTooLarge),
        cut_off(says(202), FaultKind::Disconnected),
        breaks_unsent(FaultKind::Connect),
        breaks_unsent(FaultKind::Resolve),
        breaks(FaultKind::Timeout),
        reset(),
        lost(),
    ] {
        let mut bed = Bed::new().bank([act.clone()]);
        let error = bed.send_with(ach(), retries(0)).unwrap_err();
        assert_eq!((error.attempts().len(), bed.sent.len()), (1, 1), "{act:?}");
    }
}

#[test]
fn with_max_retries_0_a_401_still_throws_the_token_away() {
    let mut bed = Bed::new().bank([refuses(401), accepted()]);
    let error = bed.send_with(ach(), retries(0)).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 1);
    assert_eq!(bed.token_requests.len(), 1);
    bed.send(ach()).unwrap();
    assert_eq!(bed.token_requests.len(), 2);
}

#[test]
fn the_defaults_are_2_retries_60_s_an_attempt_10_s_to_connect_and_180_s_in_total() {
    let mut bed = Bed::new().always(refuses(503));
    let error = bed.send(ach()).unwrap_err();
    assert_eq!(error.attempts().len(), 3);
    assert_eq!((bed.sent[0].timeout, bed.sent[0].connect_timeout), (secs(60), secs(10)));
    assert_eq!(bed.token_requests[0].timeout, secs(60));
    let gaps = bed.gaps();
    assert!(gaps[0] <= millis(500) + LATENCY && gaps[1] <= secs(1) + LATENCY, "{gaps:?}");

    let mut bed = Bed::new().always(lost());
    let started = bed.now.mono;
    bed.send_with(ach(), retries(99)).unwrap_err();
    assert!(bed.now.mono - started <= secs(185));
}

#[test]
fn three_quarters_of_a_short_attempt_are_for_connecting() {
    let mut bed = Bed::new().bank([accepted()]);
    let short = with(|options| options.timeout = Some(secs(4)));
    bed.send_with(ach(), short).unwrap();
    assert_eq!((bed.sent[0].timeout, bed.sent[0].connect_timeout), (secs(4), secs(3)));
}

#[test]
fn the_total_includes_the_token_request() {
    let slow_token = good_token("slow").after(secs(50));
    let mut bed = Bed::new().tokens([slow_token]).bank([breaks(FaultKind::Timeout)]);
    let started = bed.now.mono;
    let options = with(|options| options.deadline = Some(secs(80)));
    let error = bed.send_with(ach(), options).unwrap_err();
    expect(&error, ErrorKind::DeadlineExceeded, Fate::Unknown, 1);
    assert_eq!(bed.sent[0].timeout, secs(30), "what is left");
    assert_eq!(bed.now.mono - started, secs(80));
}

#[test]
fn a_deadline_that_passes_before_the_first_send_is_never_sent() {
    let mut bed = Bed::new().tokens([good_token("late").after(secs(90))]);
    let options = with(|options| options.deadline = Some(secs(20)));
    let error = bed.send_with(ach(), options).unwrap_err();
    expect(&error, ErrorKind::DeadlineExceeded, Fate::NeverSent, 0);
    assert!(error.to_string().contains("20 s"), "{error}");
}

#[test]
fn a_backoff_that_would_cross_the_deadline_is_not_slept() {
    // Every backoff of this policy is longer than what is left.
    let mut bed = Bed::with(|config| {
        config.retry.base = secs(10_000_000);
        config.retry.cap = secs(10_000_000);
    })
    .bank([refuses(503)]);
    let started = bed.now.mono;
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unavailable, Fate::Unknown, 1);
    assert_eq!(bed.now.mono - started, 2 * LATENCY);
}

#[test]
fn a_resumed_intent_starts_at_unknown() {
    for (act, kind) in [
        (refuses(400), ErrorKind::InvalidRequest),
        (breaks_unsent(FaultKind::Certificate), ErrorKind::Transport),
        (refuses(409), ErrorKind::Conflict),
    ] {
        let mut bed = Bed::new().bank([act]);
        let error = bed.send_with(ach(), resumed(3600)).unwrap_err();
        expect(&error, kind, Fate::Unknown, 1);
        assert_eq!(error.first_sent(), Some(ago(3600)));
    }
    let refused = says(400).json(r#"{"error":"invalid_client"}"#);
    let mut bed = Bed::new().tokens([refused]);
    let error = bed.send_with(ach(), resumed(3600)).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Unknown, 0);
}

#[test]
fn a_resumed_intent_sends_the_key_and_the_bytes_it_was_given() {
    let key: IdempotencyKey = "3f2504e0-4f89-41d3-9a0c-0305e82c3301".parse().unwrap();
    let kept = br#"{"amount": 1.0, "as": "it was"}"#.to_vec();
    let mut bed = Bed::new().bank([reset(), accepted()]);
    let options = qbank_proto::WriteOptions::resume(Resume::new(key, ago(5)).body(kept.clone()));
    let call = qbank_proto::Call::new(&bed.session, ach(), options, 9);
    assert_eq!(bed.drive(call).unwrap().fate, Fate::Accepted);
    assert_eq!(bed.one_intent().body, kept);
    assert_eq!(bed.sent[0].header("idempotency-key"), Some(&*key.to_string()));
}

#[test]
fn what_continues_an_intent_keeps_its_first_send_and_its_bytes() {
    let mut bed = Bed::new();
    let resume = bed.call(ach(), resumed(3600)).resume(bed.now).unwrap();
    assert_eq!(resume.first_sent, ago(3600), "or an old key would look young again");
    let resume = bed.call(ach(), Options::default()).resume(bed.now).unwrap();
    assert_eq!(resume.first_sent, bed.now.utc());

    // Kept bytes that are not sent, because the key is too old, are not lost either.
    let kept = br#"{"amount": 1.0, "as": "it was"}"#.to_vec();
    let key = "3f2504e0-4f89-41d3-9a0c-0305e82c3301".parse().unwrap();
    let old = Resume::new(key, ago(25 * 3600)).body(kept.clone());
    let options = qbank_proto::WriteOptions::resume(old);
    let call = qbank_proto::Call::new(&bed.session, ach(), options, 9);
    let error = bed.drive(call).unwrap_err();
    expect(&error, ErrorKind::InvalidInput, Fate::Unknown, 0);
    assert_eq!(error.resume().unwrap().body.unwrap(), kept);
}

#[test]
fn an_intent_older_than_the_bank_may_remember_is_refused_here() {
    let day = 24 * 3600;
    let mut bed = Bed::new().bank([accepted()]);
    assert!(bed.send_with(ach(), resumed(day - 1)).is_ok());
    let error = bed.send_with(ach(), resumed(day + 1)).unwrap_err();
    expect(&error, ErrorKind::InvalidInput, Fate::Unknown, 0);
    assert!(error.to_string().contains("reconcile first"), "{error}");
    assert!(error.advice().contains("reconcile"), "{}", error.advice());
    assert_eq!(bed.sent.len(), 1, "and nothing is sent");

    let mut bed = Bed::with(|config| config.max_key_age = secs(60)).bank([accepted()]);
    assert!(bed.send_with(ach(), resumed(59)).is_ok());
    assert!(bed.send_with(ach(), resumed(61)).is_err());
}

#[test]
fn input_that_the_bank_would_refuse_is_never_sent() {
    let mut bed = Bed::new();
    let mut blank = wire();
    blank.reference_code = " ".to_owned();
    let error = bed.send(blank).unwrap_err();
    expect(&error, ErrorKind::InvalidInput, Fate::NeverSent, 0);
    assert!(error.key().is_some());

    let mut blank = wire();
    blank.reference_code = "\n".to_owned();
    let error = bed.send_with(blank, resumed(5)).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "an earlier call may have sent it");
    assert!(bed.sent.is_empty() && bed.token_requests.is_empty());
}

fn poll_again<M, T>(machine: &mut M, bed: &Bed) -> Error
where
    M: Machine<Output = Result<T, Error>>,
{
    match machine.poll(bed.now, Waker::noop()) {
        Step::Done(Err(error)) => error,
        _ => panic!("a poll after the end is a typed error"),
    }
}

#[test]
fn a_poll_after_the_end_is_a_typed_error_that_keeps_fate_and_key() {
    let mut bed = Bed::with_ready_token();
    let mut call = bed.call(ach(), retries(0));
    let key = call.key();
    let Step::Send(exchange) = call.poll(bed.now, Waker::noop()) else { panic!("sends") };
    call.settle(bed.now, exchange.ticket, reset().result().unwrap());
    let first = poll_again(&mut call, &bed);
    assert_eq!(first.fate(), Fate::Unknown);
    for _ in 0..3 {
        let again = poll_again(&mut call, &bed);
        assert_eq!((again.kind(), again.fate()), (ErrorKind::InvalidInput, Fate::Unknown));
        assert_eq!(again.key(), key);
    }
    assert_eq!(call.abandon(bed.now).unwrap_err().fate(), Fate::Unknown);
    // And never tells to try an accepted payment again.
    let mut bed = Bed::with_ready_token();
    let mut call = bed.call(wire(), retries(0));
    let Step::Send(exchange) = call.poll(bed.now, Waker::noop()) else { panic!("sends") };
    call.settle(bed.now, exchange.ticket, wired().result().unwrap());
    assert!(matches!(call.poll(bed.now, Waker::noop()), Step::Done(Ok(_))));
    let again = poll_again(&mut call, &bed);
    assert_eq!((again.fate(), again.advice()), (Fate::Accepted, "do not send it again".to_owned()));
}

#[test]
fn a_late_ticket_is_ignored() {
    let mut bed = Bed::with_ready_token();
    let mut call = bed.call(ach(), retries(1));
    let Step::Send(first) = call.poll(bed.now, Waker::noop()) else { panic!("sends") };
    bed.now.mono += secs(66);
    let Step::Wait(rest) = call.poll(bed.now, Waker::noop()) else { panic!("lost, and rests") };
    assert!(rest <= Duration::from_millis(500));
    bed.now.mono += rest;
    let Step::Send(second) = call.poll(bed.now, Waker::noop()) else { panic!("sends") };
    call.settle(bed.now, first.ticket, refuses(400).result().unwrap());
    assert!(matches!(call.poll(bed.now, Waker::noop()), Step::Wait(_)));
    call.settle(bed.now, second.ticket, accepted().result().unwrap());
    let Step::Done(Ok(reply)) = call.poll(bed.now, Waker::noop()) else { panic!("accepted") };
    assert_eq!(reply.attempts.len(), 2);
}

#[test]
fn an_intent_first_sent_in_the_future_is_refused_here() {
    let ahead = with(|options| {
        options.first_sent = Some(ago(0) + qbank_proto::chrono::TimeDelta::hours(25));
    });
    let mut bed = Bed::new();
    let error = bed.send_with(ach(), ahead).unwrap_err();
    expect(&error, ErrorKind::InvalidInput, Fate::Unknown, 0);
    assert!(error.is_input_error() && error.to_string().contains("future"));
    assert!(bed.sent.is_empty());
}
