//! What all writes share: the key is printed before the first send.

use std::path::Path;

use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::endpoint::{Endpoint, Write as WriteEffect};
use qbank_proto::{Driver, IdempotencyKey, Pending, Reply, Resume, Secret};

use super::Context;
use crate::args::{AccountNumber, Write};
use crate::client::{Client, EitherDriver};
use crate::failure::Failure;
use crate::input;

/// The key that was given, or a fresh one.
pub(crate) fn key(client: &Client, write: &Write) -> IdempotencyKey {
    write
        .idempotency_key
        .unwrap_or_else(|| IdempotencyKey::from_entropy(client.driver().entropy().key))
}

/// Prints the key, then submits. A new key that cannot be printed is not used: after a
/// crash nobody could resume the payment.
pub(crate) fn submit<E: Endpoint<Effect = WriteEffect>>(
    context: &Context<'_>,
    client: &Client,
    key: IdempotencyKey,
    write: &Write,
    pending: Pending<'_, EitherDriver, E>,
) -> Result<Reply<E::Output>, Failure> {
    let now = now(client);
    let first_sent = write.first_sent.filter(|_| write.resume).unwrap_or(now);
    let mut pending =
        if write.resume { pending.resume(Resume::new(key, first_sent)) } else { pending.key(key) };
    if let Some(date) = write.auth_date {
        pending = pending.auth_date(date);
    }
    let call = pending.call();
    if !context.printer.key(key) && write.idempotency_key.is_none() {
        return Err(Failure::usage(
            "the idempotency key cannot be written to standard error, so nothing is sent; make \
             standard error writable, or choose the key yourself: --idempotency-key",
        ));
    }
    if write.resume && write.first_sent.is_none() {
        context.printer.warning(
            "--first-sent was not given and is taken as now: a key that the bank has forgotten \
             is then resent like a new one",
        );
    } else {
        context.printer.first_sent(first_sent);
    }
    context.interrupts.drive(client, call)
}

fn now(client: &Client) -> DateTime<Utc> {
    i64::try_from(client.driver().now().unix.as_millis())
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}

/// The account's number, from the option, the file or standard input.
pub(crate) fn account_number(given: &AccountNumber) -> Result<Option<Secret>, Failure> {
    match (given.account_number.as_deref(), given.account_number_file.as_deref()) {
        (Some("-"), _) => input::secret(Path::new("-"), "--account-number").map(Some),
        (Some(""), _) => Err(Failure::usage("--account-number must not be empty")),
        (Some(number), _) => Ok(Some(Secret::new(number))),
        (None, Some(path)) => input::secret(path, "--account-number-file").map(Some),
        (None, None) => Ok(None),
    }
}
