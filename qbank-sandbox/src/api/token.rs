//! `POST /token`: client credentials (RFC 6749).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::bank::Bank;
use crate::bank::access::Bearer;
use crate::message::error::ApiError;
use crate::message::headers::{credentials_after, has_media_type};
use crate::message::response::ApiResponse;

pub(super) fn grant(
    bank: &mut Bank,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    struct Token {
        access_token: String,
        token_type: &'static str,
        expires_in: u64,
        scope: String,
    }
    let form = Form::read(headers, body)?;
    let (id, secret) = form.credentials(headers)?;
    let (client, allowed) = bank
        .clients
        .with_credentials(&id, &secret)
        .ok_or_else(|| invalid_client("The client id or the client secret is wrong."))?;
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let why = "Only client_credentials is supported.";
            return Err(ApiError::oauth("unsupported_grant_type", why));
        }
        None => return Err(ApiError::oauth("invalid_request", "grant_type is missing.")),
    }
    let scopes = allowed
        .narrowed(form.scope.as_deref().unwrap_or_default())
        .ok_or_else(|| ApiError::oauth("invalid_scope", "A scope is not the client's."))?;

    let now = bank.now();
    let token = Token {
        access_token: bank.tokens.issue(now, &mut bank.ids, Bearer { client, scopes }),
        token_type: "Bearer",
        expires_in: bank.tokens.lifetime().as_secs(),
        scope: scopes.to_text(),
    };
    Ok(ApiResponse::json(StatusCode::OK, &token).no_store())
}

/// The members of the form that matter; others are ignored (RFC 6749 §3.2).
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
}

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        if !has_media_type(headers, "application/x-www-form-urlencoded") {
            let why = "The body must be application/x-www-form-urlencoded.";
            return Err(ApiError::oauth("invalid_request", why));
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let slot = match &*name {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "scope" => &mut form.scope,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(ApiError::oauth("invalid_request", "A parameter occurs twice."));
            }
        }
        Ok(form)
    }

    /// From the form or from HTTP Basic, never from both (RFC 6749 §2.3).
    fn credentials(&self, headers: &HeaderMap) -> Result<(String, String), ApiError> {
        match (headers.get(AUTHORIZATION), &self.client_id, &self.client_secret) {
            (Some(_), _, Some(_)) => {
                let why = "Credentials are in the form and in the Authorization header.";
                Err(ApiError::oauth("invalid_request", why))
            }
            (Some(value), _, None) => value
                .to_str()
                .ok()
                .and_then(basic)
                .ok_or_else(|| invalid_client("The Authorization header is malformed.")),
            (None, Some(id), Some(secret)) => Ok((id.clone(), secret.clone())),
            (None, _, _) => Err(invalid_client("client_id and client_secret are required.")),
        }
    }
}

fn invalid_client(description: &'static str) -> ApiError {
    ApiError::OAuth { status: StatusCode::UNAUTHORIZED, error: "invalid_client", description }
}

/// Id and secret were form-encoded before they were joined (RFC 6749 §2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(credentials_after(value, "Basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// Encoded text has neither `&` nor `=`: they would delimit, and hide what follows.
fn form_decoded(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into())
}
