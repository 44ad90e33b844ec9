//! What a worker that ends when no row is open waits for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_outbox::{Claimed, End, Intent, Lease, Options, Outbox, Outcome, Step, Task, Turned};
use qbank_proto::IdempotencyKey;
use qbank_proto::endpoint::CreateAch;
use qbank_sandbox::{OPERATING, PAYROLL};
use uuid::Uuid;

#[test]
fn payments_that_are_only_looked_at_are_not_waited_for() {
    let mut options = Options::new("worker-1");
    options.until_empty = true;
    options.concurrency = 1;
    let mut outbox = Outbox::new(options);
    let token = Uuid::from_u128(1);
    let Step::Store(turn) = outbox.poll(Duration::ZERO, token) else { panic!("no turn") };
    let ach = CreateAch::new(OPERATING, PAYROLL, "1.50".parse().unwrap());
    let key = IdempotencyKey::from_entropy([1; 16]);
    let intent = Intent::new(ach).record(key).unwrap();
    // One payment fills all slots, and there may be thousands.
    let lease = Lease { id: 1, token: turn.token };
    let task = Task::Look(qbank_proto::PaymentId::from_uuid(token));
    let claimed = vec![Claimed { lease, intent, task }];
    outbox.stored(Duration::ZERO, Ok(Turned { claimed, open: false, ..Turned::default() }));
    let Step::Drive(job) = outbox.poll(Duration::ZERO, token) else { panic!("no look") };
    assert!(matches!(outbox.poll(Duration::ZERO, token), Step::Wait(_)));
    let took = Duration::ZERO;
    let outcome = Outcome::not_sent("the bank is away");
    outbox.ended(qbank_outbox::Ended { lease: job.lease, n: job.n, took, outcome });
    let Step::Store(turn) = outbox.poll(Duration::ZERO, token) else { panic!("not stored") };
    assert_eq!((turn.ended.len(), turn.claim), (1, 0));
    outbox.stored(Duration::ZERO, Ok(Turned::default()));
    assert_eq!(outbox.poll(Duration::ZERO, token), Step::Done(End::Empty));
}
