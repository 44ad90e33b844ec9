//! What the calls of one client share: configuration, the token, and how long the bank
//! asked this client to wait.
//!
//! [`tokens`] holds the token and lets one call at a time refresh it; [`authorizer`] is
//! one call's way to a token.

mod authorizer;
mod followers;
mod lease;
mod refusal;
mod token_request;
mod token_response;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request};

pub(crate) use authorizer::{Authorizer, NoToken};
use lease::{Failed, Lease};
pub(crate) use refusal::Refusal;
use token_request::TokenRequest;
pub(crate) use tokens::{Bearer, GRACE};
use tokens::{Flight, Grant, Tokens};

use crate::config::{Config, Credentials, Urls};
use crate::error::Error;
use crate::machine::Now;
use crate::response::Redactor;
use crate::types::{AccessToken, Secret};

/// What the calls of one client share. Cheap to clone.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

struct Shared {
    config: Config,
    urls: Urls,
    user_agent: HeaderValue,
    token_request: Option<TokenRequest>,
    /// What no error may repeat, as it is and as it is sent.
    secrets: Vec<Secret>,
    tokens: Arc<Tokens>,
    /// Until when calls wait after a 429, in nanoseconds of the monotonic clock.
    throttled_until: AtomicU64,
}

/// The response to one call does not throttle a session for longer.
const LONGEST_THROTTLE: Duration = Duration::from_secs(24 * 3600);

impl Session {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, Error> {
        let urls = Urls::of(&config)?;
        let user_agent = config.user_agent_header()?;
        let token_request = TokenRequest::of(&config)?;
        let secrets = match &config.credentials {
            Credentials::Client { id, secret } => token_request::spellings(id, secret),
            Credentials::Token(token) => vec![Secret::new(token.expose())],
            Credentials::Supplier => Vec::new(),
        };
        Ok(Self(Arc::new(Shared {
            config,
            urls,
            user_agent,
            token_request,
            secrets,
            tokens: Arc::default(),
            throttled_until: AtomicU64::new(0),
        })))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn urls(&self) -> &Urls {
        &self.0.urls
    }

    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.0.user_agent
    }

    /// The token request; `None` where the application supplies the token.
    fn token_request(&self) -> Option<Request<Bytes>> {
        let request = self.0.token_request.as_ref()?;
        Some(request.build(&self.0.urls.token, &self.0.user_agent))
    }

    /// Replaces what is secret to this session, its token in use included, by
    /// `[secret]`: for text that a bank may have filled with what it was sent.
    #[must_use]
    pub fn redact(&self, text: String) -> String {
        self.redactor().redact(text)
    }

    /// Also of the tokens of the session, which `secrets` has none of.
    fn redactor(&self) -> Redactor {
        let tokens = self.0.tokens.known();
        let mut secrets = self.secrets();
        secrets.extend(tokens.iter().flatten().map(AccessToken::expose));
        Redactor::new(&secrets)
    }

    pub(crate) fn secrets(&self) -> Vec<&str> {
        self.0.secrets.iter().map(Secret::expose).collect()
    }

    fn grant(&self, now: Now, caller: u64, followed: Option<&Flight>, waker: &Waker) -> Grant {
        match &self.0.config.credentials {
            Credentials::Token(token) => Grant::Use(Bearer { token: token.clone(), generation: 0 }),
            _ => self.0.tokens.grant(now, caller, followed, waker),
        }
    }

    /// Throws away the token that a 401 refused, unless a newer one is there.
    pub(crate) fn invalidate(&self, generation: u64) {
        self.0.tokens.invalidate(generation);
    }

    /// What a 429 tells one call, the others observe as well.
    pub(crate) fn throttle(&self, now: Now, until: Duration) {
        let until = until.min(now.mono.saturating_add(LONGEST_THROTTLE));
        let nanos = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        self.0.throttled_until.fetch_max(nanos, Ordering::Relaxed);
    }

    /// Until when calls wait after a 429; by the monotonic clock.
    pub(crate) fn throttled_until(&self) -> Duration {
        Duration::from_nanos(self.0.throttled_until.load(Ordering::Relaxed))
    }

    /// Calls that wait for a token at this moment: for tests and metrics.
    pub fn waiting(&self) -> usize {
        self.0.tokens.waiting()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("base", &self.0.urls.base).finish_non_exhaustive()
    }
}
