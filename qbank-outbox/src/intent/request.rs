//! The four requests that happen once, and the bank's own JSON of each.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Destination, Endpoint,
    Recipient,
};
use qbank_proto::{AccountId, Amount, Error, parse_day};
use serde::{Deserialize, Serialize};

use super::Members;

/// What kind of request an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// `POST /payments/ach`.
    Ach,
    /// `POST /payments/wire`.
    Wire,
    /// `POST /transfers`.
    Transfer,
    /// `POST /positivepay/issues`.
    CheckIssue,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Ach, Self::Wire, Self::Transfer, Self::CheckIssue];

    /// Its name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ach => "ach",
            Self::Wire => "wire",
            Self::Transfer => "transfer",
            Self::CheckIssue => "check_issue",
        }
    }

    /// Whether the bank has a payment of it that can be fetched.
    pub const fn is_payment(self) -> bool {
        matches!(self, Self::Ach | Self::Wire)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// A kind of request that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be ach, wire, transfer or check_issue")
    }
}

impl std::error::Error for UnknownKind {}

/// A request that shall happen once.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is named as what it holds")]
pub enum Request {
    Ach(CreateAch),
    Wire(CreateWire),
    Transfer(CreateTransfer),
    CheckIssue(CreateCheckIssue),
}

impl From<CreateAch> for Request {
    fn from(request: CreateAch) -> Self {
        Self::Ach(request)
    }
}

impl From<CreateWire> for Request {
    fn from(request: CreateWire) -> Self {
        Self::Wire(request)
    }
}

impl From<CreateTransfer> for Request {
    fn from(request: CreateTransfer) -> Self {
        Self::Transfer(request)
    }
}

impl From<CreateCheckIssue> for Request {
    fn from(request: CreateCheckIssue) -> Self {
        Self::CheckIssue(request)
    }
}

impl Request {
    /// Reads the bank's own request body. An error names the member.
    pub fn read(kind: Kind, json: &str) -> Result<Self, Error> {
        let mut body = Members::parse("request", json)?;
        let request = match kind {
            Kind::Ach => Self::Ach(ach(&mut body)?),
            Kind::Wire => Self::Wire(wire(&mut body)?),
            Kind::Transfer => Self::Transfer(CreateTransfer::new(
                body.needed("from_account_id")?,
                body.needed("to_account_id")?,
                body.decimal("amount")?,
            )),
            Kind::CheckIssue => Self::CheckIssue(CreateCheckIssue::new(
                body.needed("issue_id")?,
                body.needed("account_id")?,
                body.text("check_number")?,
                body.decimal("amount")?,
                day(&mut body, "issue_date")?
                    .ok_or_else(|| body.wrong("issue_date", "is missing"))?,
            )),
        };
        body.end()?;
        Ok(request)
    }

    /// What kind it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Ach(_) => Kind::Ach,
            Self::Wire(_) => Kind::Wire,
            Self::Transfer(_) => Kind::Transfer,
            Self::CheckIssue(_) => Kind::CheckIssue,
        }
    }

    /// What is sent. What the bank would refuse for its form is an error.
    pub fn body(&self) -> Result<Bytes, Error> {
        match self {
            Self::Ach(it) => it.body(),
            Self::Wire(it) => it.body(),
            Self::Transfer(it) => it.body(),
            Self::CheckIssue(it) => it.body(),
        }
    }

    /// The account that pays.
    pub const fn source_account(&self) -> AccountId {
        match self {
            Self::Ach(it) => it.source_account_id,
            Self::Wire(it) => it.source_account_id,
            Self::Transfer(it) => it.from_account_id,
            Self::CheckIssue(it) => it.account_id,
        }
    }

    /// Dollars.
    pub const fn amount(&self) -> Amount {
        match self {
            Self::Ach(it) => it.amount,
            Self::Wire(it) => it.amount,
            Self::Transfer(it) => it.amount,
            Self::CheckIssue(it) => it.amount,
        }
    }

    /// The day that was asked for.
    pub const fn effective_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Ach(it) => it.effective_date,
            Self::CheckIssue(it) => Some(it.issue_date),
            Self::Wire(_) | Self::Transfer(_) => None,
        }
    }

    /// The payer's own reference, as the bank's transactions may have it.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::Ach(it) => it.reference_id.as_deref(),
            Self::Wire(it) => Some(&it.reference_code),
            Self::Transfer(_) => None,
            Self::CheckIssue(it) => Some(&it.check_number),
        }
    }

    /// What tells payees apart. Only its digest is kept outside of the body.
    pub(super) fn payee(&self) -> String {
        let elsewhere =
            |bank: &str, account: &str| format!("{bank}/{}", account.trim_start_matches('0'));
        match self {
            Self::Ach(it) => match &it.destination {
                Destination::Account(id) => id.to_string(),
                Destination::Recipient(to) => {
                    elsewhere(&to.bank_id.to_string(), to.account_number.expose())
                }
            },
            Self::Wire(it) => elsewhere(
                &it.beneficiary.bank_id.to_string(),
                it.beneficiary.account_number.expose(),
            ),
            Self::Transfer(it) => it.to_account_id.to_string(),
            Self::CheckIssue(it) => format!("check {}", it.check_number),
        }
    }
}

fn ach(body: &mut Members<'_>) -> Result<CreateAch, Error> {
    let source = body.needed("source_account_id")?;
    let account = body.maybe("destination_account_id")?;
    let destination = match (account, body.inner("recipient_details")?) {
        (Some(account), None) => Destination::Account(account),
        (None, Some(details)) => recipient(details)?.into(),
        (Some(_), Some(_)) => {
            let rule = "and recipient_details must not both be given";
            return Err(body.wrong("destination_account_id", rule));
        }
        (None, None) => {
            return Err(body.wrong("destination_account_id", "or recipient_details must be given"));
        }
    };
    let mut ach = CreateAch::new(source, destination, body.decimal("amount")?);
    ach.effective_date = day(body, "effective_date")?;
    ach.reference_id = body.maybe_text("reference_id")?;
    Ok(ach)
}

/// Members beyond the three are what the bank agreed on with its client.
fn recipient(mut details: Members<'_>) -> Result<Recipient, Error> {
    let (name, bank_id) = (details.text("name")?, details.needed("bank_id")?);
    let recipient = Recipient::new(name, bank_id, details.text("account_number")?);
    details.rest().try_fold(recipient, |recipient, (name, json)| recipient.with_member(name, json))
}

fn wire(body: &mut Members<'_>) -> Result<CreateWire, Error> {
    let source = body.needed("source_account_id")?;
    let Some(mut details) = body.inner("beneficiary_details")? else {
        return Err(body.wrong("beneficiary_details", "is missing"));
    };
    let beneficiary = Beneficiary::new(
        details.text("name")?,
        details.needed("bank_id")?,
        details.text("account_number")?,
    );
    details.end()?;
    Ok(CreateWire::new(source, beneficiary, body.decimal("amount")?, body.text("reference_code")?))
}

fn day(body: &mut Members<'_>, name: &str) -> Result<Option<NaiveDate>, Error> {
    let Some(text) = body.maybe_text(name)? else { return Ok(None) };
    let rule = "must be a day such as 2026-01-31";
    parse_day(&text).map(Some).ok_or_else(|| body.wrong(name, rule))
}
