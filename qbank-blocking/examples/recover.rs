//! An application's own table of payments: what is written before the send, what each fate
//! means for the row, and how the next run settles what is open. The sandbox bank in this
//! process loses the response to the first payment.
//!
//! ```sh
//! cargo run -p qbank-blocking --example recover
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::SystemTime;

use qbank_blocking::bytes::Bytes;
use qbank_blocking::endpoint::{AchAccepted, CreateAch};
use qbank_blocking::http::Request;
use qbank_blocking::{
    Client, Config, Credentials, Driver, Environment, Fate, IdempotencyKey, PaymentId, Reply,
    Resume, Scope,
};
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, Server};

// ANCHOR: row
/// A row of the application's table, one for each invoice.
struct Row {
    invoice: CreateAch,
    /// Written in one transaction before the first send, and never changed.
    key: IdempotencyKey,
    body: Bytes,
    first_sent: SystemTime,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Perhaps sent: settle it before anything else is paid for this invoice.
    Open,
    /// No money moved under this key.
    NotPaid,
    /// The bank has it; its webhook or `payments().wait(id)` says how it ends.
    WithTheBank(Option<PaymentId>),
}
// ANCHOR_END: row

// ANCHOR: pay
fn pay(client: &Client, table: &mut Vec<Row>, invoice: CreateAch) -> Result<(), Box<dyn Error>> {
    let call = client.payments().create_ach(invoice.clone()).max_retries(0).call();
    // Commit the row to the database, and only then send.
    table.push(Row {
        invoice,
        key: call.key().ok_or("a payment has a key")?,
        body: call.body().clone(),
        first_sent: SystemTime::now(),
        state: State::Open,
    });
    let state = state_after(client.drive(call));
    if let Some(row) = table.last_mut() {
        row.state = state;
    }
    Ok(())
}
// ANCHOR_END: pay

// ANCHOR: fates
fn state_after(outcome: Result<Reply<AchAccepted>, qbank_blocking::Error>) -> State {
    let error = match outcome {
        Ok(reply) => return State::WithTheBank(reply.value.payment_id),
        Err(error) => error,
    };
    println!("{error}");
    match error.fate() {
        Fate::NeverSent | Fate::Refused => State::NotPaid,
        Fate::InProgress | Fate::Accepted => State::WithTheBank(error.transaction_id()),
        // Unknown, and whatever a later version of the library adds.
        _ => State::Open,
    }
}
// ANCHOR_END: fates

// ANCHOR: settle
/// At the start of each run, and later for every row that stays open.
fn settle(client: &Client, table: &mut [Row]) {
    for row in table.iter_mut().filter(|row| matches!(row.state, State::Open)) {
        let saved = Resume::new(row.key, row.first_sent).body(row.body.clone());
        let payment = client.payments().create_ach(row.invoice.clone());
        row.state = state_after(payment.resume(saved).send());
    }
}
// ANCHOR_END: settle

fn main() -> Result<(), Box<dyn Error>> {
    let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
    let environment = Environment::Sandbox { port: bank.addr().port() };
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let client = Client::new(Config::new(environment, credentials).scopes(Scope::ALL))?;

    let fault = r#"{"method":"POST","path":"/v1/payments/ach","kind":"drop_after_commit"}"#;
    let request = Request::post("/_sandbox/faults").body(Bytes::from_static(fault.as_bytes()))?;
    bank.bank().lock().handle(client.driver().now().unix, request);

    let mut table = Vec::new();
    pay(&client, &mut table, CreateAch::new(OPERATING, PAYROLL, "1000.50".parse()?))?;
    println!("after the first run:  {:?}", table[0].state);
    settle(&client, &mut table);
    match &table[0].state {
        State::WithTheBank(payment) => println!("after the second run: accepted as {payment:?}"),
        other => println!("after the second run: {other:?}"),
    }
    println!("the bank's ledger has {} entry", bank.bank().lock().entries().len());
    Ok(())
}
