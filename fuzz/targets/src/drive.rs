//! Drives one machine in virtual time, against answers made on the spot.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use qbank_proto::endpoint::{CreateAch, Recipient};
use qbank_proto::{
    AccessToken, Call, CallOptions, Config, Credentials, Environment, Exchange, Fault,
    IdempotencyKey, Machine, Now, Session, Step, WriteOptions,
};

/// 2026-01-05T12:00:00Z.
pub(crate) const NOON: Duration = Duration::from_secs(1_767_614_400);
pub(crate) const BASE: &str = "https://bank.example/v1";
pub(crate) const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
pub(crate) const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
pub(crate) const TOKEN: &str = "ready-made-token-4711";
pub(crate) const ACCOUNT_NUMBER: &str = "004417829316";
pub(crate) const JITTER: u64 = 11;

/// The key of every write.
pub(crate) fn key() -> IdempotencyKey {
    IdempotencyKey::from_entropy([7; 16])
}

/// When something was sent, and what.
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) request: Request<Bytes>,
}

/// Polls until the end; every exchange is answered at once. The machine must end,
/// and every wait must be bounded by its deadline.
pub(crate) fn drive<M: Machine>(
    machine: &mut M,
    mut answer: impl FnMut(&Request<Bytes>) -> Result<Response<Bytes>, Fault>,
) -> (M::Output, Vec<Sent>) {
    let mut now = Now { mono: Duration::from_secs(1000), unix: NOON };
    let bound = now.mono + Duration::from_secs(180 + 5);
    let mut sent = Vec::new();
    for _ in 0..100 {
        match machine.poll(now, Waker::noop()) {
            Step::Send(exchange) => {
                let Exchange { request, ticket, .. } = exchange;
                let outcome = answer(&request);
                sent.push(Sent { at: now.mono, request });
                machine.settle(now, ticket, outcome);
            }
            Step::Authorize { .. } => panic!("nobody supplies tokens here"),
            Step::Wait(time) => {
                now.mono += time;
                now.unix += time;
                assert!(now.mono <= bound, "an unbounded wait");
            }
            Step::Done(output) => return (output, sent),
        }
    }
    panic!("it never ends")
}

pub(crate) fn session(credentials: Credentials) -> Session {
    Session::new(Config::new(Environment::custom(BASE), credentials)).unwrap()
}

/// Whose application has a ready-made token.
pub(crate) fn ready() -> Session {
    session(Credentials::Token(AccessToken::new(TOKEN).unwrap()))
}

pub(crate) fn ach() -> CreateAch {
    let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), ACCOUNT_NUMBER);
    CreateAch::new(FROM.parse().unwrap(), recipient, "1000.50".parse().unwrap())
}

/// An ACH payment that is sent at most this many times more than once.
pub(crate) fn ach_call(session: &Session, max_retries: u32) -> Call<CreateAch> {
    Call::new(session, ach(), WriteOptions::new(key()).call(retries(max_retries)), JITTER)
}

pub(crate) fn retries(max_retries: u32) -> CallOptions {
    CallOptions::new().max_retries(max_retries)
}

/// No eight characters in a row of a secret are in a text. How `Debug` escapes a
/// character is no part of a secret.
pub(crate) fn assert_hidden(secret: &str, text: &str) {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        }
        plain.push(if c == '\\' { ' ' } else { c });
    }
    for start in 0..=secret.len().saturating_sub(8) {
        assert!(!plain.contains(&secret[start..start + 8]), "a secret shows: {text}");
    }
}
