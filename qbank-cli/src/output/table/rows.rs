//! The columns of each resource.

use qbank_proto::Money;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::endpoint::{
    Account, Balance, CheckException, CheckIssueAccepted, Payment, Transaction,
};

use super::{ID, Rows};

impl Rows for Account {
    const COLUMNS: &'static [&'static str] = &["account", "name", "type", "currency", "status"];
    const WIDTHS: &'static [u16] = &[ID, 0, 8, 8, 6];
    const OPTIONAL: &'static [usize] = &[3, 4];
    const MEMBERS: &'static [&'static str] = &[
        "accountId",
        "accountName",
        "accountType",
        "currency",
        "status",
        "timestamp",
        "actor",
        "request_id",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.account_id.to_string(),
            text(self.account_name.as_ref()),
            text(self.account_type.as_ref()),
            text(self.currency.as_ref()),
            text(self.status.as_ref()),
        ]
    }
}

impl Rows for Balance {
    const COLUMNS: &'static [&'static str] = &["account", "available", "current", "currency"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.account_id.to_string(),
            dollars(self.available_balance),
            dollars(self.current_balance),
            text(self.currency.as_ref()),
        ]
    }
}

impl Rows for Transaction {
    const COLUMNS: &'static [&'static str] =
        &["transaction", "amount", "description", "value date", "posted", "status"];
    const AMOUNTS: &'static [usize] = &[1];
    const WIDTHS: &'static [u16] = &[ID, 12, 0, 10, 16, 8];
    const OPTIONAL: &'static [usize] = &[4, 5];
    const MEMBERS: &'static [&'static str] = &[
        "transactionId",
        "amount",
        "description",
        "transaction_date",
        "value_date",
        "posting_date",
        "status",
        "timestamp",
        "actor",
        "request_id",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.transaction_id.to_string(),
            dollars(self.amount),
            text(self.description.as_ref()),
            text(self.value_date.as_ref()),
            minute(self.posting_date),
            text(self.status.as_ref()),
        ]
    }
}

impl Rows for Payment {
    const COLUMNS: &'static [&'static str] =
        &["payment", "type", "amount", "status", "created", "completed"];
    const AMOUNTS: &'static [usize] = &[2];
    const FATES: &'static [usize] = &[3];

    fn cells(&self) -> Vec<String> {
        vec![
            self.payment_id.to_string(),
            text(self.payment_type.as_ref()),
            dollars(self.amount),
            text(self.status.as_ref()),
            minute(self.creation_date),
            minute(self.completion_date),
        ]
    }
}

impl Rows for CheckException {
    const COLUMNS: &'static [&'static str] =
        &["exception", "account", "check", "presented", "on", "reason"];
    const AMOUNTS: &'static [usize] = &[3];
    const WIDTHS: &'static [u16] = &[ID, ID, 10, 12, 10, 15];
    const MEMBERS: &'static [&'static str] = &[
        "exceptionId",
        "account_id",
        "check_number",
        "presented_amount",
        "presentment_date",
        "reason_code",
        "timestamp",
        "actor",
        "request_id",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.exception_id.to_string(),
            text(self.account_id.as_ref()),
            text(self.check_number.as_ref()),
            dollars(self.presented_amount),
            text(self.presentment_date.as_ref()),
            text(self.reason_code.as_ref()),
        ]
    }
}

impl Rows for CheckIssueAccepted {
    const COLUMNS: &'static [&'static str] = &["issue"];

    fn cells(&self) -> Vec<String> {
        vec![self.issue_id.to_string()]
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn minute(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

fn dollars(value: Option<Money>) -> String {
    text(value.as_ref())
}
