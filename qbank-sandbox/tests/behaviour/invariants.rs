//! What holds whatever is asked, in whatever order: a long random life of a bank, for
//! several seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use qbank_proto::IdempotencyKey;
use qbank_sandbox::{
    Ledger, OPERATING, PAYROLL, PaymentStatus, SAVINGS, SECOND_OPERATING, SECOND_SAVINGS, TREASURY,
};
use serde_json::Value;

use crate::customer::Customer;

const STEPS: u32 = 600;
const OWN: [qbank_proto::AccountId; 6] =
    [OPERATING, PAYROLL, TREASURY, SAVINGS, SECOND_OPERATING, SECOND_SAVINGS];
const REFERENCES: [&str; 8] = [
    "R-1",
    "R-2",
    "R-3",
    "SBX-VALIDATION-FUNDS",
    "SBX-VALIDATION-CLOSED",
    "SBX-CORE-FUNDS",
    "SBX-CORE-CLOSED",
    "SBX-CORE-ROUTING",
];

/// A small generator: the same seed, the same life.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let sides = u64::try_from(choices.len()).unwrap();
        choices[usize::try_from(self.below(sides)).unwrap()]
    }
}

fn write(customer: &mut Customer, dice: &mut Dice, key: &str) {
    // Those of the other client, too: they are refused.
    let (from, to) = (dice.of(&OWN), dice.of(&OWN));
    let cents = 1 + dice.below(300_000);
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let reference = dice.of(&REFERENCES);
    let bank = dice.of(&["021000021", "021000021", "990000000"]);
    let number = dice.of(&["12345", "9990000001", "9990000003"]);
    let elsewhere = format!(r#"{{"name":"Acme","bank_id":"{bank}","account_number":"{number}"}}"#);
    let (path, body) = match dice.below(4) {
        0 => (
            "/v1/payments/ach",
            format!(
                r#"{{"source_account_id":"{from}","destination_account_id":"{to}","amount":{amount},"reference_id":"{reference}"}}"#
            ),
        ),
        1 => (
            "/v1/payments/ach",
            format!(
                r#"{{"source_account_id":"{from}","recipient_details":{elsewhere},"amount":{amount},"effective_date":"2026-02-0{}"}}"#,
                1 + dice.below(9)
            ),
        ),
        2 => (
            "/v1/payments/wire",
            format!(
                r#"{{"source_account_id":"{from}","beneficiary_details":{elsewhere},"amount":{amount},"reference_code":"{reference}"}}"#
            ),
        ),
        _ => (
            "/v1/transfers",
            format!(r#"{{"from_account_id":"{from}","to_account_id":"{to}","amount":{amount}}}"#),
        ),
    };
    let first = customer.write(path, key, &body);
    assert!(first.status < 500, "{first:?}");
    if dice.below(3) == 0 {
        let entries = customer.bank.entries().len();
        let again = customer.write(path, key, &body);
        assert!(again.status == first.status || again.status == 409, "{first:?} {again:?}");
        assert_eq!(customer.bank.entries().len(), entries);
    }
}

fn holds(customer: &Customer, opening: &Ledger, finals: &mut BTreeMap<String, PaymentStatus>) {
    let ledger = customer.bank.ledger();
    assert_eq!(ledger.total, opening.total);
    let mut balances: BTreeMap<String, i64> = opening
        .accounts
        .iter()
        .map(|account| (account.account_id.to_string(), account.balance.cents()))
        .collect();
    let mut shift = |from: String, to: String, cents: i64| {
        *balances.get_mut(&from).unwrap() -= cents;
        *balances.get_mut(&to).unwrap() += cents;
    };
    let mut intents = BTreeSet::new();
    for entry in &ledger.entries {
        assert!(intents.insert(entry.intent_key), "one entry per intent");
        shift(entry.from.to_string(), entry.to.to_string(), entry.amount.cents());
        let Some(id) = entry.payment_id else { continue };
        let status = customer.bank.payment_status(id).unwrap();
        assert_eq!(entry.is_reversed(), status == PaymentStatus::Failed, "{entry:?}");
        if let Some(was) = finals.get(&id.to_string()) {
            assert_eq!(*was, status, "a final state stays");
        }
        if status.is_final() {
            finals.insert(id.to_string(), status);
        }
    }
    for reversal in &ledger.reversals {
        shift(reversal.from.to_string(), reversal.to.to_string(), reversal.amount.cents());
    }
    for account in &ledger.accounts {
        let id = account.account_id.to_string();
        assert_eq!(balances[&id], account.balance.cents(), "{}", account.name);
        if OWN.contains(&account.account_id) {
            assert!(account.balance.cents() >= 0, "{} owes", account.name);
        }
    }
}

/// The sum of what an account's transactions show since the bank opened.
fn listed(customer: &mut Customer, account: qbank_proto::AccountId) -> i64 {
    let path = format!("/v1/transactions?accountId={account}&postingDateGte=2026-01-06");
    let response = customer.get(&path);
    if response.status == 404 {
        return 0;
    }
    let cents = |amount: &Value| {
        let text = amount.to_string();
        let (dollars, rest) = text.split_once('.').unwrap_or((&text, ""));
        let cents: i64 = format!("{dollars}{rest:0<2}").parse().unwrap();
        cents
    };
    response.json().as_array().unwrap().iter().map(|it| cents(&it["amount"])).sum()
}

#[test]
fn money_is_neither_made_nor_lost_in_a_long_random_life() {
    for seed in 1..=6 {
        let mut dice = Dice(seed);
        let mut customer = Customer::new();
        let opening = customer.bank.ledger();
        let mut finals = BTreeMap::new();
        for step in 0..STEPS {
            let key = IdempotencyKey::from_entropy((u128::from(step) << 8 | 7).to_be_bytes());
            match dice.below(20) {
                0 => {
                    customer.advance(Duration::from_secs(dice.below(3 * 24 * 3_600)));
                    // The old token has expired, most likely.
                    match dice.below(6) {
                        0 => customer.log_in_as("sandbox-b", "sandbox-b-secret", ""),
                        _ => customer.log_in(""),
                    }
                }
                1 => {
                    let status = dice.of(&["Closed", "Active", "Active"]);
                    let account = dice.of(&OWN);
                    let body = format!(r#"{{"accountId":"{account}","status":"{status}"}}"#);
                    assert_eq!(customer.control("POST", "/accounts", &body).status, 204);
                }
                _ => write(&mut customer, &mut dice, &key.to_string()),
            }
            holds(&customer, &opening, &mut finals);
        }
        customer.advance(Duration::from_secs(90 * 24 * 3_600));
        holds(&customer, &opening, &mut finals);
        // Everything is final and everything is listed.
        for (client, secret, accounts) in
            [("sandbox", "sandbox-secret", &OWN[..4]), ("sandbox-b", "sandbox-b-secret", &OWN[4..])]
        {
            customer.log_in_as(client, secret, "");
            for account in accounts {
                let before = opening.accounts.iter().find(|it| it.account_id == *account).unwrap();
                let moved = customer.cents(*account) - before.balance.cents();
                assert_eq!(listed(&mut customer, *account), moved, "{client} {account}");
            }
        }
        let reversals = customer.bank.reversals().len();
        assert!(reversals > 10 && finals.len() > 20, "{reversals} {}", finals.len());
        assert!(
            customer.bank.entries().iter().filter_map(|it| it.payment_id).all(|id| {
                customer.bank.payment_status(id).is_some_and(PaymentStatus::is_final)
            })
        );
    }
}
