//! How long to wait, and who else waits.

use std::time::Duration;

use qbank_proto::{ErrorKind, Fate};

use crate::bed::*;

const NOON_DATE: &str = "Mon, 05 Jan 2026 12:00:00 GMT";
const NOON_AND_7: &str = "Mon, 05 Jan 2026 12:00:07 GMT";

/// The delay before the resend.
fn delay(refusal: Act) -> Duration {
    let mut bed = Bed::new().bank([refusal, accepted()]);
    bed.send(ach()).unwrap();
    bed.gaps()[0] - LATENCY
}

fn asks(status: u16, retry_after: &str) -> Act {
    refuses(status).header("retry-after", retry_after)
}

#[test]
fn seconds_are_waited_for() {
    for status in [425, 429, 503] {
        assert_eq!(delay(asks(status, "7")), secs(7));
        assert_eq!(delay(asks(status, " 7 ")), secs(7));
        assert_eq!(delay(asks(status, "7.0")), secs(7));
        assert_eq!(delay(asks(status, "6.01")), secs(7));
    }
}

#[test]
fn an_http_date_is_relative_to_the_responses_own_date_or_to_our_clock() {
    let dated = asks(503, NOON_AND_7).header("date", "Mon, 05 Jan 2026 11:59:57 GMT");
    assert_eq!(delay(dated), secs(10));
    // Our clock has gone on by two latencies since noon.
    let undated = delay(asks(503, NOON_AND_7));
    assert_eq!(undated, secs(7) - 2 * LATENCY);
    let odd_date = asks(503, NOON_AND_7).header("date", "today");
    assert_eq!(delay(odd_date), secs(7) - 2 * LATENCY);
}

#[test]
fn overflow_the_past_and_garbage_leave_our_own_backoff() {
    for text in [
        "18446744073709551616",
        "99999999999999999999999999",
        "-7",
        "7.",
        "7s",
        "soon",
        "",
        "0",
        NOON_DATE,
        "Sun, 04 Jan 2026 12:00:07 GMT",
        "Mon, 99 Jan 2026 12:00:07 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        for status in [429, 503] {
            let delay = delay(asks(status, text));
            assert!(delay <= millis(500), "{text}: {delay:?}");
        }
    }
}

#[test]
fn a_retry_after_shorter_than_the_backoff_does_not_shorten_it() {
    let slow = |config: &mut qbank_proto::Config| {
        config.retry.base = secs(3600);
        config.retry.cap = secs(60);
    };
    let mut with_it = Bed::with(slow).bank([asks(503, "1"), accepted()]);
    let mut without = Bed::with(slow).bank([refuses(503), accepted()]);
    with_it.send(ach()).unwrap();
    without.send(ach()).unwrap();
    assert!(without.gaps()[0] > secs(1), "{:?}", without.gaps());
    assert_eq!(with_it.gaps(), without.gaps(), "the same jitter, the same delay");
}

#[test]
fn a_wait_beyond_the_deadline_is_not_slept() {
    for (status, kind, fate) in
        [(429, ErrorKind::RateLimited, Fate::Refused), (503, ErrorKind::Unavailable, Fate::Unknown)]
    {
        let mut bed = Bed::new().bank([asks(status, "181")]);
        let started = bed.now.mono;
        let error = bed.send(ach()).unwrap_err();
        expect(&error, kind, fate, 1);
        assert_eq!(error.retry_after(), Some(secs(181)));
        assert_eq!(bed.now.mono - started, 2 * LATENCY);
        if status == 429 {
            assert!(error.advice().contains("wait 181 s"), "{}", error.advice());
        }
    }
}

#[test]
fn after_a_429_later_calls_of_the_session_hold_back() {
    let mut bed = Bed::new().bank([asks(429, "30"), accepted(), accepted(), accepted()]);
    let limited = bed.start_call(ach());
    bed.pass(secs(1));
    let later = bed.start_call(ach());
    let reads = bed.start_call(wire());
    bed.bank.push_back(wired());
    bed.run();
    for gap in [bed.sent[1].at, bed.sent[2].at, bed.sent[3].at] {
        assert!(gap >= bed.sent[0].at + secs(30));
    }
    assert!(bed.take(limited).is_ok());
    assert!(bed.take(later).is_ok());
    let _ = bed.take(reads);
}

#[test]
fn after_a_503_the_others_go_on() {
    let mut bed = Bed::new().bank([asks(503, "30"), accepted(), accepted()]);
    bed.start_call(ach());
    bed.pass(secs(1));
    let other = bed.start_call(ach());
    bed.pass(secs(1));
    assert!(bed.take(other).is_ok());
}

#[test]
fn a_call_that_has_no_time_to_hold_back_is_refused_without_being_sent() {
    let mut bed = Bed::new().bank([asks(429, "120")]);
    let error = bed.send_with(ach(), retries(0)).unwrap_err();
    expect(&error, ErrorKind::RateLimited, Fate::Refused, 1);
    assert_eq!(error.retry_after(), Some(secs(120)));

    let hurried = with(|options| options.deadline = Some(secs(60)));
    let error = bed.send_with(ach(), hurried).unwrap_err();
    expect(&error, ErrorKind::RateLimited, Fate::NeverSent, 0);
    assert_eq!(error.retry_after(), Some(secs(120)));
    assert_eq!(bed.sent.len(), 1);
}

#[test]
fn holding_back_ends() {
    let mut bed = Bed::new().bank([asks(429, "30"), accepted()]);
    bed.send_with(ach(), retries(0)).unwrap_err();
    bed.pass(secs(31));
    let call = bed.start_call(ach());
    bed.pass(secs(1));
    assert!(bed.take(call).is_ok());
}

#[test]
fn a_wait_of_days_is_a_wait_and_not_garbage() {
    for refusal in [asks(503, "90000"), asks(429, "172800")] {
        let mut bed = Bed::new().always(refusal);
        let error = bed.send(ach()).unwrap_err();
        assert_eq!(error.attempts().len(), 1, "the call does not have the time");
        assert!(error.retry_after() >= Some(secs(90_000)));
    }
}
