//! Which of the bank's debits are the payments that are in doubt. Pure: nothing is read here.
//!
//! A false match would be believed, so what is not sure is ambiguous. Of payments and debits of
//! one account and one amount, as many are compared as there are: two payments in doubt and one
//! debit say that one was paid, and not which. That somebody else pays the same amount in the same
//! days, where all descriptions are alike, nothing here can tell: a match by count is no proof.

use std::collections::{BTreeMap, BTreeSet};

use qbank_outbox::RowId;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{AccountId, RequestId, TransactionId};

/// A payment of which only the bank's transactions can tell whether it was made.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) id: RowId,
    pub(super) group: Group,
    pub(super) reference: Option<String>,
    /// When it may have been made.
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    /// Whether what was made until then shows by now.
    pub(super) shows: bool,
}

/// A payment that the bank is known to have: its debit is explained.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) group: Group,
    pub(super) reference: Option<String>,
    pub(super) request_id: Option<RequestId>,
}

/// A debit of the bank's list that was not reversed.
#[derive(Debug, Clone)]
pub(super) struct Debit {
    pub(super) id: TransactionId,
    pub(super) group: Group,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) request_id: Option<RequestId>,
    pub(super) description: String,
}

/// Within a group, payments are alike but for their references.
pub(super) type Group = (AccountId, i64);

/// How a payment was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The debit's description has its reference, and no other debit's.
    Reference,
    /// There are as many debits as payments in doubt.
    Count,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// With its debit, where it is known which.
    pub(super) matched: Vec<(RowId, By, Option<TransactionId>)>,
    /// What should show by now, and does not.
    pub(super) not_found: Vec<RowId>,
    /// What does not have to show yet.
    pub(super) pending: Vec<RowId>,
    /// For a person.
    pub(super) ambiguous: Vec<RowId>,
    /// Debits of the time in question that no payment explains.
    pub(super) unexpected: Vec<Debit>,
}

/// Compares them.
pub(super) fn compare(doubts: Vec<Doubt>, known: &[Known], debits: Vec<Debit>) -> Compared {
    let mut found = Compared::default();
    let names_known = names_references(known, &debits);
    let ids: BTreeSet<RequestId> = known.iter().filter_map(|it| it.request_id).collect();
    let explained: BTreeSet<RequestId> = debits.iter().filter_map(|it| it.request_id).collect();
    let is_known = |debit: &Debit| debit.request_id.is_some_and(|id| ids.contains(&id));
    let (explained_debits, mut debits): (Vec<Debit>, Vec<Debit>) =
        debits.into_iter().partition(is_known);
    // Whose debit cannot be told by the request: it is one of those that are left.
    let mut anonymous: Vec<&Known> =
        known.iter().filter(|it| it.request_id.is_none_or(|id| !explained.contains(&id))).collect();
    let (from, until) = window(&doubts);
    let ours: BTreeSet<&str> = explained_debits.iter().map(|it| &it.description[..]).collect();
    let mut taken: BTreeSet<TransactionId> = BTreeSet::new();
    let left = by_reference(doubts, &anonymous, &mut debits, &mut taken, &mut found);
    // Theirs are among those that were set aside for their reference.
    anonymous.retain(|known| {
        let names = |debit: &Debit| {
            let reference = known.reference.as_deref().unwrap_or_default();
            debit.group == known.group && has(&debit.description, reference)
        };
        !debits.iter().any(|debit| taken.contains(&debit.id) && names(debit))
    });
    // Where any debit has a reference of ours, one of ours may be expected to have its own.
    let informative = names_known || !found.matched.is_empty() || !taken.is_empty();
    let mut groups: BTreeMap<Group, Vec<Doubt>> = BTreeMap::new();
    for doubt in left {
        groups.entry(doubt.group).or_default().push(doubt);
    }
    let foreign = |account: AccountId| {
        debits.iter().any(|debit| {
            let of_known = anonymous.iter().any(|it| it.group == debit.group);
            let of_doubt = groups.contains_key(&debit.group);
            debit.group.0 == account && !of_known && !of_doubt && within(debit, from, until)
        })
    };
    for (group, doubts) in &groups {
        let others = anonymous.iter().filter(|it| it.group == *group).count();
        let (from, until) = window(doubts);
        let near: Vec<&Debit> = debits
            .iter()
            .filter(|debit| debit.group == *group && within(debit, from, until))
            .filter(|debit| !taken.contains(&debit.id))
            .collect();
        let seen: Vec<TransactionId> = near.iter().map(|debit| debit.id).collect();
        let ids = doubts.iter().map(|it| it.id);
        let unnamed = informative && doubts.iter().any(|it| it.reference.is_some());
        if near.is_empty() {
            absent(doubts.clone(), &mut found);
        } else if doubts.iter().any(|it| !it.shows) {
            found.pending.extend(ids);
        } else if near.len() == doubts.len()
            && others == 0
            && !unnamed
            && !foreign(group.0)
            && look_alike(&near, &ours)
        {
            // Which is whose, only one of each can tell.
            let one = near.first().map(|debit| debit.id).filter(|_| near.len() == 1);
            found.matched.extend(ids.map(|id| (id, By::Count, one)));
        } else {
            found.ambiguous.extend(ids);
        }
        taken.extend(seen);
    }
    debits.retain(|debit| {
        let of_known = anonymous.iter().any(|it| it.group == debit.group);
        !of_known && !taken.contains(&debit.id) && within(debit, from, until)
    });
    found.unexpected = debits;
    found
}

