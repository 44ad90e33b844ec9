//! The pieces whose instructions are counted, each prepared and then done once.
//!
//! What they share lives on: that it is dropped is no part of the work.

use std::hint::black_box;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::Response;
use qbank_proto::{Call, IdempotencyKey, Session, WriteOptions};

use crate::webhook::Signed;
use crate::{Failure, ach, call, refused, transactions, webhook};

/// What is left to do once all is prepared.
pub type Work = Box<dyn FnOnce() -> Result<(), Failure>>;

/// A piece: what it is, whose it is, and how it is prepared.
pub type Piece = (&'static str, &'static str, fn() -> Result<Work, Failure>);

/// How many transactions are decoded.
pub const TRANSACTIONS: usize = 1_000;

/// All of them; those of the library and those by hand have one name.
pub const PIECES: [Piece; 15] = [
    ("ach.located", "ours", || ach_ours(ach::bare_answer()?)),
    ("ach.located", "floor", || ach_by_hand(ach::bare_answer()?)),
    ("ach.with_body", "ours", || ach_ours(ach::full_answer()?)),
    ("ach.with_body", "floor", || ach_by_hand(ach::full_answer()?)),
    ("first_call", "ours", first_call),
    ("error_answer", "ours", error_answer),
    ("transactions.buffered", "ours", buffered),
    ("transactions.buffered", "floor", || Ok(transactions_by_hand())),
    ("transactions.streamed", "ours", || Ok(streamed())),
    ("webhook.512", "ours", || verify::<512>()),
    ("webhook.512", "floor", || verify_by_hand::<512>()),
    ("webhook.4096", "ours", || verify::<4096>()),
    ("webhook.4096", "floor", || verify_by_hand::<4096>()),
    ("webhook.65536", "ours", || verify::<65536>()),
    ("webhook.65536", "floor", || verify_by_hand::<65536>()),
];

/// The one place where instructions count: callgrind finds it by its name.
#[inline(never)]
pub fn measured(work: Work) -> Result<(), Failure> {
    work()
}

fn ach_ours(answer: Response<Bytes>) -> Result<Work, Failure> {
    let session = ready()?;
    // What is made once is not counted.
    drop(ach::ours(session, ach::payment()?, answer.clone())?);
    let payment = ach::payment()?;
    Ok(Box::new(move || {
        drop(black_box(ach::ours(session, payment, answer)?));
        Ok(())
    }))
}

fn ach_by_hand(answer: Response<Bytes>) -> Result<Work, Failure> {
    let hand: &ach::ByHand = Box::leak(Box::default());
    let payment = ach::Payment::new()?;
    drop(hand.call(&payment, answer.clone())?);
    Ok(Box::new(move || {
        drop(black_box(hand.call(&payment, answer)?));
        Ok(())
    }))
}

/// The first call of a session: its token, and the payment.
fn first_call() -> Result<Work, Failure> {
    drop(ach::ours(ready()?, ach::payment()?, ach::bare_answer()?)?);
    let session: &Session = Box::leak(Box::new(call::session()?));
    let payment = ach::payment()?;
    let answers = [call::token_answer()?, ach::bare_answer()?];
    Ok(Box::new(move || {
        let key = IdempotencyKey::from_entropy(call::ENTROPY.key);
        let first = Call::new(session, payment, WriteOptions::new(key), call::ENTROPY.jitter);
        drop(black_box(call::drive(first, answers)??));
        Ok(())
    }))
}

fn error_answer() -> Result<Work, Failure> {
    let session = ready()?;
    drop(refused::ours(session, ach::payment()?, refused::answer()?)?);
    let (payment, answer) = (ach::payment()?, refused::answer()?);
    Ok(Box::new(move || {
        drop(black_box(refused::ours(session, payment, answer)?));
        Ok(())
    }))
}

fn buffered() -> Result<Work, Failure> {
    let session = ready()?;
    drop(transactions::buffered(session, transactions::list(1))?);
    let list = transactions::list(TRANSACTIONS);
    Ok(Box::new(move || all(black_box(transactions::buffered(session, list)?).len())))
}

fn streamed() -> Work {
    let list = transactions::list(TRANSACTIONS);
    Box::new(move || all(transactions::streamed(&list)?.0))
}

fn transactions_by_hand() -> Work {
    let list = transactions::list(TRANSACTIONS);
    Box::new(move || all(black_box(transactions::by_hand(&list)?).len()))
}

fn all(items: usize) -> Result<(), Failure> {
    if items == TRANSACTIONS { Ok(()) } else { Err("some are missing".into()) }
}

fn verify<const LENGTH: usize>() -> Result<Work, Failure> {
    let (verifier, signed) = (webhook::verifier()?, Signed::new(LENGTH)?);
    genuine(webhook::ours(&verifier, &signed))?;
    Ok(Box::new(move || genuine(webhook::ours(&verifier, &signed))))
}

fn verify_by_hand<const LENGTH: usize>() -> Result<Work, Failure> {
    let (key, signed) = (webhook::prepared()?, Signed::new(LENGTH)?);
    genuine(webhook::by_hand(&key, &signed))?;
    Ok(Box::new(move || genuine(webhook::by_hand(&key, &signed))))
}

fn genuine(verified: bool) -> Result<(), Failure> {
    if verified { Ok(()) } else { Err("not genuine".into()) }
}

fn ready() -> Result<&'static Session, Failure> {
    Ok(Box::leak(Box::new(call::ready_session()?)))
}
