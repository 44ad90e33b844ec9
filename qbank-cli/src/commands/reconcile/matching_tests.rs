//! Histories of an account, made up, of which it is known what was paid.

use std::collections::BTreeMap;

use qbank_proto::chrono::TimeDelta;
use qbank_proto::uuid::Uuid;

use super::*;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What the bank and the payer have, and what the payer does not know.
struct History {
    doubts: Vec<Doubt>,
    known: Vec<Known>,
    debits: Vec<Debit>,
    /// The debit of each row in doubt that was paid.
    paid: BTreeMap<RowId, TransactionId>,
    foreign: Vec<TransactionId>,
}

fn account() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(1))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A few amounts that collide, references that collide or are missing, descriptions that name
/// them or are all alike, loads that have not run.
fn history(seed: u64) -> History {
    let mut random = Random(seed);
    let constant = random.percent(50);
    let shows = random.percent(80);
    let names_requests = random.percent(70);
    let mut made = History {
        doubts: Vec::new(),
        known: Vec::new(),
        debits: Vec::new(),
        paid: BTreeMap::new(),
        foreign: Vec::new(),
    };
    for n in 0..=random.below(8) {
        let group = (account(), 100 * (1 + i64::try_from(random.below(3)).unwrap()));
        let name = if random.percent(20) { "RENT".to_owned() } else { format!("INV-{n}") };
        let reference = (!random.percent(20)).then_some(name);
        let id = TransactionId::from_uuid(Uuid::from_u128(u128::from(n) + 100));
        let request = RequestId::from_uuid(Uuid::from_u128(u128::from(n) + 1000));
        let is_known = random.percent(40);
        let is_paid = is_known || random.percent(50);
        if is_paid && (shows || random.percent(50)) {
            let text = reference.clone().filter(|_| !constant);
            made.debits.push(Debit {
                id,
                group,
                at: Some(moment()),
                request_id: random.percent(90).then_some(request),
                description: text.map_or("PAYMENT".to_owned(), |text| format!("ACH {text} ACME")),
            });
        }
        if is_known {
            let request_id = names_requests.then_some(request);
            made.known.push(Known { group, reference, request_id });
            continue;
        }
        let row = i64::try_from(n).unwrap();
        if is_paid {
            made.paid.insert(row, id);
        }
        made.doubts.push(Doubt {
            id: row,
            group,
            reference,
            from: moment() - TimeDelta::hours(1),
            until: moment() + TimeDelta::days(4),
            shows,
        });
    }
    // Older payments, whose debits are outside of the list, and such as will only be booked.
    for n in 0..random.below(3) {
        let group = (account(), 100 * (1 + i64::try_from(random.below(3)).unwrap()));
        let request = RequestId::from_uuid(Uuid::from_u128(u128::from(n) + 7000));
        let request_id = names_requests.then_some(request);
        made.known.push(Known { group, reference: Some(format!("OLD-{n}")), request_id });
    }
    // Somebody else pays the same amounts; where descriptions are all alike, other ones: that,
    // nothing could tell.
    for n in 0..random.below(3) {
        let cents = 100 * (1 + i64::try_from(random.below(3)).unwrap());
        let amount = if constant { 990 } else { cents };
        let id = TransactionId::from_uuid(Uuid::from_u128(u128::from(n) + 500));
        made.foreign.push(id);
        made.debits.push(Debit {
            id,
            group: (account(), amount),
            at: Some(moment()),
            request_id: Some(RequestId::from_uuid(Uuid::from_u128(u128::from(n) + 5000))),
            description: if constant { "PAYMENT".to_owned() } else { format!("CARD {n}") },
        });
    }
    made
}

#[test]
fn no_history_has_a_false_match() {
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = 0;
    for seed in 0..20_000 {
        let made = history(seed);
        let found = compare(made.doubts.clone(), &made.known, made.debits.clone());
        for (row, how, debit) in &found.matched {
            let paid = made.paid.get(row);
            assert!(paid.is_some(), "seed {seed}: row {row} was not paid: {how:?}");
            if *how == By::Reference {
                assert_eq!(debit.as_ref(), paid, "seed {seed}: row {row} is another's debit");
            }
        }
        for row in &found.not_found {
            assert!(!made.paid.contains_key(row), "seed {seed}: row {row} was paid");
        }
        let told = [
            ("reference", found.matched.iter().filter(|it| it.1 == By::Reference).count()),
            ("count", found.matched.iter().filter(|it| it.1 == By::Count).count()),
            ("not found", found.not_found.len()),
            ("pending", found.pending.len()),
            ("ambiguous", found.ambiguous.len()),
        ];
        let sum: usize = told.iter().map(|(_, count)| count).sum();
        assert_eq!(sum, made.doubts.len(), "seed {seed}: each row is in one list");
        all += sum;
        for (name, count) in told {
            *by.entry(name).or_default() += count;
        }
        for debit in &found.unexpected {
            let known = made.paid.values().any(|id| *id == debit.id);
            assert!(
                !known || !found.matched.iter().any(|it| it.2 == Some(debit.id)),
                "seed {seed}"
            );
        }
    }
    let percent = |count: &usize| 100 * count / all;
    println!(
        "of {all} in doubt, percent: {:?}",
        by.iter().map(|(name, n)| (name, percent(n))).collect::<Vec<_>>()
    );
    assert!(by.values().all(|count| *count > 0), "each rule is needed: {by:?}");
}

#[test]
fn a_reference_is_a_word_of_its_own() {
    assert!(has("ACH INV-7 ACME", "inv-7"));
    assert!(has("INV-7", "INV-7"));
    for text in ["ACH INV-71", "XINV-7", "INV-7-2", "", "ACH"] {
        assert!(!has(text, "INV-7"), "{text}");
    }
    assert!(!has("ACH", " "));
}

#[test]
fn two_in_doubt_and_one_debit_are_for_a_person() {
    let doubt = |id| Doubt {
        id,
        group: (account(), 100),
        reference: None,
        from: moment() - TimeDelta::hours(1),
        until: moment() + TimeDelta::days(1),
        shows: true,
    };
    let debit = |n| Debit {
        id: TransactionId::from_uuid(Uuid::from_u128(n)),
        group: (account(), 100),
        at: Some(moment()),
        request_id: None,
        description: "PAYMENT".to_owned(),
    };
    let found = compare(vec![doubt(1), doubt(2)], &[], vec![debit(1)]);
    assert_eq!(found.ambiguous, [1, 2]);
    // As many as there are, described as a payment that is known to be ours.
    let request = RequestId::from_uuid(Uuid::from_u128(9));
    let ours = Debit { group: (account(), 7), request_id: Some(request), ..debit(3) };
    let known = Known { group: ours.group, reference: None, request_id: Some(request) };
    let all = vec![debit(1), debit(2), ours];
    let found = compare(vec![doubt(1), doubt(2)], &[known], all);
    assert_eq!(found.matched.len(), 2);
    // Without one, it may be anybody's.
    let found = compare(vec![doubt(1)], &[], vec![debit(1)]);
    assert_eq!(found.ambiguous, [1]);
    let found = compare(vec![doubt(1)], &[], Vec::new());
    assert_eq!(found.not_found, [1]);
    let early = Doubt { shows: false, ..doubt(1) };
    assert_eq!(compare(vec![early], &[], Vec::new()).pending, [1]);
}
