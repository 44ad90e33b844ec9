//! Pays once whatever happens, on a sandbox bank in this process: the response is
//! lost, the process "crashes", and with what it had saved the payment is resumed.
//!
//! ```sh
//! cargo run -p qbank-blocking --example pay
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::SystemTime;

use qbank_blocking::bytes::Bytes;
use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::http::Request;
use qbank_blocking::{
    Client, Config, Credentials, Driver, Environment, Fate, IdempotencyKey, Resume, Scope,
};
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, Server};

// ANCHOR: saved
/// What an application keeps in its own database before it sends.
struct Saved {
    key: IdempotencyKey,
    body: Bytes,
    first_sent: SystemTime,
}
// ANCHOR_END: saved

fn main() -> Result<(), Box<dyn Error>> {
    let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
    let environment = Environment::Sandbox { port: bank.addr().port() };
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let config = Config::new(environment, credentials).scopes(Scope::ALL);
    let client = Client::new(config)?;

    let fault = r#"{"method":"POST","path":"/v1/payments/ach","kind":"drop_after_commit"}"#;
    let order = Request::post("/_sandbox/faults").body(Bytes::from_static(fault.as_bytes()))?;
    bank.bank().lock().handle(client.driver().now().unix, order);

    // ANCHOR: save
    let invoice = CreateAch::new(OPERATING, PAYROLL, "1000.50".parse()?);
    let call = client.payments().create_ach(invoice.clone()).max_retries(0).call();
    let saved = Saved {
        key: call.key().ok_or("a payment has a key")?,
        body: call.body().clone(),
        first_sent: SystemTime::now(),
    };
    // ANCHOR_END: save
    match client.drive(call) {
        Err(error) if error.fate() == Fate::Unknown => println!("first run:  {error}"),
        other => println!("first run:  {other:?}"),
    }

    // ANCHOR: resume
    // Another process, another day: only what was saved is left.
    let resume = Resume::new(saved.key, saved.first_sent).body(saved.body);
    let reply = client.payments().create_ach(invoice).resume(resume).send()?;
    // ANCHOR_END: resume
    println!("second run: {} as {:?}", reply.fate, reply.value.payment_id);
    println!("the bank's ledger has {} entry", bank.bank().lock().entries().len());
    Ok(())
}
