//! What a request looks like, also of an operation that the library does not
//! know.

use bytes::Bytes;
use http::Method;
use qbank_proto::endpoint::{ApiResponse, Endpoint, RawRead, RawWrite, Read, Write};
use qbank_proto::{AuthDate, DecodeError, Error, ErrorKind, Fate, Scope};

use crate::bed::*;

#[test]
fn a_write_carries_token_key_type_and_auth_date() {
    let mut bed = Bed::new().bank([accepted()]);
    let date: AuthDate = "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap();
    bed.send_with(ach(), with(|options| options.auth_date = Some(date))).unwrap();
    let sent = bed.one_intent();
    assert_eq!(
        (sent.method.as_str(), &*sent.url),
        ("POST", "https://bank.example/v1/payments/ach")
    );
    for (name, value) in [
        ("authorization", "Bearer token-1"),
        ("content-type", "application/json"),
        ("accept", "application/json, application/problem+json"),
        ("x-fapi-auth-date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        assert_eq!(sent.header(name), Some(value));
    }
    assert!(sent.header("user-agent").unwrap().starts_with("qbank-connect-rust/"));
}

#[test]
fn a_read_carries_neither_key_nor_type_nor_body() {
    let mut bed = Bed::new().bank([says(200).json("[]")]);
    bed.send(accounts()).unwrap();
    let sent = &bed.sent[0];
    assert_eq!((sent.method.as_str(), &*sent.url), ("GET", "https://bank.example/v1/accounts"));
    for name in ["idempotency-key", "content-type", "x-fapi-auth-date"] {
        assert_eq!(sent.header(name), None);
    }
    assert!(sent.body.is_empty());
}

/// An operation of the application's own.
#[derive(Debug)]
struct Freeze;

impl Endpoint for Freeze {
    type Effect = Write;
    type Output = u16;

    const METHOD: Method = Method::PUT;
    const PATH: &'static str = "/cards/{id}/freeze";
    const SCOPE: Option<Scope> = None;

    fn target(&self, url: &mut String) {
        url.push_str("/cards/7/freeze");
    }

    fn body(&self) -> Result<Bytes, Error> {
        Ok(Bytes::from_static(b"{}"))
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<u16, DecodeError> {
        response.content().map(|_| response.status.as_u16())
    }
}

#[test]
fn an_operation_of_the_applications_own_gets_the_same_guarantees() {
    let mut bed = Bed::new().bank([reset(), says(200), says(200).body("ok")]);
    let reply = bed.send(Freeze).unwrap();
    assert_eq!((reply.value, reply.fate, reply.attempts.len()), (200, Fate::Accepted, 3));
    assert!(bed.sent.iter().all(|it| it.url == "https://bank.example/v1/cards/7/freeze"));
    let key = bed.sent[0].header("idempotency-key");
    assert!(key.is_some() && bed.sent.iter().all(|it| it.header("idempotency-key") == key));

    let mut bed = Bed::new().bank([conflict()]);
    let error = bed.send(Freeze).unwrap_err();
    expect(&error, ErrorKind::IdempotencyConflict, Fate::InProgress, 1);
}

/// Whose path has no slash.
#[derive(Debug)]
struct Astray;

impl Endpoint for Astray {
    type Effect = Read;
    type Output = ();

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "{host}";
    const SCOPE: Option<Scope> = None;

    fn target(&self, url: &mut String) {
        url.push_str(".evil.example/");
    }

    fn decode(&self, _: &ApiResponse<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

#[test]
fn no_operation_of_the_applications_own_leads_to_another_host() {
    let mut bed = Bed::new();
    assert_eq!(bed.send(Astray).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(bed.sent.is_empty());
}

#[test]
fn any_path_of_the_bank_can_be_read_and_written_but_no_other_host() {
    let mut bed = Bed::new().bank([says(200).body("x"), reset(), says(200)]);
    assert_eq!(bed.send(RawRead::new("/new?x=1")).unwrap().value, "x");
    assert_eq!(bed.send(RawWrite::new("/new", "{}")).unwrap().attempts.len(), 2);
    for target in [
        "",
        "accounts",
        "@evil.example/",
        ".evil.example/",
        ":81/",
        "/a#b",
        "https://evil.example/",
    ] {
        let error = bed.send(RawRead::new(target)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{target}");
        let error = bed.send(RawWrite::new(target, "{}")).unwrap_err();
        expect(&error, ErrorKind::InvalidInput, Fate::NeverSent, 0);
    }
    assert!(bed.sent.iter().all(|it| it.url.starts_with("https://bank.example/v1/new")));
}
