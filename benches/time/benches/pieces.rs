//! The time of each piece. `run.sh` runs this several times for a moment each, so
//! that what drifts hits all of them, and takes the median of each round's ratios.

#![allow(missing_docs, reason = "the macros make public items")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has to end")]

use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bench_core::webhook::{SECRET, Signed, tag};
use bench_core::{ach, call, transactions, webhook};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use qbank_proto::http::HeaderMap;
use qbank_proto::webhook::{Delivery, Verifier};

fn build_and_decode(criterion: &mut Criterion) {
    let session = call::ready_session().unwrap();
    let (hand, payment) = (ach::ByHand::new(), ach::Payment::new().unwrap());
    let answer = ach::bare_answer().unwrap();
    let mut group = criterion.benchmark_group("time.ach");
    group.bench_function("floor", |bencher| {
        let call = |answer| drop(black_box(hand.call(black_box(&payment), answer).unwrap()));
        bencher.iter_batched(|| answer.clone(), call, BatchSize::SmallInput);
    });
    group.bench_function("ours", |bencher| {
        let prepare = || (ach::payment().unwrap(), answer.clone());
        let call =
            |(payment, answer)| drop(black_box(ach::ours(&session, payment, answer).unwrap()));
        bencher.iter_batched(prepare, call, BatchSize::SmallInput);
    });
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let session = call::ready_session().unwrap();
    let list = transactions::list(1_000);
    let mut group = criterion.benchmark_group("time.transactions");
    group.throughput(Throughput::Bytes(list.len() as u64));
    group.bench_function("floor", |bencher| {
        bencher.iter(|| drop(black_box(transactions::by_hand(black_box(&list)).unwrap())));
    });
    group.bench_function("peer", |bencher| {
        bencher.iter(|| drop(black_box(transactions::plain(black_box(&list)).unwrap())));
    });
    group.bench_function("buffered", |bencher| {
        bencher.iter(|| {
            drop(black_box(transactions::buffered(&session, black_box(list.clone())).unwrap()));
        });
    });
    group.bench_function("streamed", |bencher| {
        bencher.iter(|| black_box(transactions::streamed(black_box(&list)).unwrap()));
    });
    group.finish();
}

fn verify(criterion: &mut Criterion) {
    for length in [512, 4096, 65536] {
        let signed = Signed::new(length).unwrap();
        let mut group = criterion.benchmark_group(format!("time.webhook.{length}"));
        group.throughput(Throughput::Bytes(length as u64));
        let key = webhook::prepared().unwrap();
        group.bench_function("floor", |bencher| {
            bencher.iter(|| assert!(webhook::by_hand(&key, black_box(&signed))));
        });
        let verifier = webhook::verifier().unwrap();
        group.bench_function("ours", |bencher| {
            bencher.iter(|| assert!(webhook::ours(&verifier, black_box(&signed))));
        });
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
        group.bench_function("ring", |bencher| {
            bencher.iter(|| {
                let signed = black_box(&signed);
                let tag = tag(&signed.signature).unwrap();
                assert!(ring::hmac::verify(&key, &signed.body, &tag).is_ok());
            });
        });
        group.finish();
    }
}

/// The same scheme, key, body and headers for both.
fn verify_standard(criterion: &mut Criterion) {
    const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let peer = standardwebhooks::Webhook::new(KEY).unwrap();
    let verifier = Verifier::standard([KEY], Duration::from_mins(5)).unwrap();
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(unix.as_secs()).unwrap();
    for length in [512, 4096, 65536] {
        let body = Signed::new(length).unwrap().body;
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap());
        headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
        let signature = peer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", now, &body).unwrap();
        headers.insert("webhook-signature", signature.parse().unwrap());
        let mut group = criterion.benchmark_group(format!("time.webhook.standard.{length}"));
        group.bench_function("peer", |bencher| {
            bencher.iter(|| peer.verify(black_box(&body), black_box(&headers)).unwrap());
        });
        group.bench_function("ours", |bencher| {
            bencher.iter(|| {
                // It reads the clock, so we do.
                let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                let delivery = Delivery::new(black_box(&headers), black_box(&body)).unwrap();
                verifier.verify(&delivery, unix).unwrap();
            });
        });
        group.finish();
    }
}

criterion_group!(pieces, build_and_decode, decode, verify, verify_standard);
criterion_main!(pieces);
