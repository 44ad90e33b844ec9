//! The token endpoint's response.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Refusal;
use crate::error::{ErrorKind, PROXY_CREDENTIALS};
use crate::json::{DecodeError, DecodeErrorKind, Document, Member};
use crate::policy::{self, Resend};
use crate::response::{Conflict, Problem, Redactor, content_coding, retry_after};
use crate::types::{AccessToken, UNSTATED_LIFETIME};

/// Reads the token endpoint's response. Nothing of it is kept but the token, its
/// lifetime and scope, or the error's own members.
pub(crate) fn read(
    response: &Response<Bytes>,
    unix: Duration,
    secrets: &[&str],
) -> Result<AccessToken, Arc<Refusal>> {
    let status = response.status();
    let problem = || {
        let secrets = Redactor::new(secrets);
        Problem::of_token_endpoint(response.headers(), response.body(), &secrets)
    };
    if !status.is_success() {
        return Err(refused(response, problem(), unix));
    }
    match token(response) {
        Ok(Some(token)) => Ok(token),
        // An error is one whatever its status (RFC 6749 §5.2): asking again brings the same.
        Ok(None) => {
            let problem = problem();
            let (what, advice) = explained(&problem, None);
            let refusal = Refusal::new(ErrorKind::Unauthenticated, what);
            Err(Arc::new(Refusal { status: Some(status), problem, advice, ..refusal }))
        }
        Err(unusable) => {
            let refusal = Refusal::new(ErrorKind::UnexpectedResponse, unusable.what);
            Err(Arc::new(Refusal { status: Some(status), again: unusable.again, ..refusal }))
        }
    }
}

/// A status that promises no token.
fn refused(response: &Response<Bytes>, problem: Problem, unix: Duration) -> Arc<Refusal> {
    let status = response.status();
    let decision = policy::classify(status, Conflict::Other, false);
    // Whatever it is, it is no news of a payment.
    let refused = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    let kind = if refused { ErrorKind::Unauthenticated } else { decision.kind };
    let (mut what, advice) = explained(&problem, Some(status));
    if let Some(coding) = content_coding(response.headers()) {
        // Writing to a string does not fail.
        let _ = write!(what, "; its body is encoded as {coding}");
    }
    Arc::new(Refusal {
        status: Some(status),
        problem,
        retry_after: retry_after(response.headers(), unix),
        again: !refused && decision.resend == Resend::Yes,
        advice,
        ..Refusal::new(kind, what)
    })
}

/// What happened, and what to change (RFC 6749 §5.2).
fn explained(problem: &Problem, status: Option<StatusCode>) -> (String, Option<&'static str>) {
    let code = problem.error_code.as_deref();
    let advice = match code {
        Some("invalid_client") => Some("check the client id and the client secret"),
        Some("invalid_scope") => Some("ask only for scopes that the bank gave this client"),
        Some("unauthorized_client") => {
            Some("the client may not use client credentials: ask the bank")
        }
        Some("unsupported_grant_type") => {
            Some("the token URL is no client credentials endpoint: check it")
        }
        Some("invalid_request") => Some("check the token URL and how credentials are sent"),
        _ => status.and_then(advice),
    };
    let reason = match (code, problem.message.as_deref()) {
        (Some(code), Some(message)) => format!(": {code}: {message}"),
        (Some(one), None) | (None, Some(one)) => format!(": {one}"),
        (None, None) => String::new(),
    };
    let what = match status {
        Some(StatusCode::NOT_FOUND) => {
            format!("no token: there is no token endpoint at the token URL (404){reason}")
        }
        Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
            format!("no token: a proxy before the token endpoint responded with 407{reason}")
        }
        Some(status) => {
            format!("no token: the token endpoint responded with {}{reason}", status.as_u16())
        }
        None => format!("no token: the token endpoint refused{reason}"),
    };
    (what, advice)
}

/// What to change after a status without an OAuth error.
fn advice(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::NOT_FOUND => "check the token URL",
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => PROXY_CREDENTIALS,
        StatusCode::PAYLOAD_TOO_LARGE => {
            "the token request is larger than the endpoint takes: ask for fewer scopes, and check \
             the token URL"
        }
        _ => return None,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow)]
    error: Member<'a>,
    access_token: Member<'a>,
    token_type: Member<'a>,
    expires_in: Member<'a>,
    scope: Member<'a>,
}

/// A response that promised a token and has none that can be used.
struct Unusable {
    what: String,
    /// Whether asking again may help.
    again: bool,
}

impl Unusable {
    fn unreadable(error: &DecodeError) -> Self {
        let what = format!("no token: the token endpoint's response cannot be used: {error}");
        Self { what, again: true }
    }

    fn because(what: &str, again: bool) -> Self {
        Self { what: format!("no token: the token endpoint's response {what}"), again }
    }
}

