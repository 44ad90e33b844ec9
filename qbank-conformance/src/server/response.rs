//! Responses as bytes.

use std::{fmt::Write as _, io};

use super::{placeholder::Placeholders, request::TOKEN_PREFIX};
use crate::{Response, TokenResponse, Values, catalogue};

/// The response, correctly framed.
pub(crate) fn render(response: &Response, placeholders: &Placeholders) -> io::Result<Vec<u8>> {
    let body = body(response)?;
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, values) in &response.headers {
        let values = match values {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        };
        for value in values {
            let _ = write!(head, "{name}: {}\r\n", placeholders.fill(value));
        }
    }
    let names =
        |wanted: &str| response.headers.keys().any(|name| name.eq_ignore_ascii_case(wanted));
    if !body.is_empty() && !names("content-type") {
        head.push_str("content-type: application/json\r\n");
    }
    // A 1xx or a 204 has no body and no Content-Length.
    if response.status >= 200 && response.status != 204 {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The token endpoint's good response.
pub(crate) fn token(response: &TokenResponse, next: &str) -> Response {
    let token = response.access_token.clone().unwrap_or_else(|| format!("{TOKEN_PREFIX}{next}"));
    let mut json = serde_json::json!({
        "access_token": token,
        "token_type": response.token_type.as_deref().unwrap_or("Bearer"),
        "scope": "accounts.read",
    });
    match &response.expires_in {
        None => json["expires_in"] = 3600.into(),
        Some(serde_json::Value::Null) => {}
        Some(other) => json["expires_in"] = other.clone(),
    }
    Response { status: 200, json: Some(json), ..Response::default() }
}

fn body(response: &Response) -> io::Result<Vec<u8>> {
    Ok(match response {
        Response { body: Some(text), .. } => text.clone().into_bytes(),
        Response { json: Some(json), .. } => json.to_string().into_bytes(),
        Response { body_file: Some(name), .. } => catalogue::body(name)
            .ok_or_else(|| io::Error::other(format!("no body file {name}")))?
            .as_bytes()
            .to_vec(),
        Response { body_repeat: Some(repeat), .. } => repeat.text().into_bytes(),
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
