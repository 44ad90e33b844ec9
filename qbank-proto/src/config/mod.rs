//! Where the bank is, who is calling, and what holds for every call unless the
//! call says otherwise.

mod auth_date;
mod call_options;
mod proxy;
#[cfg(feature = "tls")]
mod tls;
mod urls;

use std::time::Duration;

use http::HeaderValue;

pub use auth_date::AuthDate;
pub(crate) use call_options::Limits;
pub use call_options::{CallOptions, WriteOptions};
pub use proxy::{
    LARGEST_HEAD, MOST_HEAD_FIELDS, Proxy, ProxyError, proxy_of_environment, proxy_url,
};
#[cfg(feature = "tls")]
pub use tls::{TlsSettings, of_tls_error, refused_in_handshake};
pub(crate) use urls::Urls;
pub use urls::{absolute_url, is_loopback};

use crate::error::Error;
use crate::policy::{ConflictPolicy, RetryPolicy};
use crate::types::{AccessToken, Scope, Secret};

/// Which bank.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// `https://api.qbankconnect.com/v1`.
    Production,
    /// A sandbox on this machine, over plain HTTP.
    Sandbox {
        /// Its loopback port.
        port: u16,
    },
    /// Another one.
    Custom {
        /// URL of the API with the version, such as `https://bank.example/v1`.
        base_url: String,
        /// URL of the token endpoint; `{base_url}/token` if not given.
        token_url: Option<String>,
    },
}

impl Environment {
    /// Another bank, with its token endpoint below the base URL.
    pub fn custom(base_url: impl Into<String>) -> Self {
        Self::Custom { base_url: base_url.into(), token_url: None }
    }
}

/// How a session gets its token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// OAuth 2.0 client credentials.
    Client {
        /// The client id.
        id: String,
        /// The client secret.
        secret: Secret,
    },
    /// A ready-made token. A 401 is final at once.
    Token(AccessToken),
    /// The application's own supplier, which the driver asks.
    Supplier,
}

impl Credentials {
    /// OAuth 2.0 client credentials.
    pub fn client(id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self::Client { id: id.into(), secret: secret.into() }
    }
}

/// How client credentials travel to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// In the form body.
    #[default]
    Body,
    /// As HTTP Basic, each part form-encoded first (RFC 6749 §2.3.1).
    Basic,
}

/// The configuration of a session. Everything has a default but the bank and
/// the credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Which bank.
    pub environment: Environment,
    /// How the session gets its token.
    pub credentials: Credentials,
    /// What the token should allow. Empty: all that the bank grants the client.
    pub scopes: Vec<Scope>,
    /// How client credentials travel.
    pub client_auth: ClientAuth,
    /// Further parameters of the token request, in their order. Not secret.
    pub token_parameters: Vec<(String, String)>,
    /// Allows plain HTTP to a loopback address with [`Environment::Custom`].
    pub allow_loopback_http: bool,
    /// How often an intent is sent again. 2 retries by default.
    pub retry: RetryPolicy,
    /// Limit per attempt. 60 s by default.
    pub timeout: Duration,
    /// Limit per connection; min(10 s, ¾ of `timeout`) if not given.
    pub connect_timeout: Option<Duration>,
    /// Limit per call, from its first poll, token requests included. 180 s by
    /// default.
    pub deadline: Duration,
    /// What to do with a key conflict.
    pub on_conflict: ConflictPolicy,
    /// Limit of a response's body in bytes, decoded. 32 MiB by default.
    pub max_body: usize,
    /// How old an intent may be to be resumed: the bank does not say how long it
    /// keeps keys. 24 h by default, our own guess.
    pub max_key_age: Duration,
    /// How long a payment is left alone between the first two polls; ×1.5
    /// with every poll, at most 15 s. 1 s by default.
    pub poll_interval: Duration,
    /// Goes before our own `User-Agent`.
    pub user_agent: Option<String>,
}

impl Config {
    /// The defaults, for this bank and these credentials.
    pub fn new(environment: Environment, credentials: Credentials) -> Self {
        Self {
            environment,
            credentials,
            scopes: Vec::new(),
            client_auth: ClientAuth::Body,
            token_parameters: Vec::new(),
            allow_loopback_http: false,
            retry: RetryPolicy::default(),
            timeout: Duration::from_secs(60),
            connect_timeout: None,
            deadline: Duration::from_secs(180),
            on_conflict: ConflictPolicy::FollowOwn,
            max_body: 32 << 20,
            max_key_age: Duration::from_secs(24 * 3600),
            poll_interval: Duration::from_secs(1),
            user_agent: None,
        }
    }

    /// Asks for these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Says how client credentials travel.
    #[must_use]
    pub const fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }

    /// Sends this with the token request as well: `audience`, say, or `resource`, which may
    /// be given several times (RFC 8707). The parameters of credentials and scopes are
    /// refused when the session is made. Not for secrets: `Debug` shows it.
    ///
    /// ```
    /// use qbank_proto::{Config, Credentials, Environment, Session};
    ///
    /// let config = Config::new(Environment::Production, Credentials::client("id", "secret"))
    ///     .token_parameter("audience", "https://api.qbankconnect.com");
    /// assert!(Session::new(config.clone()).is_ok());
    /// assert!(Session::new(config.token_parameter("scope", "accounts.read")).is_err());
    /// ```
    #[must_use]
    pub fn token_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.token_parameters.push((name.into(), value.into()));
        self
    }

    /// Allows plain HTTP to a loopback address.
    #[must_use]
    pub const fn allow_loopback_http(mut self) -> Self {
        self.allow_loopback_http = true;
        self
    }

    /// Says how often, and how far apart, an intent is sent again.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sends an intent again at most so often.
    #[must_use]
    pub const fn max_retries(mut self, max_retries: u32) -> Self {
        self.retry.max_retries = max_retries;
        self
    }

    /// Limits each attempt.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Limits name resolution, TCP, TLS and proxy together.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Limits each call.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Says what to do with a key conflict.
    #[must_use]
    pub const fn on_conflict(mut self, policy: ConflictPolicy) -> Self {
        self.on_conflict = policy;
        self
    }

    /// Limits a buffered response's body, in bytes after decoding.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Refuses to resume an intent that is older.
    #[must_use]
    pub const fn max_key_age(mut self, age: Duration) -> Self {
        self.max_key_age = age;
        self
    }

    /// Leaves a payment alone for so long between the first two polls.
    #[must_use]
    pub const fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Puts this before our own `User-Agent`.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    pub(crate) fn user_agent_header(&self) -> Result<HeaderValue, Error> {
        let ours = concat!("qbank-connect-rust/", env!("CARGO_PKG_VERSION"));
        let text = match &self.user_agent {
            Some(theirs) => format!("{theirs} {ours}"),
            None => ours.to_owned(),
        };
        HeaderValue::from_str(&text)
            .map_err(|_| Error::invalid_input("user agent", "must not have control characters"))
    }
}
