//! What one call does differently.

use qbank_proto::chrono::DateTime;
use qbank_proto::{AccessToken, CallOptions, ConflictPolicy, Error, IdempotencyKey, Resume};

use super::Members;

/// What one call does differently from its client, and the key that was chosen for its intent.
pub(crate) struct Options {
    pub(crate) options: CallOptions,
    pub(crate) key: Option<IdempotencyKey>,
}

impl Options {
    pub(crate) fn read(mut members: Members<'_>) -> Result<Self, Error> {
        let mut options = CallOptions::default();
        options.timeout = members.milliseconds("timeoutMs")?;
        options.deadline = members.milliseconds("deadlineMs")?;
        options.max_retries = members.number("maxRetries")?;
        options.on_conflict = on_conflict(&mut members)?;
        let token = members.maybe_text("accessToken")?;
        options.token = token.as_deref().map(AccessToken::new).transpose()?;
        options.auth_date = members.maybe("authDate")?;
        let key = members.maybe("idempotencyKey")?;
        if let Some(ms) = members.number("resumeFrom")? {
            let rule = || Error::invalid_input("resumeFrom", "must be a valid moment");
            let first_sent = DateTime::from_timestamp_millis(ms).ok_or_else(rule)?;
            if key.is_none() {
                return Err(Error::invalid_input("idempotencyKey", "is needed to resume"));
            }
            options.resume = Some(Resume::new(first_sent));
        }
        members.end()?;
        Ok(Self { options, key })
    }
}

pub(crate) fn on_conflict(members: &mut Members<'_>) -> Result<Option<ConflictPolicy>, Error> {
    Ok(match members.maybe_text("onConflict")?.as_deref() {
        None => None,
        Some("report") => Some(ConflictPolicy::Report),
        Some("follow-own" | "follow_own") => Some(ConflictPolicy::FollowOwn),
        Some("follow") => Some(ConflictPolicy::FollowAlways),
        Some(_) => {
            let rule = "must be report, follow-own or follow";
            return Err(Error::invalid_input("onConflict", rule));
        }
    })
}
