//! The SQL of the guide, as it is printed there, on Postgres.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;
mod server;

use behaviour::Setup;
use qbank_outbox::{End, State};
use server::Database;

/// The blocks of this language, in order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_guides_statements_enqueue_what_is_paid() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let page = include_str!("../../docs/src/guides/outbox.md");
    let [insert, trigger] = blocks(page, "sql")[..] else { panic!("two blocks of SQL") };
    setup.place.sql(insert).unwrap();
    setup.place.sql(insert).unwrap();
    setup.place.sql(trigger).unwrap();
    let payee = qbank_sandbox::PAYROLL;
    let invoice = format!(
        "INSERT INTO invoice VALUES ('INV-8', '{payee}', 705, NULL);
         UPDATE invoice SET approved_by = 'ap.head'"
    );
    setup.place.sql(&invoice).unwrap();
    assert_eq!(setup.work(), End::Empty);
    let rows = setup.listed();
    let ids: Vec<&str> = rows.iter().map(|row| &row.id[..]).collect();
    assert_eq!(ids, ["INV-7", "INV-8"]);
    assert!(rows.iter().all(|row| row.state == State::Accepted), "{rows:#?}");
    let mut paid: Vec<String> =
        setup.bank.entries().iter().map(|it| it.amount.to_string()).collect();
    paid.sort();
    assert_eq!(paid, ["1000.50", "7.05"]);
    setup.chains_hold();
}
