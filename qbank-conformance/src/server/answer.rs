//! Answers as bytes.

use std::{fmt::Write as _, io};

use super::{placeholder::Places, request::TOKEN_PREFIX};
use crate::{Answer, Grant, Values, catalogue};

/// The answer, correctly framed.
pub(crate) fn render(answer: &Answer, places: &Places) -> io::Result<Vec<u8>> {
    let body = body(answer)?;
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, values) in &answer.headers {
        let values = match values {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        };
        for value in values {
            let _ = write!(head, "{name}: {}\r\n", places.fill(value));
        }
    }
    let names = |wanted: &str| answer.headers.keys().any(|name| name.eq_ignore_ascii_case(wanted));
    if !body.is_empty() && !names("content-type") {
        head.push_str("content-type: application/json\r\n");
    }
    // A 1xx or a 204 has no body and must not say how long it is.
    if answer.status >= 200 && answer.status != 204 {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The token endpoint's good answer.
pub(crate) fn grant(grant: &Grant, next: &str) -> Answer {
    let token = grant.access_token.clone().unwrap_or_else(|| format!("{TOKEN_PREFIX}{next}"));
    let mut json = serde_json::json!({
        "access_token": token,
        "token_type": grant.token_type.as_deref().unwrap_or("Bearer"),
        "scope": "accounts.read",
    });
    match &grant.expires_in {
        None => json["expires_in"] = 3600.into(),
        Some(serde_json::Value::Null) => {}
        Some(other) => json["expires_in"] = other.clone(),
    }
    Answer { status: 200, json: Some(json), ..Answer::default() }
}

fn body(answer: &Answer) -> io::Result<Vec<u8>> {
    Ok(match answer {
        Answer { body: Some(text), .. } => text.clone().into_bytes(),
        Answer { json: Some(json), .. } => json.to_string().into_bytes(),
        Answer { body_file: Some(name), .. } => catalogue::body(name)
            .ok_or_else(|| io::Error::other(format!("no body file {name}")))?
            .as_bytes()
            .to_vec(),
        Answer { body_repeat: Some(repeat), .. } => repeat.text().into_bytes(),
        _ => Vec::new(),
    })
}

/// Bytes from hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> io::Result<Vec<u8>> {
    let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(io::Error::other)?;
            u8::from_str_radix(pair, 16).map_err(io::Error::other)
        })
        .collect()
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 | 302 | 303 | 307 | 308 => "Elsewhere",
        400..500 => "Client Error",
        500..600 => "Server Error",
        _ => "Something",
    }
}
