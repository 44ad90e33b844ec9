//! What every store does, with a worker and the bank in the process. Each store's tests run all
//! of it: see [`behaviours`].

#![allow(dead_code, unused_imports, unused_macros, reason = "each test uses a part of it")]

#[cfg(feature = "sqlite")]
mod folder;
mod known;
mod replaced;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[cfg(feature = "sqlite")]
pub(crate) use folder::Folder;
pub(crate) use known::*;
use qbank_outbox::{
    Command, End, Intent, Lane, Listed, Options, State, Stop, Store, StoreError, Worker, verify,
};
use qbank_proto::endpoint::{CreateAch, CreateTransfer};
use qbank_proto::{Blocking, Client, Driver, Fate};
use qbank_sandbox::{BankConfig, BankFault, InProcess, OPERATING, PAYROLL};
pub(crate) use replaced::*;

/// Where a test has a store of its own.
pub(crate) trait Place: Sized + Sync + 'static {
    type Store: Store + Send;

    /// Nothing, where this machine has no such database.
    fn new() -> Option<Self>;

    fn store(&self) -> Self::Store;
}

/// A store, and a bank.
pub(crate) struct Setup<P> {
    pub(crate) bank: InProcess,
    pub(crate) place: P,
}

impl<P: Place> Setup<P> {
    pub(crate) fn new() -> Option<Self> {
        Some(Self { bank: InProcess::new(BankConfig::default()), place: P::new()? })
    }

    pub(crate) fn store(&self) -> P::Store {
        self.place.store()
    }

    pub(crate) fn worker(
        &self,
        mut options: Options,
    ) -> Worker<impl Driver<Flavor = Blocking> + Send + Sync + use<P>, P::Store> {
        options.deadline = Duration::from_secs(5);
        options.margin = Duration::from_secs(5);
        let client = Client::with_driver(self.bank.config(), self.bank.blocking()).unwrap();
        Worker::new(client, self.store()).options(options)
    }

    /// Works until no row is open.
    pub(crate) fn work(&self) -> End {
        let mut options = Options::new("worker-1");
        options.until_empty = true;
        self.worker(options).run(&Stop::new()).unwrap()
    }

    pub(crate) fn listed(&self) -> Vec<Listed> {
        let mut rows = Vec::new();
        let mut each = |row| {
            rows.push(row);
            Ok(())
        };
        self.store().list(None, &mut each).unwrap();
        rows
    }

    pub(crate) fn chains_hold(&self) {
        let mut store = self.store();
        for id in store.ids_after(0, 10_000).unwrap() {
            let evidence = store.evidence(id).unwrap().unwrap();
            verify(&evidence).unwrap_or_else(|why| panic!("row {id}: {why}: {evidence:#?}"));
        }
    }
}

pub(crate) fn invoice(n: u32) -> Intent {
    let amount = format!("{}.50", n % 100 + 1).parse().unwrap();
    Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)).id(format!("INV-{n}")).actor("ap.clerk")
}

pub(crate) fn what_is_enqueued_is_paid_once<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    let invoices: Vec<Intent> = (0..40).map(invoice).collect();
    let enqueued = setup.store().enqueue(&invoices).unwrap();
    assert!(enqueued.iter().all(|it| it.new && it.state == State::Queued));
    // Enqueued again they are the same.
    let again = setup.store().enqueue(&invoices).unwrap();
    assert!(again.iter().zip(&enqueued).all(|(a, b)| {
        !a.new && a.outbox_id == b.outbox_id && a.idempotency_key == b.idempotency_key
    }));
    setup.bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(5));
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 40);
    for row in setup.listed() {
        assert_eq!((row.state, row.fate), (State::Accepted, Fate::Accepted), "{row:?}");
        assert!(row.payment_id.is_some());
    }
    let twice = setup.listed().iter().filter(|row| row.sends == 2).count();
    assert_eq!(twice, 5, "what was lost was sent again with the same key");
    setup.chains_hold();
}

