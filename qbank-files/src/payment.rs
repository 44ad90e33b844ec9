//! One row of a file, ready to be sent.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use qbank_proto::endpoint::{CreateAch, CreateWire, Destination, Endpoint};
use qbank_proto::{AccountId, Amount, Error};
use serde::Serialize;

use crate::csv::Columns;
use crate::digest::hex_digest;
use crate::draft::Field;

/// How a row is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// `POST /payments/ach`.
    Ach,
    /// `POST /payments/wire`.
    Wire,
}

impl Kind {
    /// Its name in the column `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ach => "ach",
            Self::Wire => "wire",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is sent for a row.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is named as what it holds")]
pub enum Request {
    Ach(CreateAch),
    Wire(CreateWire),
}

impl Request {
    /// Whose account is paid, where the file says it.
    pub fn recipient_name(&self) -> Option<&str> {
        match self {
            Self::Ach(it) => match &it.destination {
                Destination::Account(_) => None,
                Destination::Recipient(recipient) => Some(&recipient.name),
            },
            Self::Wire(it) => Some(&it.beneficiary.name),
        }
    }

    /// The last four characters of the account that is paid, as tables and results show it.
    /// Nothing of a number that has no more than these.
    pub fn account(&self) -> String {
        let shown = |number: &str| {
            let rest = number.len().saturating_sub(4);
            number.get(rest..).filter(|_| rest > 0).unwrap_or_default().to_owned()
        };
        match self {
            Self::Ach(it) => match &it.destination {
                Destination::Account(id) => shown(&id.to_string()),
                Destination::Recipient(to) => shown(to.account_number.expose()),
            },
            Self::Wire(it) => shown(it.beneficiary.account_number.expose()),
        }
    }

    /// The form that the bank wants is kept, or the error names what is not.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Ach(it) => it.body(),
            Self::Wire(it) => it.body(),
        }
        .map(drop)
    }
}

/// One row: who is paid, how much, from which account.
///
/// Everything that the bank would refuse for its form has been refused already. `Debug` shows no
/// account number.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Payment {
    /// Which payment of the file it is, from one.
    pub row: u64,
    /// The physical line on which it begins; a CSV's header is line 1.
    pub line: u64,
    /// The payer's own id: the intent's id in the outbox.
    pub payment_id: String,
    /// What is sent.
    pub request: Request,
    /// The day that the file asks for. A wire is sent at once, so its request has none.
    pub effective_date: Option<NaiveDate>,
    pub(crate) original: Original,
}

impl Payment {
    /// How it is paid.
    pub const fn kind(&self) -> Kind {
        match self.request {
            Request::Ach(_) => Kind::Ach,
            Request::Wire(_) => Kind::Wire,
        }
    }

    /// Dollars.
    pub const fn amount(&self) -> Amount {
        match &self.request {
            Request::Ach(it) => it.amount,
            Request::Wire(it) => it.amount,
        }
    }

    /// The account that pays.
    pub const fn source_account(&self) -> AccountId {
        match &self.request {
            Request::Ach(it) => it.source_account_id,
            Request::Wire(it) => it.source_account_id,
        }
    }

    /// See [`Request::recipient_name`].
    pub fn recipient_name(&self) -> Option<&str> {
        self.request.recipient_name()
    }

    /// See [`Request::account`].
    pub fn account(&self) -> String {
        self.request.account()
    }

    /// The payer's own reference.
    pub fn reference(&self) -> Option<&str> {
        match &self.request {
            Request::Ach(it) => it.reference_id.as_deref(),
            Request::Wire(it) => Some(&it.reference_code),
        }
    }

    /// What tells payees apart, as a digest: the `payee_hash` that the outbox has of it.
    pub fn payee_hash(&self) -> String {
        hex_digest(&self.payee())
    }

    /// As `qbank_outbox` writes it down.
    pub(crate) fn payee(&self) -> String {
        let elsewhere =
            |bank: &str, account: &str| format!("{bank}/{}", account.trim_start_matches('0'));
        match &self.request {
            Request::Ach(it) => match &it.destination {
                Destination::Account(id) => id.to_string(),
                Destination::Recipient(to) => {
                    elsewhere(to.bank_id.as_str(), to.account_number.expose())
                }
            },
            Request::Wire(it) => {
                elsewhere(it.beneficiary.bank_id.as_str(), it.beneficiary.account_number.expose())
            }
        }
    }

    /// What the file has of this row and the bank's API does not take: a CSV's further columns by
    /// the header's name, the remittance information of pain.001. Not sent.
    pub fn more(&self) -> Vec<(&str, &str)> {
        match &self.original {
            Original::Csv { columns, cells } => columns.further(cells).collect(),
            Original::Pain001 { remittance: Some(text) } => vec![("RmtInf/Ustrd", text)],
            Original::Pain001 { remittance: None } | Original::Nacha => Vec::new(),
        }
    }

    pub(crate) fn has_remittance(&self) -> bool {
        matches!(self.original, Original::Pain001 { remittance: Some(_) })
    }

    /// What the file calls a part of this payment.
    pub(crate) fn column(&self, field: Field) -> String {
        match &self.original {
            Original::Csv { columns, .. } => columns.name(field),
            Original::Nacha => crate::nacha::field_name(field),
            Original::Pain001 { .. } => crate::pain001::path_of(field),
        }
    }

    /// Asks for another day. The request of a wire has none.
    pub(crate) fn move_to(&mut self, day: NaiveDate) {
        self.effective_date = Some(day);
        if let Request::Ach(ach) = &mut self.request {
            ach.effective_date = Some(day);
        }
    }
}

/// What a row was read from.
#[derive(Clone)]
pub(crate) enum Original {
    Csv { columns: Arc<Columns>, cells: csv::StringRecord },
    Nacha,
    Pain001 { remittance: Option<String> },
}

impl fmt::Debug for Original {
    /// The cells have the account number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv { .. } => "Csv",
            Self::Nacha => "Nacha",
            Self::Pain001 { .. } => "Pain001",
        })
    }
}
