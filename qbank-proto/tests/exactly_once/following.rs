//! Following a conflict: the payment in process is fetched, and is the response
//! if it is ours.

use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::{ConflictPolicy, Error, ErrorKind, Fate, FaultKind};

use crate::bed::*;

fn policy(policy: ConflictPolicy) -> Options {
    with(|options| options.on_conflict = Some(policy))
}

/// Our own earlier attempt was in doubt; then the conflict, then these.
fn in_doubt(then: impl IntoIterator<Item = Act>) -> Bed {
    Bed::new().bank([reset(), conflict()]).bank(then)
}

fn source(error: &Error) -> &Error {
    std::error::Error::source(error).unwrap().downcast_ref().unwrap()
}

#[test]
fn a_conflict_with_our_own_attempt_is_followed_to_the_payment() {
    let mut bed = in_doubt([record("ACH", "1000.50", "P_VALIDATED")]);
    let reply = bed.send(ach()).unwrap();
    assert!(reply.followed);
    assert_eq!((reply.fate, reply.attempts.len()), (Fate::Accepted, 2));
    assert_eq!(reply.value.payment_id, Some(payment_id()));
    assert_eq!(reply.value.status, Some(PaymentStatus::Validated));
    assert_eq!(bed.sent[2].method, "GET");
    assert_eq!(bed.sent[2].url, format!("https://bank.example/v1/payments/{PAYMENT}"));
    assert_eq!(bed.sent[2].header("idempotency-key"), None);

    let mut bed = in_doubt([record("WIRE", "25", "P_COMPLETED")]);
    let reply = bed.send(wire()).unwrap();
    assert!(reply.followed && reply.value.is_final());
}

#[test]
fn any_doubt_makes_the_conflict_our_own() {
    for doubt in [refuses(500), refuses(503), refuses(408), lost(), breaks(FaultKind::Timeout)] {
        let mut bed =
            Bed::new().bank([doubt.clone(), conflict(), record("ACH", "1000.5", "P_CREATED")]);
        assert!(bed.send(ach()).unwrap().followed, "{doubt:?}");
    }
}

