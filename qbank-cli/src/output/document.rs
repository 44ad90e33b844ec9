//! The documents of a success, and the lines on standard error before a send.

use qbank_proto::chrono::{DateTime, SecondsFormat, Utc};
use qbank_proto::{Fate, IdempotencyKey, Reply};
use serde::Serialize;

use super::json;

/// A success.
#[derive(Serialize)]
pub(super) struct Document<'a, T> {
    result: &'a T,
    status: Option<u16>,
    attempts: usize,
    fate: &'static str,
    idempotency_key: Option<IdempotencyKey>,
    followed_conflict: bool,
}

/// The key of a write, before its first send.
#[derive(Serialize)]
pub(super) struct KeyLine {
    pub(super) idempotency_key: IdempotencyKey,
}

/// The moment of the first send, before it.
#[derive(Serialize)]
pub(super) struct FirstSentLine {
    pub(super) first_sent: String,
}

/// Where a receiver listens.
#[derive(Serialize)]
pub(super) struct ListeningLine {
    pub(super) listening: String,
}

/// What the user should know, where nothing failed.
#[derive(Serialize)]
pub(super) struct WarningLine<'a> {
    pub(super) warning: &'a str,
}

impl<'a, T> Document<'a, T> {
    pub(super) fn of(reply: &'a Reply<T>) -> Self {
        Self::around(&reply.value, reply)
    }

    fn around<U>(result: &'a T, reply: &Reply<U>) -> Self {
        Self {
            result,
            status: Some(reply.status().as_u16()),
            attempts: reply.attempts.len(),
            fate: reply.fate.as_str(),
            idempotency_key: reply.key,
            followed_conflict: reply.followed,
        }
    }

    pub(super) fn without_reply(result: &'a T) -> Self {
        Self {
            result,
            status: None,
            attempts: 0,
            fate: Fate::NotApplicable.as_str(),
            idempotency_key: None,
            followed_conflict: false,
        }
    }
}

/// What stands before the items of a list, and what after them.
pub(super) fn around_list(reply: &Reply<()>) -> (String, String) {
    let nothing: [(); 0] = [];
    let whole = json::one_line(&Document::around(&nothing, reply));
    let (before, after) = whole.split_once("[]").unwrap_or_default();
    (format!("{before}["), format!("]{after}"))
}

pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
