//! `qbank reconcile`: what became of the payments that are in doubt. The bank has no list of
//! payments, so it is asked in three ways, the best first.
//!
//! 1. While the bank remembers its key, a payment is sent again with it: the bank's own answer.
//! 2. A payment that the bank has named is read.
//! 3. Else the account's debits are compared with what is in doubt ([`matching`]).
//!
//! Only what 1 and 2 say is ever written down, and only with `--apply`.

mod asked;
mod matching;
mod report;
mod rows;
mod transactions;

use std::time::Duration;

use qbank_outbox::{Sqlite, Stop, Store};
use qbank_proto::Scope;

use self::asked::Asks;
use self::report::Report;
use self::rows::Rows;
use super::Context;
use super::outbox::Place;
use super::run::lock_journal;
use crate::args::Reconcile;
use crate::client;
use crate::failure::Failure;

/// All that may be asked.
const SCOPES: [Scope; 6] = [
    Scope::PaymentsAchWrite,
    Scope::PaymentsWireWrite,
    Scope::TransfersWrite,
    Scope::PositivePayIssuesWrite,
    Scope::PaymentsRead,
    Scope::TransactionsRead,
];

pub(super) fn reconcile(context: &Context<'_>, args: &Reconcile) -> Result<(), Failure> {
    let (mut store, lock): (Box<dyn Store + Send>, _) = match &args.journal {
        Some(path) => {
            let mut journal = Sqlite::open(path)?;
            // A run that is under way asks the bank itself; the workers of an earlier one are gone.
            let lock = lock_journal(path)?;
            if args.apply {
                journal.take_over("reconcile")?;
            }
            (Box::new(journal), Some(lock))
        }
        None => (Place::of(args.store.as_deref())?.open()?, None),
    };
    let alone = lock.is_some();
    let client = client::connect(context.global, &SCOPES)?;
    let stop = Stop::new();
    let asks = Asks {
        client,
        limit: context.global.deadline().unwrap_or(Duration::from_secs(180)),
        apply: args.apply,
        stop: stop.clone(),
    };
    let work = move || {
        let mut rows = Rows::read(store.as_mut(), alone)?;
        let mut report = Report::default();
        asked::ask(&asks, store.as_mut(), &mut rows, &mut report)?;
        transactions::compare(&asks.client, &rows, &mut report)?;
        Ok::<Report, Failure>(report)
    };
    let report = context.interrupts.until_stopped(work, || stop.stop())?;
    drop(lock);
    match report {
        Some(report) => report?.print(context),
        None => Err(Failure::Local("asking broke; asking again is safe".to_owned())),
    }
}
