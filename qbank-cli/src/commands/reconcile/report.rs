//! What was found, for people and for scripts.

use std::collections::HashSet;

use qbank_outbox::{Evidence, RowId};
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{Money, TransactionId};
use serde::Serialize;
use serde_json::json;

use super::matching::Debit;
use super::rows::Rows;
use crate::commands::Context;
use crate::failure::{FAILED, Failure, UNKNOWN};
use crate::output::{self, plain};

/// How it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// It was known before.
    Known,
    /// The bank answered the same request with the same key.
    Resend,
    /// The bank's record of the payment.
    Payment,
    /// The one debit that has its reference.
    Reference,
    /// As many debits as payments.
    Count,
    /// The account's transactions as a whole.
    Transactions,
    /// Nothing was sent yet.
    NotSent,
    /// A worker is sending it.
    UnderWay,
    /// Transactions do not show it: what was sent is not known any more, or is a check.
    NotShown,
    /// Asking failed before it.
    NotAsked,
}

/// A row, and what was found of it.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    outbox_id: RowId,
    /// The payer's own.
    payment_id: String,
    amount: String,
    state: String,
    how: How,
    bank_payment_id: Option<String>,
    bank_status: Option<String>,
    transaction_id: Option<TransactionId>,
    #[serde(skip)]
    cents: i64,
}

impl Entry {
    pub(super) fn of(evidence: &Evidence, how: How) -> Self {
        let Evidence { row, intent, .. } = evidence;
        Self {
            outbox_id: row.id,
            payment_id: intent.intent_id.clone(),
            amount: Money::from_cents(intent.amount_cents).to_string(),
            state: row.state.to_string(),
            how,
            bank_payment_id: row.payment_id.map(|id| id.to_string()),
            bank_status: row.payment_status.clone(),
            transaction_id: None,
            cents: intent.amount_cents,
        }
    }

    pub(super) fn is_by_count(&self) -> bool {
        self.how == How::Count
    }

    /// With the debit that it is, where that is known.
    pub(super) fn by(mut self, transaction: Option<TransactionId>) -> Self {
        self.transaction_id = transaction;
        self
    }
}

/// A debit that no payment explains.
#[derive(Debug, Serialize)]
pub(super) struct Unexpected {
    transaction_id: TransactionId,
    account_id: String,
    amount: String,
    date: Option<DateTime<Utc>>,
    description: String,
    #[serde(skip)]
    cents: i64,
}

impl Unexpected {
    pub(super) fn of(debit: Debit) -> Self {
        let (account, cents) = debit.group;
        Self {
            transaction_id: debit.id,
            account_id: account.to_string(),
            amount: Money::from_cents(cents).to_string(),
            date: debit.at,
            description: debit.description,
            cents,
        }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) matched: Vec<Entry>,
    pub(super) pending: Vec<Entry>,
    pub(super) not_found: Vec<Entry>,
    pub(super) unexpected: Vec<Unexpected>,
    pub(super) ambiguous: Vec<Entry>,
    /// How many may have been paid, and are for a person, or for later.
    pub(super) in_doubt: usize,
    /// Why not all of it is known.
    pub(super) failure: Option<String>,
}

impl Report {
    /// What was left when asking failed.
    pub(super) fn not_asked(&mut self, rows: &Rows, failure: &Failure) {
        self.failure = Some(failure.to_string());
        self.in_doubt += rows.doubtful.len();
        self.ambiguous.extend(rows.doubtful.iter().map(|it| Entry::of(it, How::NotAsked)));
        // What is known of the others does not depend on it.
        let matched = self.matched_ids();
        for known in &rows.known {
            if !matched.contains(&known.row.id) {
                self.matched.push(Entry::of(known, How::Known));
            }
        }
    }

    pub(super) fn matched_ids(&self) -> HashSet<RowId> {
        self.matched.iter().map(|entry| entry.outbox_id).collect()
    }

