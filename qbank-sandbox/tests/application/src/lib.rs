//! Pays invoices, each of them once.
//!
//! Key, bytes and moment are in the journal before the first send. What then became of
//! the money decides what the journal says: paid, not paid, or in doubt, which is resumed
//! with the same key and never paid anew.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use qbank_blocking::endpoint::{AchAccepted, CreateAch};
use qbank_blocking::{
    Blocking, Call, ClientOver, Driver, Error, Fate, IdempotencyKey, PaymentId, Reply, Resume,
};

/// The state of an invoice. An application keeps it in its database.
#[derive(Debug, Clone, PartialEq)]
pub enum Invoice {
    /// It may have been sent, and is to be resumed.
    InDoubt { key: IdempotencyKey, body: Vec<u8>, first_sent: Duration },
    /// The bank has it, and will settle it or not.
    InProgress(Option<PaymentId>),
    /// The bank has accepted it.
    Accepted(Option<PaymentId>),
    /// No money has moved: it may be paid with a new key once the cause is gone.
    NotPaid { cause: String },
}

/// The application, over any blocking driver.
pub struct Payer<D> {
    client: ClientOver<D>,
    pub journal: BTreeMap<String, Invoice>,
}

impl<D: Driver<Flavor = Blocking>> Payer<D> {
    pub fn new(client: ClientOver<D>, journal: BTreeMap<String, Invoice>) -> Self {
        Self { client, journal }
    }

    /// Pays an invoice that has not been paid, and says where it is.
    pub fn pay(&mut self, number: &str, payment: CreateAch) -> &Invoice {
        if matches!(self.journal.get(number), None | Some(Invoice::NotPaid { .. })) {
            let call = self.prepare(number, payment);
            let result = self.client.drive(call);
            self.record(number, result);
        }
        &self.journal[number]
    }

    /// Sends what is in doubt again, with its key and its bytes: after a crash, or later.
    pub fn resume(&mut self, number: &str, payment: CreateAch) -> &Invoice {
        if let Invoice::InDoubt { key, body, first_sent } = self.journal[number].clone() {
            let saved = Resume::new(key, UNIX_EPOCH + first_sent).body(body);
            let call = self.client.payments().create_ach(payment).resume(saved);
            let result = call.send();
            self.record(number, result);
        }
        &self.journal[number]
    }

    /// Makes the call and writes down what is needed to resume it. Nothing is sent.
    fn prepare(&mut self, number: &str, payment: CreateAch) -> Call<CreateAch> {
        let call = self.client.payments().create_ach(payment).call();
        if let Some(key) = call.key() {
            // By the driver's clock, which in a test is that of the sandbox.
            let first_sent = self.client.driver().now().unix;
            let saved = Invoice::InDoubt { key, body: call.body().to_vec(), first_sent };
            self.journal.insert(number.to_owned(), saved);
        }
        call
    }

    fn record(&mut self, number: &str, result: Result<Reply<AchAccepted>, Error>) {
        if let Some(invoice) = outcome(result) {
            self.journal.insert(number.to_owned(), invoice);
        }
    }
}

/// What the journal says from now on; none where it stays in doubt.
fn outcome(result: Result<Reply<AchAccepted>, Error>) -> Option<Invoice> {
    match result {
        Ok(reply) => Some(Invoice::Accepted(reply.value.payment_id)),
        Err(error) => match error.fate() {
            Fate::NeverSent | Fate::Refused => Some(Invoice::NotPaid { cause: error.to_string() }),
            Fate::InProgress => Some(Invoice::InProgress(error.transaction_id())),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests;
