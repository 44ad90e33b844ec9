//! What one call does differently.

use std::time::Duration;

use crate::config::{AuthDate, Config, Resume};
use crate::policy::ConflictPolicy;
use crate::types::AccessToken;

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
    /// What to do with a key conflict.
    pub on_conflict: Option<ConflictPolicy>,
    /// A token for this call alone. A 401 is final at once.
    pub token: Option<AccessToken>,
    /// When the end user last authenticated; sent with writes.
    pub auth_date: Option<AuthDate>,
    /// Continues an intent that an earlier call may have sent.
    pub resume: Option<Resume>,
}

/// The limits that hold for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) connect: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) max_retries: u32,
    pub(crate) on_conflict: ConflictPolicy,
    pub(crate) max_body: usize,
}

impl Limits {
    pub(crate) fn of(config: &Config, options: &CallOptions) -> Self {
        Self {
            timeout: options.timeout.unwrap_or(config.timeout),
            connect: options.connect_timeout.or(config.connect_timeout),
            deadline: options.deadline.unwrap_or(config.deadline),
            max_retries: options.max_retries.unwrap_or(config.retry.max_retries),
            on_conflict: options.on_conflict.unwrap_or(config.on_conflict),
            max_body: config.max_body,
        }
    }

    /// At most ¾ of the attempt unless told otherwise, so that a slow connection
    /// leaves time to use it, and is known as never sent.
    pub(crate) fn connect_timeout(&self, attempt: Duration) -> Duration {
        self.connect.unwrap_or_else(|| (attempt / 4 * 3).min(Duration::from_secs(10))).min(attempt)
    }
}
