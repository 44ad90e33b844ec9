//! Answers that are no success: one row of the table a test.

use qbank_proto::{AccessToken, ErrorKind, Fate, Scope};

use crate::bed::*;

#[test]
fn a_refused_request_is_refused_once() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (402, ErrorKind::InvalidRequest),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::InvalidRequest),
        (410, ErrorKind::InvalidRequest),
        (413, ErrorKind::InvalidRequest),
        (415, ErrorKind::InvalidRequest),
        (418, ErrorKind::InvalidRequest),
        (422, ErrorKind::InvalidRequest),
        (451, ErrorKind::InvalidRequest),
        (499, ErrorKind::InvalidRequest),
    ] {
        let mut bed = Bed::new().bank([refuses(status)]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, kind, Fate::Refused, 1);
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(error.error_code(), Some("ERR_X_001"));
        assert_eq!(error.request_id().unwrap().to_string(), REQUEST);
        assert_eq!(error.problem().message.as_deref(), Some("no"));
        assert!(error.to_string().contains("no money moved"));
        let advice = if status == 404 { "check the ids" } else { "correct the request" };
        assert!(error.advice().starts_with(advice), "{}", error.advice());

        let mut bed = Bed::new().bank([refuses(status)]);
        let error = bed.send(get_payment()).unwrap_err();
        expect(&error, kind, Fate::NotApplicable, 1);
    }
}

