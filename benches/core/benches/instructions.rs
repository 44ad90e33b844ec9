//! Instructions of each piece, counted by callgrind: the same on every run of the
//! same binary, whatever else the machine does. What these say is a gate in CI.

#![allow(missing_docs, reason = "the macros make public items")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has to end")]

use std::hint::black_box;

use bench_core::webhook::Signed;
use bench_core::{ach, call, refused, transactions, webhook};
use gungraun::{library_benchmark, library_benchmark_group, main};
use hmac::Hmac;
use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::CreateAch;
use qbank_proto::http::Response;
use qbank_proto::webhook::Verifier;
use qbank_proto::{Call, CallOptions, IdempotencyKey, Session};
use sha2::Sha256;

type Prepared = (Session, CreateAch, Response<Bytes>);
type PreparedByHand = (ach::ByHand, ach::Payment, Response<Bytes>);

fn payment(answer: Response<Bytes>) -> Prepared {
    let session = call::ready_session().unwrap();
    // What is made once is not counted.
    let _ = ach::ours(&session, ach::payment().unwrap(), answer.clone());
    (session, ach::payment().unwrap(), answer)
}

fn payment_by_hand(answer: Response<Bytes>) -> PreparedByHand {
    let (hand, payment) = (ach::ByHand::new(), ach::Payment::new().unwrap());
    let _ = hand.call(&payment, answer.clone());
    (hand, payment, answer)
}

#[library_benchmark]
#[bench::located(args = (ach::bare_answer().unwrap()), setup = payment)]
#[bench::with_body(args = (ach::full_answer().unwrap()), setup = payment)]
fn ach_ours((session, payment, answer): Prepared) -> Session {
    let reply = ach::ours(&session, black_box(payment), black_box(answer)).unwrap();
    black_box(reply.value.payment_id);
    drop(reply);
    session
}

#[library_benchmark]
#[bench::located(args = (ach::bare_answer().unwrap()), setup = payment_by_hand)]
#[bench::with_body(args = (ach::full_answer().unwrap()), setup = payment_by_hand)]
fn ach_by_hand((hand, payment, answer): PreparedByHand) -> ach::ByHand {
    let accepted = hand.call(black_box(&payment), black_box(answer)).unwrap();
    black_box(accepted.payment_id);
    drop(accepted);
    hand
}

fn whole() -> (Session, CreateAch, [Response<Bytes>; 2]) {
    let answers = [call::token_answer().unwrap(), ach::bare_answer().unwrap()];
    (call::session().unwrap(), ach::payment().unwrap(), answers)
}

// The first call of a session: its token, and the payment.
#[library_benchmark]
#[bench::with_token(args = (), setup = whole)]
fn first_call((session, payment, answers): (Session, CreateAch, [Response<Bytes>; 2])) -> Session {
    let key = IdempotencyKey::from_entropy(call::ENTROPY.key);
    let call = Call::new(&session, payment, key, CallOptions::default(), call::ENTROPY);
    drop(black_box(call::drive(call, answers).unwrap().unwrap()));
    session
}

fn refusal() -> Prepared {
    payment(refused::answer().unwrap())
}

#[library_benchmark]
#[bench::standard_error(args = (), setup = refusal)]
fn error_answer((session, payment, answer): Prepared) -> Session {
    drop(black_box(refused::ours(&session, payment, answer).unwrap()));
    session
}

const TRANSACTIONS: usize = 1_000;

fn listed() -> (Session, Bytes) {
    (call::ready_session().unwrap(), transactions::list(TRANSACTIONS))
}

#[library_benchmark]
#[bench::buffered(args = (), setup = listed)]
fn transactions_ours((session, list): (Session, Bytes)) -> Session {
    let items = transactions::buffered(&session, list).unwrap();
    assert_eq!(items.len(), TRANSACTIONS);
    drop(black_box(items));
    session
}

#[library_benchmark]
#[bench::chunks(args = (TRANSACTIONS), setup = transactions::list)]
fn transactions_streamed(list: Bytes) -> Bytes {
    assert_eq!(transactions::streamed(&list).unwrap().0, TRANSACTIONS);
    list
}

#[library_benchmark]
#[bench::borrowed(args = (TRANSACTIONS), setup = transactions::list)]
fn transactions_by_hand(list: Bytes) -> Bytes {
    let items = transactions::by_hand(&list).unwrap();
    assert_eq!(items.len(), TRANSACTIONS);
    drop(black_box(items));
    list
}

fn verified(length: usize) -> (Verifier, Signed) {
    (webhook::verifier().unwrap(), Signed::new(length).unwrap())
}

fn verified_by_hand(length: usize) -> (Hmac<Sha256>, Signed) {
    (webhook::prepared().unwrap(), Signed::new(length).unwrap())
}

#[library_benchmark]
#[benches::bytes(args = [512, 4096, 65536], setup = verified)]
fn webhook_ours((verifier, signed): (Verifier, Signed)) -> (Verifier, Signed) {
    assert!(webhook::ours(black_box(&verifier), black_box(&signed)));
    (verifier, signed)
}

#[library_benchmark]
#[benches::bytes(args = [512, 4096, 65536], setup = verified_by_hand)]
fn webhook_by_hand((key, signed): (Hmac<Sha256>, Signed)) -> (Hmac<Sha256>, Signed) {
    assert!(webhook::by_hand(black_box(&key), black_box(&signed)));
    (key, signed)
}

library_benchmark_group!(
    name = core,
    benchmarks = [
        ach_ours,
        ach_by_hand,
        first_call,
        error_answer,
        transactions_ours,
        transactions_streamed,
        transactions_by_hand,
        webhook_ours,
        webhook_by_hand
    ]
);

main!(library_benchmark_groups = core);
