//! `qbank reconcile`: what became of the payments that are in doubt. The bank has no list of
//! payments, so it is asked in three ways, the best first.
//!
//! 1. While the bank remembers its key, what waits to be sent again is sent again with it, as a
//!    worker would, and that is written down before and after.
//! 2. A payment that the bank has named is read. With `--apply` what that says is written down.
//! 3. Else the account's debits are compared with what is in doubt ([`matching`]), which proves
//!    nothing and is never written down.

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
            journal.take_over("reconcile")?;
            (Box::new(journal), Some(lock))
        }
        None => (Place::of(args.store.as_deref())?.open()?, None),
    };
    let client = client::connect(context.global, &SCOPES)?;
    let stop = Stop::new();
    let asks = Asks {
        client,
        limit: context.global.deadline().unwrap_or(Duration::from_secs(180)),
        apply: args.apply,
        stop: stop.clone(),
    };
    let work = move || {
        let mut rows = Rows::read(store.as_mut())?;
        let mut report = Report::default();
        // Something may have been sent: what was found out is told, whatever failed after it.
        let asked = asked::ask(&asks, store.as_mut(), &mut rows, &mut report)
            .and_then(|()| transactions::compare(&asks.client, &rows, &mut report));
        if let Err(failure) = asked {
            report.not_asked(&rows, &failure);
        }
        Ok::<Report, Failure>(report)
    };
    let report = context.interrupts.until_stopped(work, || stop.stop())?;
    drop(lock);
    match report {
        Some(report) => report?.print(context),
        None => Err(Failure::Unfinished("asking broke, and asking again is safe".to_owned())),
    }
}