#[test]
fn what_leaves_no_doubt_does_not_make_the_conflict_our_own() {
    for clear in [breaks_unsent(FaultKind::Connect), refuses(429), refuses(401), refuses(425)] {
        let mut bed = Bed::new().bank([clear.clone(), conflict()]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
        assert_eq!(bed.sent.len(), 2, "{clear:?}");
    }
}

#[test]
fn a_resumed_intent_owns_its_conflict() {
    let mut bed = Bed::new().bank([conflict(), record("ACH", "1000.50", "P_CREATED")]);
    let reply = bed.send_with(ach(), resumed(60)).unwrap();
    assert!(reply.followed);
    assert_eq!(reply.attempts.len(), 1);
}

#[test]
fn report_never_follows() {
    let mut bed = in_doubt([]);
    let error = bed.send_with(ach(), policy(ConflictPolicy::Report)).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert_eq!(error.transaction_id(), Some(payment_id()));
    assert_eq!(bed.sent.len(), 2);
}

#[test]
fn follow_always_follows_another_calls_payment() {
    let mut bed = Bed::new().bank([conflict(), record("ACH", "1000.50", "P_CREATED")]);
    let reply = bed.send_with(ach(), policy(ConflictPolicy::FollowAlways)).unwrap();
    assert!(reply.followed);
    assert_eq!(reply.attempts.len(), 1);
}

#[test]
fn the_policy_can_be_the_sessions() {
    let mut bed = Bed::with(|config| config.on_conflict = ConflictPolicy::FollowAlways)
        .bank([conflict(), record("ACH", "1000.50", "P_CREATED")]);
    assert!(bed.send(ach()).unwrap().followed);
}

#[test]
fn a_payment_of_another_amount_or_type_is_not_taken_for_ours() {
    for other in [
        record("ACH", "1000.51", "P_CREATED"),
        record("WIRE", "1000.50", "P_CREATED"),
        record("ACH", "\"much\"", "P_CREATED"),
        record("ACH", "-1000.50", "P_FAILED"),
        says(200).json(&format!(r#"{{"paymentId":"{PAYMENT}"}}"#)),
    ] {
        let mut bed = in_doubt([other]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
        assert_eq!(error.transaction_id(), Some(payment_id()));
        assert_eq!(error.payment().unwrap().payment_id, payment_id());
        assert!(error.to_string().contains("another amount or type"));
    }
}

#[test]
fn a_follow_that_is_refused_leaves_it_in_progress() {
    for (status, kind) in [
        (403, ErrorKind::PermissionDenied),
        (400, ErrorKind::InvalidRequest),
        (301, ErrorKind::UnexpectedResponse),
    ] {
        let mut bed = in_doubt([refuses(status)]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
        assert_eq!(error.transaction_id(), Some(payment_id()));
        assert_eq!(source(&error).kind(), kind);
        assert_eq!(bed.sent.len(), 3);
    }
}

#[test]
fn a_follow_that_fails_keeps_looking_until_its_time_is_up() {
    for act in [refuses(503), reset(), breaks(FaultKind::Timeout), refuses(404), says(200)] {
        let mut bed = in_doubt([]).always(act);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
        assert_eq!(error.transaction_id(), Some(payment_id()));
        assert!(bed.sent.len() > 2);
        let conflict_at = bed.sent[1].at;
        assert!(bed.now.mono - conflict_at <= secs(15) + LATENCY, "within 15 s");
    }
}

#[test]
fn a_payment_not_found_yet_is_lag() {
    let lag = || refuses(404);
    let mut bed = in_doubt([lag(), lag(), lag(), record("ACH", "1000.50", "P_CREATED")]);
    let reply = bed.send(ach()).unwrap();
    assert!(reply.followed);
    let gaps = bed.gaps();
    assert!(gaps[2] >= secs(1) && gaps[3] >= millis(1500) && gaps[4] >= millis(2250), "{gaps:?}");
}

#[test]
fn a_followed_payment_that_failed_is_refused() {
    let mut bed = in_doubt([record("ACH", "1000.50", "P_FAILED")]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::PaymentFailed, Fate::Refused, 2);
    assert_eq!(error.transaction_id(), Some(payment_id()));
    assert!(error.payment().unwrap().failed());
    assert!(error.key().is_some() && error.first_sent().is_some());
    assert_eq!(error.advice(), "find out why before paying again");
}

#[test]
fn a_follow_ends_with_what_is_left_of_the_call() {
    let mut bed = in_doubt([]).always(refuses(404));
    let started = bed.now.mono;
    let short = with(|options| options.deadline = Some(secs(5)));
    let error = bed.send_with(ach(), short).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert!(bed.now.mono - started <= secs(5));
}

#[test]
fn one_look_of_a_follow_that_hangs_takes_no_more_than_its_time() {
    let mut bed = in_doubt([]).always(lost());
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert!(bed.now.mono - bed.sent[1].at <= secs(15 + 5) + LATENCY, "and a grace");
}

#[test]
fn a_401_while_following_is_answered_by_a_refresh() {
    let mut bed = in_doubt([refuses(401), record("ACH", "1000.50", "P_CREATED")]);
    assert!(bed.send(ach()).unwrap().followed);
    assert_eq!(bed.token_requests.len(), 2);
    assert_eq!(bed.sent[3].header("authorization"), Some("Bearer token-2"));
}

#[test]
fn a_follow_uses_the_calls_own_token() {
    let mut bed = in_doubt([record("ACH", "1000.50", "P_CREATED")]);
    let own = qbank_proto::AccessToken::new("my-own-token").unwrap();
    let options = with(|options| options.token = Some(own));
    assert!(bed.send_with(ach(), options).unwrap().followed);
    assert_eq!(bed.sent[2].header("authorization"), Some("Bearer my-own-token"));
    assert!(bed.token_requests.is_empty());
}

#[test]
fn a_follow_with_max_retries_0_still_looks() {
    let mut bed = Bed::new().bank([conflict(), record("ACH", "1000.50", "P_CREATED")]);
    let mut options = policy(ConflictPolicy::FollowAlways);
    options.max_retries = Some(0);
    let reply = bed.send_with(ach(), options).unwrap();
    assert_eq!(reply.attempts.len(), 1, "looks are no attempts");
}

#[test]
fn cancelling_a_follow_leaves_it_in_progress() {
    let mut bed = in_doubt([]).always(refuses(404));
    let call = bed.start_call(ach());
    bed.pass(secs(3));
    let error = bed.abandon(call).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert_eq!(error.transaction_id(), Some(payment_id()));
}
