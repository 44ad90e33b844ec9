//! An entry: one payment.

use qbank_proto::{AccountId, Amount};

use crate::draft::{Draft, Field, Place};
use crate::error::RowError;
use crate::payment::{Kind, Original, Payment};

use super::batch::Batch;
use super::record::Record;

pub(super) struct Entry<'a> {
    pub(super) record: &'a Record,
    pub(super) row: u64,
    pub(super) from: Option<AccountId>,
}

impl Entry<'_> {
    /// Counts it, also one that is refused: control records count it too.
    pub(super) fn count(&self, batch: &mut Batch) {
        let (bank, cents) = (self.record.number(4, 11), self.record.number(30, 39));
        // The second digit tells: to 4 a credit, from 5 a debit.
        let is_debit = self.record.number(3, 3).is_some_and(|digit| digit > 4);
        batch.totals.entry(bank, cents, is_debit);
    }

    pub(super) fn payment(&self, batch: &mut Batch) -> Result<Payment, Vec<RowError>> {
        let record = self.record;
        let wrong = |name: &str, message: &str| RowError::new(record.line, name, message);
        let mut errors = Vec::new();
        if let Some(message) = refused_code(record.field(2, 3)) {
            errors.push(wrong("Transaction Code", message));
        }
        if !matches!(record.field(79, 79), "0" | "1") {
            errors.push(wrong("Addenda Record Indicator", "must be 0"));
        }
        if let Err(message) = batch.trace(record) {
            errors.push(wrong("Trace Number", &message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let id = record.text(40, 54);
        let draft = Draft {
            payment_id: id,
            kind: Ok(Kind::Ach),
            source: Ok(None),
            destination: Ok(None),
            recipient_name: record.text(55, 76),
            bank_id: record.field(4, 12),
            // Left-justified: a blank before it is not what the bank's API takes.
            account_number: record.field(13, 29).trim_end_matches(' '),
            amount: amount(record),
            effective_date: batch.effective_date.clone(),
            reference: id,
        };
        let place = Place { row: self.row, line: record.line, name: &field_name };
        draft.build(&place, self.from, Original::Nacha)
    }
}

pub(crate) fn field_name(field: Field) -> String {
    match field {
        Field::PaymentId | Field::Reference => "Individual Identification Number",
        Field::Kind => "Transaction Code",
        // A file names no account of ours.
        Field::Source => "source account",
        Field::Destination | Field::AccountNumber => "DFI Account Number",
        Field::RecipientName => "Individual Name",
        Field::BankId => "Receiving DFI Identification",
        Field::Amount => "Amount",
        Field::EffectiveDate => "Effective Entry Date",
    }
    .to_owned()
}

fn amount(record: &Record) -> Result<Amount, String> {
    let cents = record.number(30, 39).and_then(|cents| i64::try_from(cents).ok());
    let cents = cents.ok_or_else(|| "must be ten digits of cents".to_owned())?;
    Amount::from_cents(cents).map_err(|error| error.to_string())
}

/// Why an entry of this transaction code is no credit that is paid.
fn refused_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "22" | "32" => return None,
        "21" | "31" | "41" | "51" | "26" | "36" | "46" | "56" => {
            "is a return or a notification of change: a run pays, and reads no file that came back"
        }
        "23" | "33" | "43" | "53" | "28" | "38" | "48" => {
            "is a prenote, which tests an account and pays nothing: leave it out"
        }
        "24" | "34" | "44" | "54" | "29" | "39" | "49" => {
            "is an entry of zero dollars with remittance data, and pays nothing: leave it out"
        }
        "27" | "37" | "47" | "55" => {
            "is a debit, and a run only pays; the offset entry of a balanced file is left out, \
             since --from names the account that pays"
        }
        "42" | "52" => {
            "credits a general ledger or a loan: only 22 (checking) and 32 (savings) are paid"
        }
        _ => "must be 22 (credit to checking) or 32 (credit to savings)",
    })
}
