//! The bank's debits, for what it could not be asked about.

use std::collections::{BTreeMap, BTreeSet};

use qbank_outbox::{Evidence, Kind, Request};
use qbank_proto::chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use qbank_proto::endpoint::{ListTransactions, Transaction, TransactionStatus};
use qbank_proto::{AccountId, ListDriver as _, OpenList};

use super::matching::{self, By, Debit, Doubt, Group, Known};
use super::report::{Entry, How, Report, Unexpected};
use super::rows::Rows;
use crate::client::Client;
use crate::failure::Failure;

/// Clocks differ, and a bank dates a debit by the day on which it settles.
const BEFORE: TimeDelta = TimeDelta::hours(1);
const AFTER: TimeDelta = TimeDelta::days(4);
/// No call lasts longer, nor does its lease.
const LONGEST_CALL: TimeDelta = TimeDelta::hours(1);
/// A nightly load has run after any moment that is so long ago.
const A_NIGHT: TimeDelta = TimeDelta::hours(25);

pub(super) fn compare(client: &Client, rows: &Rows, report: &mut Report) -> Result<(), Failure> {
    if rows.doubtful.is_empty() {
        return Ok(());
    }
    let accounts: BTreeSet<AccountId> = rows.doubtful.iter().filter_map(account).collect();
    let since = rows.doubtful.iter().filter_map(|it| it.row.first_sent_at).min();
    let since = since.map(|at| (at - BEFORE).date_naive());
    let mut debits = Vec::new();
    let mut seen_until: BTreeMap<AccountId, DateTime<Utc>> = BTreeMap::new();
    for account in accounts {
        let list = debits_of(client, account, since)?;
        seen_until.insert(account, list.seen_until);
        debits.extend(list.debits);
    }
    let known: Vec<Known> = rows.known.iter().filter_map(known).collect();
    let doubt = |it: &Evidence| doubt(it, &seen_until);
    let doubts: Vec<Doubt> = rows.doubtful.iter().filter_map(doubt).collect();
    let unread =
        rows.doubtful.iter().filter(|it| !doubts.iter().any(|doubt| doubt.id == it.row.id));
    report.ambiguous.extend(unread.map(|it| Entry::of(it, How::NotShown)));
    let found = matching::compare(doubts.clone(), &known, debits);
    let row = |id| rows.doubtful.iter().find(|it| it.row.id == id);
    for (id, by, transaction) in found.matched {
        let how = match by {
            By::Reference => How::Reference,
            By::Count => How::Count,
        };
        let entry = row(id).map(|it| Entry::of(it, how).by(transaction));
        report.matched.extend(entry);
    }
    let entries = |ids: Vec<i64>, how| {
        ids.into_iter().filter_map(row).map(move |it| Entry::of(it, how)).collect::<Vec<_>>()
    };
    // As many as there are is no proof.
    report.in_doubt += report.matched.iter().filter(|entry| entry.is_by_count()).count();
    report.not_found.extend(entries(found.not_found, How::Transactions));
    report.in_doubt += found.pending.len();
    report.pending.extend(entries(found.pending, How::Transactions));
    report.ambiguous.extend(entries(found.ambiguous, How::Transactions));
    report.unexpected.extend(found.unexpected.into_iter().map(Unexpected::of));
    Ok(())
}

struct Debits {
    debits: Vec<Debit>,
    /// What happened until then shows.
    seen_until: DateTime<Utc>,
}

fn debits_of(
    client: &Client,
    account: AccountId,
    since: Option<NaiveDate>,
) -> Result<Debits, Failure> {
    let mut filter = ListTransactions::new();
    filter.account_id = Some(account);
    filter.posted_since = since;
    let opening = client.call(OpenList(filter)).call();
    let list = client.driver().open::<ListTransactions, _>(opening)?;
    let date = list.reply().headers().get("date").and_then(|date| date.to_str().ok());
    let now = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let now = now.map_or_else(Utc::now, |now| now.to_utc());
    let mut found = Debits { debits: Vec::new(), seen_until: now - A_NIGHT };
    for item in list {
        let item: Transaction = item?;
        let posted = item.posting_date.filter(|posted| *posted <= now);
        found.seen_until = found.seen_until.max(posted.unwrap_or(found.seen_until));
        found.debits.extend(debit(account, item));
    }
    Ok(found)
}

/// A debit that stands.
fn debit(account: AccountId, item: Transaction) -> Option<Debit> {
    let cents = item.amount?.cents();
    if cents >= 0 || item.status == Some(TransactionStatus::Reversed) {
        return None;
    }
    Some(Debit {
        id: item.transaction_id,
        group: (account, cents.checked_neg()?),
        at: item.transaction_date.or(item.posting_date),
        request_id: item.audit.request_id,
        description: item.description.unwrap_or_default(),
    })
}

fn account(evidence: &Evidence) -> Option<AccountId> {
    evidence.intent.source_account.parse().ok()
}

/// A check that is issued makes no debit until somebody presents it.
fn group(evidence: &Evidence) -> Option<Group> {
    if evidence.intent.kind == Kind::CheckIssue {
        return None;
    }
    Some((account(evidence)?, evidence.intent.amount_cents))
}

/// Not there once its body has been pruned.
fn reference(evidence: &Evidence) -> Option<String> {
    let body = std::str::from_utf8(&evidence.intent.body).ok()?;
    let request = Request::read(evidence.intent.kind, body).ok()?;
    request.reference().filter(|it| !it.trim().is_empty()).map(str::to_owned)
}

fn known(evidence: &Evidence) -> Option<Known> {
    Some(Known {
        group: group(evidence)?,
        reference: reference(evidence),
        request_id: evidence.row.bank_request_id.as_deref().and_then(|id| id.parse().ok()),
    })
}

fn doubt(evidence: &Evidence, seen: &BTreeMap<AccountId, DateTime<Utc>>) -> Option<Doubt> {
    let group = group(evidence)?;
    let first = evidence.row.first_sent_at?;
    // A send that nobody saw the end of has ended with its lease.
    let begun = evidence.links.iter().filter(|link| link.event == "sending");
    let begun = begun.map(|link| link.timestamp + LONGEST_CALL);
    let ended = evidence.attempts.iter().map(|it| it.ended_at);
    let last = begun.chain(ended).max().unwrap_or(evidence.read_at).max(first);
    let effective = evidence.intent.effective_date.as_deref().and_then(|day| day.parse().ok());
    let effective = effective.and_then(|day: NaiveDate| day.and_hms_opt(0, 0, 0));
    // Booked at the latest on the day that was asked for.
    let booked = effective.map_or(last, |day| last.max(day.and_utc() + TimeDelta::days(1)));
    let until = booked + AFTER;
    let shows = seen.get(&group.0).is_some_and(|seen| *seen > booked);
    Some(Doubt {
        id: evidence.row.id,
        group,
        reference: reference(evidence),
        from: first - BEFORE,
        until,
        shows,
    })
}
