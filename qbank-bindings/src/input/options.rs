//! What one call does differently.

use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{
    AuthDate, CallOptions, ConflictPolicy, Error, IdempotencyKey, Resume, WriteOptions,
};

use super::Members;

/// What one call does differently from its client, and what a write has besides.
pub(crate) struct Options {
    call: CallOptions,
    key: Option<IdempotencyKey>,
    first_sent: Option<DateTime<Utc>>,
    on_conflict: Option<ConflictPolicy>,
    auth_date: Option<AuthDate>,
}

impl Options {
    pub(crate) fn parse(mut members: Members<'_>) -> Result<Self, Error> {
        let mut call = CallOptions::new();
        call.timeout = members.milliseconds("timeoutMs")?;
        call.deadline = members.milliseconds("deadlineMs")?;
        call.max_retries = members.number("maxRetries")?;
        call.token = members.token("accessToken")?;
        let options = Self {
            call,
            key: members.maybe("idempotencyKey")?,
            first_sent: match members.number("resumeFrom")?.map(DateTime::from_timestamp_millis) {
                // Without it the intent would count as a new one.
                Some(None) => return Err(members.wrong("resumeFrom", &"must be a valid moment")),
                first_sent => first_sent.flatten(),
            },
            on_conflict: on_conflict(&mut members)?,
            auth_date: members.maybe("authDate")?,
        };
        members.end()?;
        Ok(options)
    }

    /// Those of a read.
    pub(crate) fn read(self) -> Result<CallOptions, Error> {
        for (member, given) in [
            ("idempotencyKey", self.key.is_some()),
            ("resumeFrom", self.first_sent.is_some()),
            ("onConflict", self.on_conflict.is_some()),
            ("authDate", self.auth_date.is_some()),
        ] {
            if given {
                return Err(Error::invalid_input(member, "is for writes only"));
            }
        }
        Ok(self.call)
    }

    /// Those of a write; without a key it gets this one.
    pub(crate) fn write(self, fresh: IdempotencyKey) -> Result<WriteOptions, Error> {
        let options = match (self.key, self.first_sent) {
            (Some(key), Some(first_sent)) => WriteOptions::resume(Resume::new(key, first_sent)),
            (None, Some(_)) => {
                return Err(Error::invalid_input("idempotencyKey", "is needed to resume"));
            }
            (key, None) => WriteOptions::new(key.unwrap_or(fresh)),
        };
        let mut options = options.call(self.call);
        options.on_conflict = self.on_conflict;
        options.auth_date = self.auth_date;
        Ok(options)
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
