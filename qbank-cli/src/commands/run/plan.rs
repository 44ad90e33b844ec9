//! What a file would pay: checked as a whole, and summed up.

use qbank_files::{CheckOptions, Checks, Kind, Roll, Summary, validate};
use qbank_proto::chrono::NaiveDate;
use qbank_proto::{AccountId, Error, ErrorKind, Money, Scope};
use serde_json::{Value, json};

use super::journal::Journal;
use super::scopes;
use super::source::Source;
use crate::args::{RollDates, Run};
use crate::client::{self, Client};
use crate::commands::Context;
use crate::failure::Failure;

/// A file that may be paid.
pub(super) struct Plan {
    pub(super) summary: Summary,
    /// What whoever is asked should know.
    pub(super) warnings: Vec<String>,
    /// The day in New York by which it was checked.
    today: NaiveDate,
    file: String,
}

impl Plan {
    /// Checks all of a file; or says all that is wrong with it.
    pub(super) fn make(
        args: &Run,
        source: &Source,
        known: Option<&Journal>,
        today: NaiveDate,
    ) -> Result<Self, Failure> {
        let mut checks = Checks::new(options(args, today));
        if let Some(journal) = known {
            journal.earlier(&mut checks)?;
        }
        let summary = validate(source.input()?, &source.options, &mut checks, drop);
        let summary = summary.map_err(|errors| {
            let file = source.path.display();
            Failure::rows(&format!("{file} is not paid: nothing was sent"), errors)
        })?;
        let mut plan = Self {
            warnings: warnings(&summary),
            summary,
            today,
            file: source.path.display().to_string(),
        };
        if plan.summary.rows == 0 {
            plan.warnings.push("the file has no payment".to_owned());
        }
        Ok(plan)
    }

    /// As the rows were checked before, to be checked once more.
    pub(super) fn checks(&self, args: &Run) -> Checks {
        Checks::new(options(args, self.today))
    }

    /// Warns of an account that has less than is to be paid, where its balance may be read.
    /// Gives the client that pays as well, so that one token serves both.
    pub(super) fn look_at_balances(&mut self, context: &Context<'_>) -> Result<Client, Failure> {
        let pays = |kind| self.summary.by_type.iter().any(|part| part.of == kind);
        let mut scopes = scopes::of_kinds(pays(Kind::Ach), pays(Kind::Wire));
        scopes.push(Scope::BalancesRead);
        let client = client::connect(context.global, &scopes)?;
        for part in &self.summary.by_source_account {
            match client.drive(client.balances().get(part.of).call()) {
                Ok(reply) => {
                    let balance = reply.value.available_balance.or(reply.value.current_balance);
                    if let Some(balance) = balance.filter(|balance| *balance < part.total) {
                        self.warnings.push(less(part.of, balance, part.total));
                    }
                }
                // Of a client that may not read balances.
                Err(error) if error.error_code() == Some("invalid_scope") => {
                    scopes.pop();
                    return client::connect(context.global, &scopes);
                }
                // Nothing could be sent, either: nothing is written down yet.
                Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                    return Err(error.into());
                }
                Err(error) if is_unreadable(&error) => {}
                // The same would be waited for again with each account.
                Err(error) => {
                    self.warnings.push(format!("the balances could not be read: {error}"));
                    break;
                }
            }
        }
        Ok(client)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Summary { rows, total, .. } = &self.summary;
        let mut lines = vec![format!("{}: {rows} payments, {total} dollars", self.file)];
        let mut part = |of: &str, rows: u64, total: Money| {
            lines.push(format!("  {of:<41} {rows:>8} {:>18}", total.to_string()));
        };
        for it in &self.summary.by_type {
            part(it.of.as_str(), it.rows, it.total);
        }
        for it in &self.summary.by_source_account {
            part(&format!("from {}", it.of), it.rows, it.total);
        }
        for it in &self.summary.by_effective_date {
            let day = it.of.map_or_else(|| "at once".to_owned(), |day| format!("on {day}"));
            part(&day, it.rows, it.total);
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines.join("\n")
    }

    pub(super) fn document(&self) -> Value {
        let Summary { rows, total, .. } = &self.summary;
        json!({
            "dry_run": true,
            "rows": rows,
            "total": total.to_string(),
            "summary": self.summary,
            "warnings": self.warnings,
        })
    }
}

/// Of an account whose balance this client may not read.
fn is_unreadable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound)
}

fn options(args: &Run, today: NaiveDate) -> CheckOptions {
    let mut options = CheckOptions::new(today);
    options.roll_dates = args.roll_dates.map(|roll| match roll {
        RollDates::Next => Roll::Next,
        RollDates::Previous => Roll::Previous,
    });
    options.allow_duplicates = args.allow_duplicates;
    options.allowed_duplicates = args.allow_duplicate.iter().cloned().collect();
    options.limits.max_row = args.max_row;
    options.limits.max_total = args.max_total;
    options.limits.expect_count = args.expect_count;
    options.limits.expect_total = args.expect_total;
    options
}

/// What is allowed, and may be a mistake all the same.
fn warnings(summary: &Summary) -> Vec<String> {
    const MOST: usize = 20;
    let mut warnings = Vec::new();
    for duplicate in summary.duplicates.first.iter().take(MOST) {
        let (id, of) = (&duplicate.payment_id, &duplicate.of);
        warnings.push(format!("{id} pays the same payee the same amount as {of}, as allowed"));
    }
    for rolled in summary.rolled.first.iter().take(MOST) {
        let (id, from, to) = (&rolled.payment_id, rolled.from, rolled.to);
        warnings.push(format!("{id} is moved from {from} to {to}"));
    }
    let listed = [("duplicates", summary.duplicates.count), ("moved days", summary.rolled.count)];
    for (what, count) in listed.into_iter().filter(|(_, count)| *count > MOST as u64) {
        warnings.push(format!("{count} {what} in all"));
    }
    if summary.with_remittance > 0 {
        let count = summary.with_remittance;
        warnings.push(format!(
            "{count} payments have remittance information, which the bank does not take"
        ));
    }
    warnings
}

fn less(account: AccountId, balance: Money, total: Money) -> String {
    format!("account {account} has {balance} dollars, and {total} are to be paid from it")
}