    pub(super) fn print(mut self, context: &Context<'_>) -> Result<(), Failure> {
        // In the order in which they were enqueued, whatever was asked first.
        let lists =
            [&mut self.matched, &mut self.pending, &mut self.not_found, &mut self.ambiguous];
        for list in lists {
            list.sort_unstable_by_key(|entry| entry.outbox_id);
        }
        let total = |cents: &mut dyn Iterator<Item = i64>| {
            let sum = Money::checked_sum(cents.map(Money::from_cents)).unwrap_or_default();
            sum.to_string()
        };
        let of = |entries: &[Entry]| {
            json!({
                "count": entries.len(),
                "amount": total(&mut entries.iter().map(|it| it.cents)),
            })
        };
        let document = json!({
            "matched": self.matched,
            "pending": self.pending,
            "not_found": self.not_found,
            "unexpected": self.unexpected,
            "ambiguous": self.ambiguous,
            "totals": {
                "matched": of(&self.matched),
                "pending": of(&self.pending),
                "not_found": of(&self.not_found),
                "unexpected": {
                    "count": self.unexpected.len(),
                    "amount": total(&mut self.unexpected.iter().map(|it| it.cents)),
                },
                "ambiguous": of(&self.ambiguous),
            },
        });
        if context.printer.is_csv() {
            context.printer.head::<Line>();
            for line in self.lines() {
                context.printer.item(&line);
            }
        } else {
            context.printer.either(&self.text(), &json!({ "result": document }));
        }
        if let Some(failure) = &self.failure {
            context.printer.warning(&format!("not all was asked: {failure}"));
        }
        if self.in_doubt > 0 || !self.ambiguous.is_empty() {
            return Err(Failure::Ended(UNKNOWN));
        }
        self.failure.as_ref().map_or(Ok(()), |_| Err(Failure::Ended(FAILED)))
    }

    /// For a spreadsheet.
    fn lines(&self) -> impl Iterator<Item = Line> {
        let lists = [
            ("matched", &self.matched),
            ("pending", &self.pending),
            ("not_found", &self.not_found),
            ("ambiguous", &self.ambiguous),
        ];
        let of_list = |(list, entries): (&'static str, &'_ Vec<Entry>)| {
            entries.iter().map(|entry| Line::of_entry(list, entry)).collect::<Vec<_>>()
        };
        lists.into_iter().flat_map(of_list).chain(self.unexpected.iter().map(Line::of_debit))
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        let lists = [
            ("matched", &self.matched, "the bank has a record of them"),
            (
                "pending",
                &self.pending,
                "not sent yet, under way, or too early to say: again after the nightly load",
            ),
            (
                "not found",
                &self.not_found,
                "the bank does not have them: `qbank outbox decide ID --refused`",
            ),
            ("ambiguous", &self.ambiguous, "look at the account, then `qbank outbox decide ID`"),
        ];
        for (name, entries, advice) in lists {
            lines.push(format!("{name:<12}{:>8}  {advice}", entries.len()));
            // What is matched needs nobody.
            for entry in entries.iter().filter(|_| name != "matched") {
                let (id, own) = (entry.outbox_id, plain(&entry.payment_id));
                lines.push(format!("  {id:>6}  {own:<30} {:>14}", entry.amount));
            }
        }
        let advice = "debits of that time that none of these explains";
        lines.push(format!("{:<12}{:>8}  {advice}", "unexpected", self.unexpected.len()));
        for debit in &self.unexpected {
            let (id, what) = (debit.transaction_id, plain(&debit.description));
            lines.push(format!("  {id}  {:>14}  {what}", debit.amount));
        }
        lines.join("\n")
    }
}

/// An entry or a debit, and which list it is in.
#[derive(Debug, Default, Serialize)]
struct Line {
    list: &'static str,
    outbox_id: Option<RowId>,
    payment_id: Option<String>,
    amount: String,
    state: Option<String>,
    how: Option<How>,
    bank_payment_id: Option<String>,
    bank_status: Option<String>,
    transaction_id: Option<TransactionId>,
    description: Option<String>,
}

impl Line {
    fn of_entry(list: &'static str, entry: &Entry) -> Self {
        Self {
            list,
            outbox_id: Some(entry.outbox_id),
            payment_id: Some(entry.payment_id.clone()),
            amount: entry.amount.clone(),
            state: Some(entry.state.clone()),
            how: Some(entry.how),
            bank_payment_id: entry.bank_payment_id.clone(),
            bank_status: entry.bank_status.clone(),
            transaction_id: entry.transaction_id,
            description: None,
        }
    }

    fn of_debit(debit: &Unexpected) -> Self {
        Self {
            list: "unexpected",
            amount: debit.amount.clone(),
            transaction_id: Some(debit.transaction_id),
            description: Some(debit.description.clone()),
            ..Self::default()
        }
    }
}

impl output::Rows for Line {
    const COLUMNS: &'static [&'static str] = Self::MEMBERS;
    const MEMBERS: &'static [&'static str] = &[
        "list",
        "outbox_id",
        "payment_id",
        "amount",
        "state",
        "how",
        "bank_payment_id",
        "bank_status",
        "transaction_id",
        "description",
    ];

    /// It is printed as CSV alone.
    fn cells(&self) -> Vec<String> {
        Vec::new()
    }
}