/// Whether this bank's descriptions have the payer's reference: some known payment's has.
fn names_references(known: &[Known], debits: &[Debit]) -> bool {
    known.iter().any(|it| {
        let (Some(reference), Some(id)) = (&it.reference, it.request_id) else { return false };
        debits
            .iter()
            .any(|debit| debit.request_id == Some(id) && has(&debit.description, reference))
    })
}

/// Those whose reference is in one debit's description alone, and is no other payment's.
fn by_reference(
    doubts: Vec<Doubt>,
    anonymous: &[&Known],
    debits: &mut Vec<Debit>,
    taken: &mut BTreeSet<TransactionId>,
    found: &mut Compared,
) -> Vec<Doubt> {
    let mut left = Vec::new();
    let all = doubts.clone();
    for doubt in doubts {
        let Some(reference) = doubt.reference.clone() else {
            left.push(doubt);
            continue;
        };
        let alike = |group: Group, other: &Option<String>| {
            group == doubt.group && other.as_deref() == Some(&reference[..])
        };
        let rivals = all.iter().filter(|it| alike(it.group, &it.reference)).count()
            + anonymous.iter().filter(|it| alike(it.group, &it.reference)).count();
        let named: Vec<usize> = debits
            .iter()
            .enumerate()
            .filter(|(_, it)| it.group == doubt.group && has(&it.description, &reference))
            .filter(|(_, it)| within(it, doubt.from, doubt.until))
            .map(|(at, _)| at)
            .collect();
        // A word that other payments have as well is no reference.
        let account = doubt.group.0;
        let uses =
            debits.iter().filter(|it| it.group.0 == account && has(&it.description, &reference));
        let is_own = uses.count() == 1;
        match named[..] {
            [at] if rivals == 1 && is_own => {
                let debit = debits.remove(at);
                found.matched.push((doubt.id, By::Reference, Some(debit.id)));
            }
            [] => left.push(doubt),
            // Several of one reference: how many there are does not say which was paid.
            _ => {
                taken.extend(named.iter().map(|at| debits[*at].id));
                found.ambiguous.push(doubt.id);
            }
        }
    }
    left
}

/// Whether these are described as payments are that are known to be ours.
fn look_alike(debits: &[&Debit], ours: &BTreeSet<&str>) -> bool {
    debits.iter().all(|debit| ours.contains(&debit.description[..]))
}

/// Nothing shows.
fn absent(doubts: Vec<Doubt>, found: &mut Compared) {
    for doubt in doubts {
        let list = if doubt.shows { &mut found.not_found } else { &mut found.pending };
        list.push(doubt.id);
    }
}

fn window(doubts: &[Doubt]) -> (DateTime<Utc>, DateTime<Utc>) {
    let from = doubts.iter().map(|it| it.from).min().unwrap_or(DateTime::<Utc>::MAX_UTC);
    let until = doubts.iter().map(|it| it.until).max().unwrap_or(DateTime::<Utc>::MIN_UTC);
    (from, until)
}

/// A debit without a moment may be of any.
fn within(debit: &Debit, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
    debit.at.is_none_or(|at| from <= at && at <= until)
}

/// Whether a text has these words by themselves: `INV-7` is not in `INV-71`.
fn has(text: &str, reference: &str) -> bool {
    let (text, reference) = (text.to_lowercase(), reference.trim().to_lowercase());
    if reference.is_empty() {
        return false;
    }
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_');
    text.match_indices(&reference).any(|(at, _)| {
        let before = text.get(..at).and_then(|it| it.chars().next_back());
        let after = text.get(at + reference.len()..).and_then(|it| it.chars().next());
        !is_part(before) && !is_part(after)
    })
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