/// `None`: it is an OAuth error.
fn token(response: &Response<Bytes>) -> Result<Option<AccessToken>, Unusable> {
    if let Some(coding) = content_coding(response.headers()) {
        return Err(Unusable::unreadable(&DecodeErrorKind::Encoded(coding).into()));
    }
    let document = Document::parse(response.body()).map_err(|it| Unusable::unreadable(&it))?;
    let members: Members<'_> = document.object().map_err(|it| Unusable::unreadable(&it))?;
    if members.error.json().is_some() {
        return Ok(None);
    }
    let string = |member: Member<'_>| member.string().lenient();
    let bearer = |kind: String| kind.eq_ignore_ascii_case("bearer");
    if members.token_type.json().is_some() && !string(members.token_type).is_some_and(bearer) {
        return Err(Unusable::because("has a token that is no bearer token", false));
    }
    let token = string(members.access_token).map(Zeroizing::new);
    let token = token.ok_or_else(|| Unusable::because("has no token", true))?;
    let token = AccessToken::new(&token)
        .map_err(|_| Unusable::because("has a token that is empty or not printable", false))?;
    let lifetime = members.expires_in.text().lenient().as_deref().and_then(seconds);
    let token = token.expires_in(lifetime.unwrap_or(UNSTATED_LIFETIME));
    Ok(Some(token.with_scope(string(members.scope).as_deref())))
}

/// Whole seconds of a decimal number, perhaps with an exponent; negative is zero, huge is
/// large, and what is no number is not stated. Through a float it would be 20 KB of the
/// npm package, gzipped.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power(exponent)?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    if unsigned.len() < mantissa.len() {
        return Some(Duration::ZERO);
    }
    let whole = whole.trim_start_matches('0');
    // So many digits stand before the point.
    let point = i64::try_from(whole.len()).ok()?.saturating_add(exponent);
    let mut all = whole.bytes().chain(fraction.bytes());
    if point > LONGEST_NUMBER && all.clone().any(|byte| byte != b'0') {
        return Some(Duration::MAX);
    }
    let mut total: u64 = 0;
    for _ in 0..point.clamp(0, LONGEST_NUMBER) {
        let digit = all.next().map_or(0, |byte| byte - b'0');
        total = total.saturating_mul(10).saturating_add(digit.into());
    }
    Some(Duration::from_secs(total))
}

/// A power of ten; one that is too large to be read is large all the same.
fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX);
    Some(if text.starts_with('-') { -size } else { size })
}

/// More digits than any lifetime has, and than `u64` holds.
const LONGEST_NUMBER: i64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::types::Fate;

    /// As a call shows it.
    fn message(refusal: &Refusal) -> String {
        Error::with_details(refusal.kind, Fate::NeverSent, refusal.details()).to_string()
    }

    fn response(body: &str) -> Result<AccessToken, Arc<Refusal>> {
        let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        read(&response, Duration::ZERO, &[])
    }

    #[test]
    fn an_oauth_error_under_a_200_is_that_error_and_final() {
        for body in [
            r#"{"error":"invalid_client","error_description":"no such client"}"#,
            "\u{feff}{\"error\":\"invalid_client\",\"error_description\":\"no such client\",\"access_token\":\"t\"}",
        ] {
            let refusal = response(body).unwrap_err();
            assert_eq!(refusal.kind, ErrorKind::Unauthenticated);
            assert!(!refusal.again);
            let text = message(&refusal);
            assert!(text.contains("invalid_client: no such client"), "{text}");
            assert_eq!(text.matches("check the client").count(), 1, "{text}");
            assert!(!text.contains("check the credentials"), "{text}");
        }
    }

    #[test]
    fn a_404_points_at_the_token_url() {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        let refusal = read(&response, Duration::ZERO, &[]).unwrap_err();
        let text = message(&refusal);
        assert!(text.ends_with("check the token URL"), "{text}");
        assert!(!text.contains("credentials"), "{text}");
    }

    #[test]
    fn an_encoded_response_is_named_and_not_read() {
        let mut response = Response::new(Bytes::from_static(b"\x1f\x8b"));
        response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        let refusal = read(&response, Duration::ZERO, &[]).unwrap_err();
        assert!(refusal.what.contains("gzip"), "{}", refusal.what);
    }

    #[test]
    fn lifetimes_are_read_with_care() {
        for (expires_in, seconds) in [
            (r#","expires_in":3600"#, 3600),
            (r#","expires_in":"3600""#, 3600),
            (r#","expires_in":3599.9"#, 3599),
            (r#","expires_in":3.6e3"#, 3600),
            (r#","expires_in":"36E2""#, 3600),
            (r#","expires_in":1e999"#, 24 * 3600),
            (r#","expires_in":"3e""#, 300),
            (r#","expires_in":"3e1x""#, 300),
            (r#","expires_in":"inf""#, 300),
            (r#","expires_in":"nan""#, 300),
            (r#","expires_in":"""#, 300),
            ("", 300),
            (r#","expires_in":null"#, 300),
            (r#","expires_in":"soon""#, 300),
            (r#","expires_in":0"#, 0),
            (r#","expires_in":-5"#, 0),
            (r#","expires_in":99999999999999999999999999"#, 24 * 3600),
        ] {
            let body = format!(r#"{{"access_token":"t","token_type":"bearer"{expires_in}}}"#);
            let lifetime = response(&body).unwrap().lifetime();
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
            let refusal = response(body).unwrap_err();
            assert_eq!(refusal.kind, ErrorKind::UnexpectedResponse);
            assert!(!format!("{refusal:?}").contains("cret"), "{refusal:?}");
        }
    }
}
