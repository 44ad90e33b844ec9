//! 409: the bank has a request with this key in process, or something else
//! conflicts. Never resent.

use qbank_proto::{ConflictPolicy, ErrorKind, Fate, FaultKind};

use crate::bed::*;

const PROBLEM: &str = "application/problem+json";

fn problem(members: &str) -> Act {
    says(409).header("content-type", PROBLEM).body(format!("{{{members}}}"))
}

fn reported(act: Act) -> qbank_proto::Error {
    let mut bed = Bed::new().bank([act]);
    let error = bed.send(ach()).unwrap_err();
    assert_eq!(bed.sent.len(), 1, "a conflict is never resent");
    error
}

#[test]
fn a_conflict_on_the_first_attempt_is_reported_as_documented() {
    let error = reported(conflict());
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
    assert_eq!(error.transaction_id(), Some(payment_id()));
    assert_eq!(error.title(), Some("Conflict"));
    assert_eq!(error.detail(), Some("in process"));
    assert_eq!(error.status().unwrap().as_u16(), 409);
    assert!(error.advice().contains(PAYMENT));
    assert!(error.advice().contains("do not resend"));
}

#[test]
fn both_spellings_of_the_problem_type_are_a_conflict_of_keys() {
    for kind in [
        "https://api.qbankconnect.com/problems/idempotency-conflict",
        "https://api.qbankconnect.com/errors/idempotency_conflict",
    ] {
        // Even beside the members of a standard error.
        let error = reported(problem(&format!(
            r#""type":"{kind}","title":"C","status":409,"message":"m","error_code":"E""#
        )));
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
        assert_eq!(error.transaction_id(), None);
        assert!(error.advice().contains("bank's records"));
    }
}

#[test]
fn an_instance_stands_in_for_the_transaction_id() {
    for instance in [
        PAYMENT.to_owned(),
        format!("urn:uuid:{PAYMENT}"),
        format!("/v1/payments/{PAYMENT}"),
        format!("https://bank.example/v1/payments/{PAYMENT}"),
    ] {
        let error = reported(problem(&format!(r#""type":"x","instance":"{instance}""#)));
        assert_eq!(error.transaction_id(), Some(payment_id()), "{instance}");
    }
}

#[test]
fn a_malformed_id_is_no_id_and_still_in_progress() {
    for member in [
        r#""instance":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f4""#,
        r#""instance":"/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f4z""#,
        r#""instance":"https://evil.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40""#,
        r#""transaction_id":"7""#,
        r#""transaction_id":null"#,
        r#""transaction_id":{"a":1}"#,
        r#""transaction_id":"\ud800""#,
    ] {
        let body = format!(r#""type":"x/idempotency-conflict",{member}"#);
        // Nor is there anything to follow, whatever the policy.
        let mut bed = Bed::new().bank([problem(&body)]);
        let follow = with(|o| o.on_conflict = Some(ConflictPolicy::FollowAlways));
        let error = bed.send_with(ach(), follow).unwrap_err();
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
        assert_eq!(error.transaction_id(), None, "{member}");
        assert_eq!(bed.sent.len(), 1);
    }
}

#[test]
fn a_malformed_transaction_id_gives_way_to_the_instance_and_that_to_the_link() {
    let instance = format!(r#""transaction_id":"7","instance":"{PAYMENT}""#);
    assert_eq!(reported(problem(&instance)).transaction_id(), Some(payment_id()));

    for link in [
        format!("</v1/payments/{PAYMENT}>; rel=\"status\""),
        format!("<https://evil.example/>; rel=x, <https://bank.example/v1/payments/{PAYMENT}>"),
    ] {
        let act = problem(r#""transaction_id":"7","instance":"8""#).header("link", &link);
        assert_eq!(reported(act).transaction_id(), Some(payment_id()), "{link}");
        let empty = says(409).header("link", &link);
        assert_eq!(reported(empty).transaction_id(), Some(payment_id()), "{link}");
    }
}

#[test]
fn a_conflict_without_a_usable_body_is_in_progress_without_an_id() {
    for act in [
        says(409),
        says(409).body("<html>Conflict</html>"),
        says(409).json("{\"type\":\"x/idempotency-confl"),
        says(409).json("[]"),
        says(409).json("{}"),
        says(409).body(vec![0xff; 64]),
        cut_off(says(409), FaultKind::Disconnected),
        cut_off(says(409), FaultKind::Timeout),
        cut_off(conflict(), FaultKind::BodyTooLarge),
    ] {
        let error = reported(act);
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
        assert_eq!(error.transaction_id(), None);
    }
}

#[test]
fn a_409_with_a_standard_error_is_refused() {
    let error = reported(refuses(409));
    expect(&error, ErrorKind::Conflict, Fate::Refused, 1);
    assert_eq!(error.error_code(), Some("ERR_X_001"));
}

#[test]
fn a_409_that_names_a_payment_or_is_a_problem_document_is_not_refused() {
    let code = r#""error_code":"E","message":"m","request_id":"r""#;
    for act in [
        problem(code),
        says(409).json(&format!(r#"{{{code},"transaction_id":"7"}}"#)),
        says(409).json(&format!(r#"{{{code},"transactionId":"{PAYMENT}"}}"#)),
        says(409).json(&format!(r#"{{{code},"transactionId":"{PAYMENT}","transaction_id":"7"}}"#)),
        says(409).json(&format!(r#"{{{code},"instance":"/v1/payments/unreadable"}}"#)),
        says(409).json(r#"{"error_code":"E","type":"x/idempotency-conflict"}"#),
        says(409).json(r#"{"error_code":"E","type":"urn:bank:Idempotency-Conflict/"}"#),
        says(409).json(r#"{"error_code":false,"message":"Conflict"}"#),
        says(409).json(r#"{"error_code":"","message":"Conflict"}"#),
    ] {
        let error = reported(act);
        expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
    }
}

#[test]
fn a_standard_409_after_an_attempt_in_doubt_stays_unknown() {
    let mut bed = Bed::new().bank([reset(), refuses(409)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Conflict, Fate::Unknown, 2);
    assert!(error.advice().contains("same key"));
}

#[test]
fn a_transfer_and_a_check_issue_are_always_reported() {
    let follow = || with(|o| o.on_conflict = Some(ConflictPolicy::FollowAlways));
    let mut bed = Bed::new().bank([reset(), conflict(), reset(), conflict()]);
    let error = bed.send_with(transfer(), follow()).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert_eq!(error.transaction_id(), Some(payment_id()));
    let error = bed.send_with(check_issue(), follow()).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 2);
    assert_eq!(bed.sent.len(), 4, "nothing was fetched");
}

#[test]
fn a_conflict_is_not_resent_however_many_retries_are_left() {
    let mut bed = Bed::new().bank([conflict()]);
    let error = bed.send_with(ach(), retries(100)).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
}
