//! Standard errors and problems, through a payment that is sent once.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use qbank_proto::{ErrorKind, Fate};
use serde_json::value::RawValue;

use crate::drive::{ACCOUNT_NUMBER, TOKEN, ach_call, drive, ready};

const STATUSES: [u16; 16] =
    [400, 401, 402, 403, 404, 405, 408, 409, 409, 415, 422, 425, 429, 500, 503, 302];

/// Whatever the body of an error answer is: the fate is that of its status, the
/// body stays as it came, the evidence is there, and nothing repeats a secret.
pub fn error_answer(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    let body = Bytes::copy_from_slice(body);
    let mut response = Response::new(body.clone());
    *response.status_mut() = status.try_into().unwrap();
    let problem = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, problem);

    let mut call = ach_call(&ready(), 0);
    let key = call.key();
    let (outcome, sent) = drive(&mut call, |_| Ok(response.clone()));
    let error = outcome.unwrap_err();
    assert_eq!(sent.len(), 1);
    assert_eq!(error.attempts().len(), 1);
    assert_eq!(error.key(), key);
    assert_eq!(error.response().unwrap().body(), &body);
    assert_eq!(error.status().unwrap().as_u16(), status);

    // The members as they are written; a value need not be of use.
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    let members: Option<BTreeMap<String, &RawValue>> = serde_json::from_slice(json).ok();
    // A lone surrogate in a name is read as U+FFFD, which serde_json does not do.
    let surrogate = json.windows(3).any(|it| it.eq_ignore_ascii_case(b"\\ud"));
    let (kind, fate) = match status {
        409 if error.kind() == ErrorKind::Conflict => {
            // Refused only where the bank said so in its own words.
            let code = members.as_ref().and_then(|members| members.get("error_code"));
            let is_code = |code: &&&RawValue| {
                code.get().starts_with(|c: char| matches!(c, '"' | '-' | '0'..='9'))
            };
            assert!(code.as_ref().is_some_and(is_code) || surrogate, "refused without a code");
            assert_eq!(error.transaction_id(), None);
            (ErrorKind::Conflict, Fate::Refused)
        }
        409 => (ErrorKind::IdempotencyConflict, Fate::InProgress),
        401 => (ErrorKind::Unauthenticated, Fate::Refused),
        403 => (ErrorKind::PermissionDenied, Fate::Refused),
        404 => (ErrorKind::NotFound, Fate::Refused),
        408 => (ErrorKind::RequestTimeout, Fate::Unknown),
        425 | 429 => (ErrorKind::RateLimited, Fate::Refused),
        400..=499 => (ErrorKind::InvalidRequest, Fate::Refused),
        503 => (ErrorKind::Unavailable, Fate::Unknown),
        500 => (ErrorKind::Server, Fate::Unknown),
        _ => (ErrorKind::UnexpectedResponse, Fate::Unknown),
    };
    assert_eq!((error.kind(), error.fate()), (kind, fate));

    let problem = error.problem();
    let texts = [
        &problem.error_code,
        &problem.message,
        &problem.problem_type,
        &problem.title,
        &problem.detail,
    ];
    for text in texts.into_iter().flatten() {
        assert!(members.is_some() || surrogate, "a text out of nothing");
        assert!(text.chars().count() <= 2_000 * "[secret]".len() + 1, "a text without bound");
    }
    let mut shown = format!("{error} {error:?} {problem:?}");
    // An id is an id, whatever its digits are taken from.
    let ids = [
        error.request_id().map(|id| id.to_string()),
        error.transaction_id().map(|id| id.to_string()),
    ];
    for id in ids.into_iter().flatten() {
        shown = shown.replace(&id, "");
    }
    for secret in [TOKEN, ACCOUNT_NUMBER] {
        crate::drive::assert_hidden(secret, &shown);
    }
}
