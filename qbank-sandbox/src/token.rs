//! Tokens: client credentials in, a bearer token with scopes and an expiry out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use qbank_proto::Scope;
use serde::Serialize;

use crate::answer::Answer;
use crate::clients::{Client, Clients};
use crate::error::Refusal;
use crate::ids::Ids;

/// More live tokens than this and the oldest is forgotten, as if it had expired.
const MOST_TOKENS: usize = 10_000;

/// The tokens that are out. Without `Debug`: a token is a secret.
pub(crate) struct Tokens {
    lifetime: Duration,
    live: BTreeMap<Box<str>, Grant>,
    /// All live equally long, so the order of issue is the order of expiry.
    order: VecDeque<(Duration, Box<str>)>,
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    expires: Duration,
    bearer: Bearer,
}

/// Whose token it is, and what for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer {
    pub(crate) client: Client,
    pub(crate) scopes: Scopes,
}

/// Scopes by their place in [`Scope::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes(u16);

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, live: BTreeMap::new(), order: VecDeque::new() }
    }

    /// `POST /token`.
    pub(crate) fn grant(
        &mut self,
        now: Duration,
        clients: &Clients,
        ids: &mut Ids,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let form = Form::read(headers, body)?;
        let (id, secret) = form.credentials(headers)?;
        let (client, allowed) = clients
            .with_credentials(&id, &secret)
            .ok_or_else(|| invalid_client("The client id or the client secret is wrong."))?;
        match form.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                let why = "Only client_credentials is supported.";
                return Err(Refusal::oauth("unsupported_grant_type", why));
            }
            None => return Err(Refusal::oauth("invalid_request", "grant_type is missing.")),
        }
        let scopes = allowed
            .narrowed(form.scope.as_deref().unwrap_or_default())
            .ok_or_else(|| Refusal::oauth("invalid_scope", "A scope is not the client's."))?;

        let token = format!("sbx_{}", ids.uuid().simple());
        self.remember(now, &token, Bearer { client, scopes });
        Ok(self.answer(&token, scopes))
    }

    /// Whom the bearer token of a request stands for.
    pub(crate) fn authenticate(
        &self,
        now: Duration,
        headers: &HeaderMap,
    ) -> Result<Bearer, Refusal> {
        let Some(token) = bearer(headers) else {
            return Err(Refusal::unauthenticated(
                "ERR_AUTH_001",
                "An access token is required.",
                "Bearer realm=\"qbank\"",
            ));
        };
        match self.live.get(token) {
            Some(grant) if now < grant.expires => Ok(grant.bearer),
            _ => Err(Refusal::unauthenticated(
                "ERR_AUTH_001",
                "The access token is invalid or expired.",
                "Bearer realm=\"qbank\", error=\"invalid_token\"",
            )),
        }
    }

    /// Makes the token that a request carries invalid.
    pub(crate) fn revoke(&mut self, headers: &HeaderMap) {
        if let Some(token) = bearer(headers) {
            self.live.remove(token);
        }
    }

    fn remember(&mut self, now: Duration, token: &str, bearer: Bearer) {
        while let Some((expires, _)) = self.order.front() {
            if *expires > now && self.order.len() < MOST_TOKENS {
                break;
            }
            if let Some((_, oldest)) = self.order.pop_front() {
                self.live.remove(&oldest);
            }
        }
        let expires = now.saturating_add(self.lifetime);
        self.live.insert(token.into(), Grant { expires, bearer });
        self.order.push_back((expires, token.into()));
    }

    fn answer(&self, access_token: &str, scopes: Scopes) -> Answer {
        #[derive(Serialize)]
        struct Token<'a> {
            access_token: &'a str,
            token_type: &'static str,
            expires_in: u64,
            scope: String,
        }
        let token = Token {
            access_token,
            token_type: "Bearer",
            expires_in: self.lifetime.as_secs(),
            scope: scopes.to_text(),
        };
        Answer::json(StatusCode::OK, &token).no_store()
    }
}

impl Scopes {
    /// These; none named means all.
    pub(crate) fn of(scopes: &[Scope]) -> Self {
        let named = if scopes.is_empty() { &Scope::ALL[..] } else { scopes };
        Self(named.iter().filter_map(Self::bit).fold(0, |all, bit| all | bit))
    }

    /// Those of them that are named, space separated; none named means all. `None` if
    /// one is unknown or not among them.
    fn narrowed(self, text: &str) -> Option<Self> {
        let mut scopes = Self(0);
        for name in text.split_ascii_whitespace() {
            scopes.0 |= Self::bit(&Scope::from(name)).filter(|bit| self.0 & bit != 0)?;
        }
        Some(if scopes.0 == 0 { self } else { scopes })
    }

    pub(crate) fn allow(self, scope: &Scope) -> bool {
        Self::bit(scope).is_some_and(|bit| self.0 & bit != 0)
    }

    fn to_text(self) -> String {
        let names: Vec<&str> =
            Scope::ALL.iter().filter(|scope| self.allow(scope)).map(Scope::as_str).collect();
        names.join(" ")
    }

    fn bit(scope: &Scope) -> Option<u16> {
        Scope::ALL.iter().position(|known| known == scope).map(|at| 1 << at)
    }
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
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        if !has_media_type(headers, "application/x-www-form-urlencoded") {
            let why = "The body must be application/x-www-form-urlencoded.";
            return Err(Refusal::oauth("invalid_request", why));
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
                return Err(Refusal::oauth("invalid_request", "A parameter stands twice."));
            }
        }
        Ok(form)
    }

    /// From the form or from HTTP Basic, never from both (RFC 6749 §2.3).
    fn credentials(&self, headers: &HeaderMap) -> Result<(String, String), Refusal> {
        match (headers.get(AUTHORIZATION), &self.client_id, &self.client_secret) {
            (Some(_), _, Some(_)) => {
                let why = "Credentials stand in the form and in the Authorization header.";
                Err(Refusal::oauth("invalid_request", why))
            }
            (Some(value), _, None) => value
                .to_str()
                .ok()
                .and_then(basic)
                .ok_or_else(|| invalid_client("The Authorization header cannot be read.")),
            (None, Some(id), Some(secret)) => Ok((id.clone(), secret.clone())),
            (None, _, _) => Err(invalid_client("client_id and client_secret are required.")),
        }
    }
}

fn invalid_client(description: &'static str) -> Refusal {
    Refusal::OAuth { status: StatusCode::UNAUTHORIZED, error: "invalid_client", description }
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials_after(headers.get(AUTHORIZATION)?.to_str().ok()?, "Bearer")
}

/// Schemes compare without regard to case.
fn credentials_after<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(rest.trim_matches(' '))
}

/// Whatever the parameters: a charset changes nothing here.
pub(crate) fn has_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let name = value.and_then(|value| value.split(';').next());
    name.is_some_and(|name| name.trim().eq_ignore_ascii_case(expected))
}
