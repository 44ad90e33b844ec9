//! `Location`, `Link` and a problem's `instance`, through a payment.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LINK, LOCATION};
use http::{HeaderMap, HeaderValue, Response};

use crate::drive::{ach_call, drive, ready};

const AUTHORITY: &str = "bank.example";
const PAYMENTS: &str = "/v1/payments/";
/// What the reference is relative to.
const REQUEST: &str = "/v1/payments/ach";

/// An id comes only from a reference that RFC 3986 resolves to a uuid directly
/// under our own payments, and from every plain one of those.
pub fn location(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(value) = HeaderValue::from_str(text) else { return };
    let named = oracle(text);

    let accepted = answered(202, &[(LOCATION, value.clone())], Bytes::new());
    let (id, _) = drive(&mut ach_call(&ready(), 0), |_| Ok(accepted.clone()));
    let id = id.unwrap().value.payment_id.map(|id| id.to_string());
    check(text, id.as_deref(), named.as_deref());

    // A conflict may also name the payment by a bare uuid.
    let bare = uuid(text.strip_prefix("urn:uuid:").unwrap_or(text));
    let named = bare.or(named);
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
    let problem = serde_json::to_vec(&serde_json::json!({"instance": text})).unwrap();
    let conflict = answered(409, &json, problem.into());
    let (error, sent) = drive(&mut ach_call(&ready(), 0), |_| Ok(conflict.clone()));
    let id = error.unwrap_err().transaction_id().map(|id| id.to_string());
    check(text, id.as_deref(), named.as_deref());
    assert_eq!(sent.len(), 1, "nothing is fetched");

    let Ok(link) = HeaderValue::from_str(&format!("<{text}>; rel=\"monitor\"")) else { return };
    if text.contains(['<', '>']) {
        return;
    }
    let conflict = answered(409, &[(LINK, link)], Bytes::new());
    let (error, _) = drive(&mut ach_call(&ready(), 0), |_| Ok(conflict.clone()));
    let id = error.unwrap_err().transaction_id().map(|id| id.to_string());
    check(text, id.as_deref(), named.as_deref());
}

/// Never an id that the RFC does not give; and one that it gives in plain words.
fn check(text: &str, ours: Option<&str>, named: Option<&str>) {
    if ours.is_some() {
        assert_eq!(ours, named, "{text}");
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.'));
    if plain {
        assert_eq!(ours, named, "{text}");
    }
}

fn answered(
    status: u16,
    headers: &[(http::HeaderName, HeaderValue)],
    body: Bytes,
) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = headers.iter().cloned().collect::<HeaderMap>();
    response
}

/// The payment that a reference names, by RFC 3986 §5.2 once more.
fn oracle(text: &str) -> Option<String> {
    if text.contains(['#', '?']) {
        return None;
    }
    let (scheme, rest) = split_scheme(text);
    if scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("https")) {
        return None;
    }
    let path = if let Some(rest) = rest.strip_prefix("//") {
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        if port.bytes().any(|b| !b.is_ascii_digit()) || port.parse() != Ok(443_u16) {
            return None;
        }
        if !host.eq_ignore_ascii_case(AUTHORITY) {
            return None;
        }
        path.to_owned()
    } else if scheme.is_some() {
        return None; // No authority is not our authority.
    } else if rest.starts_with('/') {
        rest.to_owned()
    } else if rest.is_empty() {
        REQUEST.to_owned()
    } else {
        let (folder, _) = REQUEST.rsplit_once('/')?;
        format!("{folder}/{rest}")
    };
    uuid(without_dots(&path).strip_prefix(PAYMENTS)?)
}

fn split_scheme(text: &str) -> (Option<&str>, &str) {
    let Some((scheme, rest)) = text.split_once(':') else { return (None, text) };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if is_scheme { (Some(scheme), rest) } else { (None, text) }
}

/// RFC 3986 §5.2.4, by segments.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// 36 characters, hyphens at their places; lower-case.
fn uuid(text: &str) -> Option<String> {
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    fits.then(|| text.to_ascii_lowercase())
}
