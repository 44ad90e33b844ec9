//! The token endpoint's response.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::Refusal;
use crate::error::ErrorKind;
use crate::json::Fields;
use crate::policy;
use crate::policy::Resend;
use crate::response::{Conflict, Problem, retry_after};
use crate::types::{AccessToken, UNSTATED_LIFETIME};

/// Reads the token endpoint's answer. Nothing of it is kept but the token, its
/// lifetime and scope, or the error's own members.
pub(crate) fn read(
    response: &Response<Bytes>,
    unix: Duration,
    secrets: &[&str],
) -> Result<AccessToken, Arc<Refusal>> {
    if response.status().is_success() {
        return token(response.body());
    }
    let status = response.status();
    let problem = Problem::of_token_endpoint(response.body(), secrets);
    let verdict = policy::classify(status, Conflict::Other, false);
    // Whatever it is, it is no news of a payment.
    let refused = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    let kind = if refused { ErrorKind::Unauthenticated } else { verdict.kind };
    let said = match (&problem.error_code, &problem.message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    };
    // Its number alone: the names of all statuses weigh more than they tell.
    let number = status.as_u16();
    let what = match (said.as_str(), hint(problem.error_code.as_deref())) {
        ("", _) => format!("no token: the token endpoint answered {number}"),
        (said, None) => format!("no token: the token endpoint answered {number}: {said}"),
        (said, Some(hint)) => format!("no token: {said} ({hint})"),
    };
    Err(Arc::new(Refusal {
        status: Some(status),
        problem,
        retry_after: retry_after(response.headers(), unix),
        again: !refused && verdict.resend == Resend::Yes,
        ..Refusal::new(kind, what)
    }))
}

/// What to change (RFC 6749 §5.2).
fn hint(code: Option<&str>) -> Option<&'static str> {
    Some(match code? {
        "invalid_client" => "check the client id and the client secret",
        "invalid_scope" => "ask only for scopes that the bank gave this client",
        "unauthorized_client" => "the client may not use client credentials: ask the bank",
        "unsupported_grant_type" => "the token URL is no client credentials endpoint",
        "invalid_request" => "check the token URL and how credentials are sent",
        _ => return None,
    })
}

fn token(body: &[u8]) -> Result<AccessToken, Arc<Refusal>> {
    let unreadable = |what: String| {
        let refusal = Refusal::new(ErrorKind::UnexpectedResponse, what);
        Arc::new(Refusal { again: true, ..refusal })
    };
    let impossible = |what: &str| Arc::new(Refusal::new(ErrorKind::UnexpectedResponse, what));
    let fields = Fields::parse(body)
        .map_err(|error| unreadable(format!("no token: the token endpoint's answer: {error}")))?;
    let text = |name: &'static str| fields.text(&[name]).ok().flatten();
    let bearer = |kind: &str| kind.eq_ignore_ascii_case("bearer");
    if fields.json(&["token_type"]).is_some() && !text("token_type").is_some_and(|it| bearer(&it)) {
        return Err(impossible(
            "no token: the token endpoint gave a token that is no bearer token",
        ));
    }
    let Some(text_of_token) = text("access_token") else {
        return Err(unreadable("no token: the token endpoint's answer has none".to_owned()));
    };
    let token = AccessToken::new(&text_of_token)
        .map_err(|_| impossible("no token: the token endpoint's is empty or not printable"))?;
    let lifetime = fields.json(&["expires_in"]).and_then(seconds);
    Ok(token.expires_in(lifetime.unwrap_or(UNSTATED_LIFETIME)).with_scope(text("scope").as_deref()))
}

/// Whole seconds of a JSON number or a string of one; negative is zero, huge is
/// large, and what is no number is not stated.
fn seconds(json: &str) -> Option<Duration> {
    let text = json.trim_matches('"').trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let whole = digits.split('.').next().unwrap_or(digits);
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = whole.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(if negative { 0 } else { size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Result<AccessToken, Arc<Refusal>> {
        let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        read(&response, Duration::ZERO, &[])
    }

    #[test]
    fn lifetimes_are_read_with_care() {
        for (expires_in, seconds) in [
            (r#","expires_in":3600"#, 3600),
            (r#","expires_in":"3600""#, 3600),
            (r#","expires_in":3599.9"#, 3599),
            ("", 300),
            (r#","expires_in":null"#, 300),
            (r#","expires_in":"soon""#, 300),
            (r#","expires_in":0"#, 0),
            (r#","expires_in":-5"#, 0),
            (r#","expires_in":99999999999999999999999999"#, 24 * 3600),
        ] {
            let body = format!(r#"{{"access_token":"t","token_type":"bearer"{expires_in}}}"#);
            let lifetime = answer(&body).unwrap().lifetime();
            assert_eq!(lifetime, Duration::from_secs(seconds), "{expires_in}");
        }
    }

    #[test]
    fn a_token_that_cannot_be_used_is_refused_without_being_echoed() {
        for body in [
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"se\ncret","token_type":"Bearer"}"#,
            r#"{"access_token":"se\u0000cret"}"#,
            r#"{"access_token":"secret","token_type":"mac"}"#,
            r#"{"access_token":"secret","token_type":7}"#,
            "<html>secret",
            "",
        ] {
            let refusal = answer(body).unwrap_err();
            assert_eq!(refusal.kind, ErrorKind::UnexpectedResponse);
            assert!(!format!("{refusal:?}").contains("cret"), "{refusal:?}");
        }
    }
}
