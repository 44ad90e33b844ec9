//! What the core does with payments as time passes: it rejects them or settles them.

use std::time::Duration;

use crate::bank::Bank;
use crate::bank::ledger::Reversal;
use crate::bank::payments::rejection::{RejectedBy, Rejection, RejectionReason};
use crate::bank::payments::{Rail, Step};

/// Does, in order, everything that is due by `now`.
pub(crate) fn run(bank: &mut Bank, now: Duration) {
    while let Some((moment, steps)) = bank.payments.next_due(now) {
        for (step, payment) in steps {
            match step {
                Step::Decision => decide(bank, moment, payment),
                Step::Settled => settle(bank, payment),
                Step::Rejected => announce(bank, payment),
            }
        }
    }
}

/// Whether the accounts are open is decided now; a rejection by a magic value or an
/// unknown routing number was decided when the payment was made.
fn decide(bank: &mut Bank, moment: Duration, place: usize) {
    let Some(payment) = bank.payments.at(place) else {
        return;
    };
    let rejection = payment.rejection.or_else(|| {
        let closed = [payment.from, payment.to]
            .into_iter()
            .any(|id| bank.book.account(id).is_some_and(|account| !account.is_active()));
        let reason = RejectionReason::ClosedAccount;
        closed.then_some(Rejection { by: RejectedBy::Core, reason })
    });
    match rejection {
        None => bank.payments.plan(payment.timeline.settled(), Step::Settled, place),
        Some(rejection) => reject(bank, moment, place, rejection),
    }
}

/// The money is given back before the payment is announced as failed.
fn reject(bank: &mut Bank, moment: Duration, place: usize, rejection: Rejection) {
    let reversal = Reversal { reversal_id: bank.ids.uuid(), rejection, at: moment };
    let Some(payment) = bank.payments.at_mut(place) else {
        return;
    };
    payment.timeline.fail(moment);
    payment.rejection = Some(rejection);
    if let Some(entry) = payment.entry {
        if payment.rail == Rail::Ach {
            bank.book.release(entry);
        }
        payment.reversal = bank.book.reverse(entry, reversal);
        if let Some(reversal) = payment.reversal {
            bank.postings.add_reversal(&bank.book, reversal);
        }
    }
    announce(bank, place);
}

fn settle(bank: &mut Bank, place: usize) {
    let Some(payment) = bank.payments.at(place) else {
        return;
    };
    if let Some(entry) = payment.entry.filter(|_| payment.rail == Rail::Ach) {
        bank.book.release(entry);
    }
    announce(bank, place);
}

fn announce(bank: &mut Bank, place: usize) {
    if let Some(payment) = bank.payments.at(place) {
        bank.webhooks.announce(payment.client, place);
    }
}
