//! Pays many invoices with a limit on calls in flight, on a sandbox bank in this
//! process that fails now and then.
//!
//! ```sh
//! cargo run -p qbank-hyper --example pay_many
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use qbank_hyper::bytes::Bytes;
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::http::Request;
use qbank_hyper::{Amount, Client, Config, Credentials, Driver, Environment, Scope, submit_all};
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
    let environment = Environment::Sandbox { port: bank.addr().port() };
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let client = Client::new(Config::new(environment, credentials).scopes(Scope::ALL))?;

    let fault = r#"{"path":"/v1/payments/ach","kind":"drop_after_commit","times":8}"#;
    let order = Request::post("/_sandbox/faults").body(Bytes::from_static(fault.as_bytes()))?;
    bank.bank().lock().handle(client.driver().now().unix, order);

    let invoices = (1..=200).filter_map(|cents| Amount::from_cents(cents).ok());
    let payments = invoices.map(|amount| CreateAch::new(OPERATING, PAYROLL, amount));
    let calls = payments.map(|payment| client.payments().create_ach(payment).call());

    let (mut accepted, mut followed, mut failed) = (0, 0, 0);
    let mut results = submit_all(&client, calls.collect::<Vec<_>>(), 16);
    while let Some((position, result)) = results.next().await {
        match result {
            Ok(reply) => {
                accepted += 1;
                followed += i32::from(reply.followed);
            }
            Err(error) => {
                failed += 1;
                println!("invoice {position}: {error}");
            }
        }
    }
    println!("{accepted} accepted ({followed} found in process and followed), {failed} failed");
    println!("the bank's ledger has {} entries", bank.bank().lock().entries().len());
    Ok(())
}
