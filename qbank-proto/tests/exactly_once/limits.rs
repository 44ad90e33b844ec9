//! Limits, to the moment.

use qbank_proto::chrono::TimeDelta;
use qbank_proto::{
    AccessToken, Call, CallOptions, Credentials, ErrorKind, Fate, IdempotencyKey, WriteOptions,
};

use crate::bed::*;

#[test]
fn a_resend_that_could_start_only_at_the_deadline_is_not_waited_for() {
    let mut bed =
        Bed::with_ready_token().always(refuses(503).header("retry-after", "8").after(secs(2)));
    let began = bed.now.mono;
    let options = with(|options| options.deadline = Some(secs(10)));
    let error = bed.send_with(ach(), options).unwrap_err();
    expect(&error, ErrorKind::Unavailable, Fate::Unknown, 1);
    assert_eq!(bed.now.mono - began, secs(2));
}

#[test]
fn a_key_is_as_old_as_it_may_be_and_is_sent() {
    let mut bed = Bed::with(|config| {
        config.max_key_age = secs(60);
        config.credentials = Credentials::Token(AccessToken::new("ready").unwrap());
    })
    .bank([accepted()]);
    assert!(bed.send_with(ach(), resumed(60)).is_ok());
}

#[test]
fn another_machines_clock_may_be_five_minutes_ahead_and_no_more() {
    let ahead = |seconds| {
        let first_sent = ago(0) + TimeDelta::seconds(seconds);
        with(|options| options.first_sent = Some(first_sent))
    };
    for seconds in [1, 66, 299, 300] {
        let mut bed = Bed::new().bank([accepted()]);
        assert!(bed.send_with(ach(), ahead(seconds)).is_ok(), "{seconds} s ahead");
    }
    let error = Bed::new().send_with(ach(), ahead(301)).unwrap_err();
    expect(&error, ErrorKind::InvalidInput, Fate::Unknown, 0);
}

#[test]
fn what_follows_a_conflict_keeps_the_calls_own_limits() {
    let record = record("ACH", "1000.50", "P_CREATED");
    let mut bed = Bed::new().bank([reset(), conflict(), record]);
    let limits = CallOptions::new().timeout(secs(4)).connect_timeout(secs(2));
    let options = WriteOptions::new(IdempotencyKey::from_entropy([9; 16])).call(limits);
    let call = Call::new(&bed.session, ach(), options, 7);
    assert!(bed.drive(call).unwrap().followed);
    let followed = bed.sent.last().unwrap();
    assert_eq!((followed.timeout, followed.connect_timeout), (secs(4), secs(2)));
}