#[test]
fn an_error_carries_key_first_send_attempts_and_the_raw_response() {
    let mut bed = Bed::new().bank([reset(), refuses(400)]);
    let error = bed.send(ach()).unwrap_err();
    let key = error.key().unwrap().to_string();
    assert_eq!(bed.one_intent().header("idempotency-key"), Some(&*key));
    assert_eq!(error.attempts().len(), 2);
    assert_eq!(error.first_sent(), Some(error.attempts()[0].at));
    assert!(error.attempts()[1].at > error.attempts()[0].at);
    assert_eq!(error.attempts()[1].status.unwrap().as_u16(), 400);
    let raw = error.response().unwrap();
    assert!(raw.body().starts_with(br#"{"message":"no""#));
    assert!(!format!("{error:?}").contains(r#"\"message\""#));
}

#[test]
fn a_401_is_answered_by_one_refresh_and_one_resend() {
    let mut bed = Bed::new().bank([refuses(401), accepted()]);
    let reply = bed.send(ach()).unwrap();
    assert_eq!(reply.attempts.len(), 2);
    assert_eq!(bed.token_requests.len(), 2);
    assert_eq!(bed.sent[0].header("authorization"), Some("Bearer token-1"));
    assert_eq!(bed.sent[1].header("authorization"), Some("Bearer token-2"));
    // The refresh is all the wait there is.
    assert_eq!(bed.gaps(), [LATENCY * 2]);
    bed.one_intent();
}

#[test]
fn a_second_401_is_final() {
    let mut bed = Bed::new().always(refuses(401));
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 2);
    assert_eq!(error.advice(), "check the credentials");

    let mut bed = Bed::new().always(refuses(401));
    let error = bed.send(accounts()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::NotApplicable, 2);
}

#[test]
fn a_401_with_a_ready_made_token_is_final_at_once() {
    let mut bed = Bed::with_ready_token().bank([refuses(401)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 1);
    assert!(bed.token_requests.is_empty());

    let own = AccessToken::new("my-own-token").unwrap();
    let mut bed = Bed::new().bank([refuses(401)]);
    let options = with(|options| options.token = Some(own));
    let error = bed.send_with(ach(), options).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 1);
    assert_eq!(bed.sent[0].header("authorization"), Some("Bearer my-own-token"));
}

#[test]
fn a_403_names_the_scope_that_is_needed() {
    let mut bed = Bed::new().bank([refuses(403), refuses(403)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::PermissionDenied, Fate::Refused, 1);
    assert_eq!(error.needed_scope(), Some(&Scope::PaymentsAchWrite));
    assert!(error.advice().contains("payments.ach.write"));

    let error = bed.send(get_payment()).unwrap_err();
    expect(&error, ErrorKind::PermissionDenied, Fate::NotApplicable, 1);
    assert_eq!(error.needed_scope(), Some(&Scope::PaymentsRead));
}

#[test]
fn a_408_is_unknown_and_resent_on_a_fresh_connection() {
    let mut bed = Bed::new().always(refuses(408));
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::RequestTimeout, Fate::Unknown, 3);
    assert!(bed.sent[1].fresh_connection && bed.sent[2].fresh_connection);
    bed.one_intent();

    let mut bed = Bed::new().bank([refuses(408), says(200).json("[]")]);
    assert_eq!(bed.send(accounts()).unwrap().attempts.len(), 2);
}

#[test]
fn a_425_and_a_429_are_refused_and_resent() {
    for status in [425, 429] {
        let mut bed = Bed::new().always(refuses(status));
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::RateLimited, Fate::Refused, 3);
        bed.one_intent();

        let mut bed = Bed::new().bank([refuses(status), accepted()]);
        assert_eq!(bed.send(ach()).unwrap().attempts.len(), 2);
        let mut bed = Bed::new().bank([refuses(status), says(200).json("[]")]);
        assert_eq!(bed.send(accounts()).unwrap().attempts.len(), 2);
    }
}

#[test]
fn a_server_error_is_unknown_and_resent() {
    for (status, kind) in [
        (500, ErrorKind::Server),
        (501, ErrorKind::Server),
        (502, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
        (504, ErrorKind::Unavailable),
        (505, ErrorKind::Server),
        (511, ErrorKind::Server),
        (599, ErrorKind::Server),
    ] {
        let mut bed = Bed::new().always(refuses(status));
        expect(&bed.send(ach()).unwrap_err(), kind, Fate::Unknown, 3);
        bed.one_intent();

        let mut bed = Bed::new().bank([refuses(status), accepted()]);
        assert_eq!(bed.send(ach()).unwrap().fate, Fate::Accepted);

        let mut bed = Bed::new().always(refuses(status));
        expect(&bed.send(accounts()).unwrap_err(), kind, Fate::NotApplicable, 3);
    }
}

#[test]
fn a_redirect_is_unknown_and_never_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let elsewhere = says(status).header("location", "https://evil.example/v1/payments/ach");
        let mut bed = Bed::new().bank([elsewhere]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 1);
        assert!(error.to_string().contains("never followed"));
        assert_eq!(bed.sent.len(), 1);
        assert!(bed.sent[0].url.starts_with("https://bank.example/"));

        let mut bed = Bed::new().bank([says(status).header("location", "/v1/accounts")]);
        let error = bed.send(accounts()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
    }
}

#[test]
fn a_response_that_ends_with_an_interim_status_is_unexpected() {
    for status in [100, 101, 103, 600, 999] {
        let mut bed = Bed::new().bank([says(status)]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 1);
    }
}

#[test]
fn a_409_of_a_read_is_a_plain_conflict() {
    let mut bed = Bed::new().bank([conflict()]);
    let error = bed.send(get_payment()).unwrap_err();
    expect(&error, ErrorKind::Conflict, Fate::NotApplicable, 1);
}

#[test]
fn a_refused_token_leaves_a_write_never_sent() {
    let refused = says(401).json(r#"{"error":"invalid_client","error_description":"who?"}"#);
    let mut bed = Bed::new().tokens([refused]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
    assert!(error.first_sent().is_none());
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert!(error.response().is_none(), "token responses are never retained");
}

#[test]
fn a_token_refused_between_attempts_does_not_lower_the_doubt() {
    let refused = says(400).json(r#"{"error":"invalid_client"}"#);
    let mut bed = Bed::new().tokens([token_for("short", "0"), refused]).bank([reset()]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Unknown, 1);
    assert!(error.advice().contains("same key"));
}

#[test]
fn a_proxy_that_wants_credentials_is_named() {
    let mut bed = Bed::new().bank([says(407)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::InvalidRequest, Fate::Refused, 1);
    assert!(error.advice().starts_with("a proxy on the way wants credentials"), "{error}");
}