pub(crate) fn another_request_under_a_known_id_is_a_conflict_and_adds_nothing<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    let other = Intent::new(CreateTransfer::new(OPERATING, PAYROLL, "2.50".parse().unwrap()));
    let refused = setup.store().enqueue(&[invoice(2), other.id("INV-1")]).unwrap_err();
    assert!(matches!(&refused, StoreError::IntentConflict { id, .. } if id == "INV-1"));
    assert_eq!(setup.listed().len(), 1);
}

pub(crate) fn a_held_intent_is_sent_after_somebody_else_approves_it<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    let id = setup.store().enqueue(&[invoice(1).hold()]).unwrap()[0].outbox_id;
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 0);
    let approve = |actor: &str| Command::Approve { actor: actor.to_owned() };
    let refused = setup.store().command(id, &approve("ap.clerk")).unwrap_err();
    assert!(refused.to_string().contains("somebody else"), "{refused}");
    setup.store().command(id, &approve("treasurer")).unwrap();
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 1);
    setup.chains_hold();
}

pub(crate) fn a_revoked_token_pauses_the_lane_and_refuses_no_row<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.store().enqueue(&(0..1000).map(invoice).collect::<Vec<_>>()).unwrap();
    // All that are sent at once, and the first that is tried while the lane is paused.
    setup.bank.inject(BankFault::revoke_token().on("/payments/ach").times(9));
    let paused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&paused);
    let mut options = Options::new("worker-1");
    options.concurrency = 8;
    options.until_empty = true;
    let worker = setup.worker(options).on_pause(move |lane| {
        assert_eq!(lane.id, Lane::CREDENTIAL);
        count.fetch_add(1, Ordering::Relaxed);
    });
    let began = Instant::now();
    assert_eq!(worker.run(&Stop::new()).unwrap(), End::Empty);
    assert_eq!(paused.load(Ordering::Relaxed), 1, "it is paused, and that is reported once");
    // One row is tried after a second, and one two seconds later.
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(setup.store().lanes().unwrap().is_empty(), "it is not paused any more");
    assert_eq!(setup.bank.entries().len(), 1000);
    let rows = setup.listed();
    assert!(rows.iter().all(|row| row.state == State::Accepted));
    let sends: u32 = rows.iter().map(|row| row.sends).sum();
    assert_eq!(sends, 1009, "nothing is sent while the lane is paused but one row at a time");
    setup.chains_hold();
}

pub(crate) fn a_payment_that_is_polled_settles<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    assert_eq!(setup.work(), End::Empty);
    setup.bank.advance(Duration::from_secs(24 * 3600));
    let stop = Stop::new();
    let worker = setup.worker(Options::new("worker-2"));
    std::thread::scope(|threads| {
        let running = threads.spawn(|| worker.run(&stop));
        for _ in 0..200 {
            if setup.listed()[0].state == State::Settled {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        stop.stop();
        assert_eq!(running.join().unwrap().unwrap(), End::Stopped);
    });
    assert_eq!(setup.listed()[0].state, State::Settled);
    setup.chains_hold();
}

/// The tests of a store.
#[macro_export]
macro_rules! behaviours {
    ($place:ty: $($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                behaviour::$name::<$place>();
            }
        )*
    };
    ($place:ty) => {
        $crate::behaviours! { $place:
            what_is_enqueued_is_paid_once,
            another_request_under_a_known_id_is_a_conflict_and_adds_nothing,
            a_held_intent_is_sent_after_somebody_else_approves_it,
            a_revoked_token_pauses_the_lane_and_refuses_no_row,
            a_payment_that_is_polled_settles,
            a_verified_event_settles_its_row,
            a_payment_of_another_amount_is_reconciled_once,
            a_worker_that_is_set_up_wrong_refuses_no_row,
            a_store_says_what_it_has_in_numbers,
            what_the_bank_asked_to_wait_is_waited_whatever_else_ends,
            a_try_of_a_paused_lane_that_nothing_answers_is_followed_by_another_soon,
            what_was_refused_is_replaced_once_and_named
        }
    };
}
