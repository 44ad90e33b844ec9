//! Payments: their timelines, their rejections, and when the next step of each is due.

pub(crate) mod rejection;
mod timeline;

use std::collections::BTreeMap;
use std::time::Duration;

use qbank_proto::{AccountId, Amount, PaymentId, RequestId};
use serde::Serialize;

use crate::bank::access::ClientIndex;
use crate::bank::time::timestamp;

pub use rejection::{RejectedBy, Rejection, RejectionReason};
pub use timeline::PaymentStatus;
pub(crate) use timeline::Timeline;

/// Every payment there is, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Payments {
    all: Vec<Payment>,
    index: BTreeMap<PaymentId, usize>,
    /// The payments that reach a step, by its moment.
    due: BTreeMap<Duration, Vec<(Step, usize)>>,
}

/// A moment of a payment at which something has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Validation has rejected it.
    Rejected,
    /// The core accepts or rejects it.
    Decision,
    /// It is settled.
    Settled,
}

/// One payment.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) client: ClientIndex,
    pub(crate) rail: Rail,
    pub(crate) amount: Amount,
    pub(crate) from: AccountId,
    pub(crate) to: AccountId,
    pub(crate) timeline: Timeline,
    /// Why it will fail or has failed.
    pub(crate) rejection: Option<Rejection>,
    /// Its entry in the ledger; none if validation rejects it.
    pub(crate) entry: Option<usize>,
    /// The reversal of that entry.
    pub(crate) reversal: Option<usize>,
    pub(crate) request_id: RequestId,
}

/// The payment network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Rail {
    #[serde(rename = "ACH")]
    Ach,
    #[serde(rename = "WIRE")]
    Wire,
}

impl Payments {
    /// Adds a payment; gives its position.
    pub(crate) fn add(&mut self, mut payment: Payment) -> usize {
        let at = self.all.len();
        let timeline = &mut payment.timeline;
        let (step, moment) = match (payment.rail, payment.rejection) {
            (Rail::Ach, Some(Rejection { by: RejectedBy::Validation, .. })) => {
                timeline.fail(timeline.validated());
                (Step::Rejected, timeline.validated())
            }
            (Rail::Ach, _) => (Step::Decision, timeline.decision()),
            (Rail::Wire, None) => (Step::Settled, timeline.settled()),
            (Rail::Wire, Some(_)) => (Step::Decision, timeline.settled()),
        };
        self.index.insert(payment.id, at);
        self.all.push(payment);
        self.plan(moment, step, at);
        at
    }

    pub(crate) fn plan(&mut self, moment: Duration, step: Step, payment: usize) {
        self.due.entry(moment).or_default().push((step, payment));
    }

    /// The steps of the earliest moment that has come by `now`.
    pub(crate) fn next_due(&mut self, now: Duration) -> Option<(Duration, Vec<(Step, usize)>)> {
        let earliest = self.due.first_entry().filter(|moment| *moment.key() <= now)?;
        Some(earliest.remove_entry())
    }

    pub(crate) fn at(&self, place: usize) -> Option<&Payment> {
        self.all.get(place)
    }

    pub(crate) fn at_mut(&mut self, place: usize) -> Option<&mut Payment> {
        self.all.get_mut(place)
    }

    pub(crate) fn place(&self, id: PaymentId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    pub(crate) fn get(&self, id: PaymentId) -> Option<&Payment> {
        self.at(self.place(id)?)
    }
}

impl Payment {
    /// As `GET /payments/{paymentId}` and a webhook show it.
    pub(crate) fn resource<'a>(&self, now: Duration, actor: &'a str) -> PaymentResource<'a> {
        let (status, since) = self.timeline.at(now);
        PaymentResource {
            payment_id: self.id,
            rail: self.rail,
            amount: self.amount,
            status,
            creation_date: timestamp(self.timeline.created()),
            completion_date: status.is_final().then(|| timestamp(since)),
            timestamp: timestamp(since),
            actor,
            request_id: self.request_id,
        }
    }
}

/// The payment resource, in its canonical names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentResource<'a> {
    pub(crate) payment_id: PaymentId,
    #[serde(rename = "type")]
    pub(crate) rail: Rail,
    pub(crate) amount: Amount,
    pub(crate) status: PaymentStatus,
    pub(crate) creation_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completion_date: Option<String>,
    pub(crate) timestamp: String,
    pub(crate) actor: &'a str,
    #[serde(rename = "request_id")]
    pub(crate) request_id: RequestId,
}
