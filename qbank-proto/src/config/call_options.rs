//! What one call does differently from its session's configuration.

use std::time::Duration;

use bytes::Bytes;

use super::{AuthDate, Config};
use crate::policy::ConflictPolicy;
use crate::types::{AccessToken, IdempotencyKey, Resume};

/// What one call does differently from its session's [`Config`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// Limit per attempt.
    pub timeout: Option<Duration>,
    /// Limit per connection.
    pub connect_timeout: Option<Duration>,
    /// Limit in total.
    pub deadline: Option<Duration>,
    /// Sends beyond the first. 0 means exactly one attempt.
    pub max_retries: Option<u32>,
    /// A token for this call alone. A 401 is final at once.
    pub token: Option<AccessToken>,
}

impl CallOptions {
    /// Nothing different.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits each attempt.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Limits name resolution, TCP, TLS and proxy together.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Limits the call in total.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sends again at most so often. 0 means exactly one attempt.
    #[must_use]
    pub const fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// Uses this token, for this call alone.
    #[must_use]
    pub fn token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }
}

/// What a write is given: the key of its intent, above all. A read has no such options.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WriteOptions {
    /// What every call may do differently.
    pub call: CallOptions,
    /// Names the intent.
    pub key: IdempotencyKey,
    /// What to do with a key conflict.
    pub on_conflict: Option<ConflictPolicy>,
    /// When the end user last authenticated.
    pub auth_date: Option<AuthDate>,
    /// The intent was perhaps sent before, with this key.
    pub(crate) resume: Option<Resume>,
}

impl WriteOptions {
    /// A new intent with this key.
    pub fn new(key: IdempotencyKey) -> Self {
        Self { call: CallOptions::new(), key, on_conflict: None, auth_date: None, resume: None }
    }

    /// An intent that was perhaps sent before: with its key, and its bytes if they were
    /// kept.
    pub fn resume(resume: Resume) -> Self {
        let key = resume.key;
        Self { resume: Some(resume), ..Self::new(key) }
    }

    /// The bytes of a resumed intent, if they were kept.
    pub(crate) fn kept_body(&self) -> Option<Bytes> {
        self.resume.as_ref()?.body.clone()
    }

    /// Sets what every call may do differently.
    #[must_use]
    pub fn call(mut self, options: CallOptions) -> Self {
        self.call = options;
        self
    }

    /// Says what to do with a key conflict.
    #[must_use]
    pub const fn on_conflict(mut self, policy: ConflictPolicy) -> Self {
        self.on_conflict = Some(policy);
        self
    }

    /// Tells the bank when the end user last authenticated.
    #[must_use]
    pub const fn auth_date(mut self, date: AuthDate) -> Self {
        self.auth_date = Some(date);
        self
    }
}

/// The limits that hold for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) connect: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) max_retries: u32,
    pub(crate) max_body: usize,
}

impl Limits {
    pub(crate) fn of(config: &Config, options: &CallOptions) -> Self {
        Self {
            timeout: options.timeout.unwrap_or(config.timeout),
            connect: options.connect_timeout.or(config.connect_timeout),
            deadline: options.deadline.unwrap_or(config.deadline),
            max_retries: options.max_retries.unwrap_or(config.retry.max_retries),
            max_body: config.max_body,
        }
    }

    /// At most ¾ of the attempt unless told otherwise, so that a slow connection
    /// leaves time to use it, and is known as never sent.
    pub(crate) fn connect_timeout(&self, attempt: Duration) -> Duration {
        self.connect.unwrap_or_else(|| (attempt / 4 * 3).min(Duration::from_secs(10))).min(attempt)
    }
}
