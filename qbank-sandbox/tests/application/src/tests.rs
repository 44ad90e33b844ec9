use qbank_sandbox::in_process::BlockingDriver;
use qbank_sandbox::{BankConfig, BankFault, InProcess, OPERATING, PAYROLL};

use super::*;

fn payer(bank: &InProcess, journal: BTreeMap<String, Invoice>) -> Payer<BlockingDriver> {
    Payer::new(ClientOver::with_driver(bank.config(), bank.blocking()).unwrap(), journal)
}

fn dollars(amount: &str) -> CreateAch {
    CreateAch::new(OPERATING, PAYROLL, amount.parse().unwrap())
}

#[test]
fn the_journal_has_every_fate() {
    let bank = InProcess::new(BankConfig::default());
    let mut payer = payer(&bank, BTreeMap::new());
    assert!(matches!(payer.pay("paid", dollars("10")), Invoice::Accepted(Some(_))));
    assert!(matches!(payer.pay("too much", dollars("900000")), Invoice::NotPaid { .. }));
    bank.inject(BankFault::in_flight().on("/payments/ach"));
    assert!(matches!(payer.pay("conflict", dollars("20")), Invoice::InProgress(Some(_))));
    bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(3));
    assert!(matches!(payer.pay("lost", dollars("30")), Invoice::InDoubt { .. }));
    assert!(matches!(payer.resume("lost", dollars("30")), Invoice::Accepted(Some(_))));
    bank.set_reachable(false);
    assert!(matches!(payer.pay("offline", dollars("40")), Invoice::NotPaid { .. }));
    assert_eq!(bank.entries().len(), 3);
}

#[test]
fn a_crash_pays_nothing_twice() {
    let bank = InProcess::new(BankConfig::default());
    let mut crashed = payer(&bank, BTreeMap::new());
    drop(crashed.prepare("A-1", dollars("10")));
    let mut restarted = payer(&bank, crashed.journal);
    assert!(matches!(restarted.resume("A-1", dollars("10")), Invoice::Accepted(_)));
    assert!(matches!(restarted.pay("A-1", dollars("10")), Invoice::Accepted(_)));
    assert_eq!(bank.entries().len(), 1);
}
