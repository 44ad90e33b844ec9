//! Pays over a transport of one's own, on a sandbox bank in this process.
//!
//! ```sh
//! cargo run -p qbank-conformance --example reqwest
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

#[allow(unreachable_pub, reason = "in an application it is a library's")]
mod driver;

use std::error::Error;
use std::sync::Arc;

use driver::Reqwest;
use qbank_proto::endpoint::{CreateAch, ListTransactions};
use qbank_proto::{Client, Config, Credentials, Environment, Scope};
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, Server};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
    let environment = Environment::Sandbox { port: bank.addr().port() };
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let config = Config::new(environment, credentials).scopes(Scope::ALL);

    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::with_driver(config, Reqwest::new(tls, |builder| builder))?;

    let invoice = CreateAch::new(OPERATING, PAYROLL, "1000.50".parse()?);
    match client.payments().create_ach(invoice).send().await {
        Ok(reply) => println!("{} as {:?}", reply.fate, reply.value.payment_id),
        Err(error) => println!("{}: {error}", error.fate()),
    }

    let listing = client.transactions().list(ListTransactions::new());
    let mut transactions = listing.stream().await?;
    let mut count = 0;
    while let Some(transaction) = transactions.next().await {
        transaction?;
        count += 1;
    }
    println!("{count} transactions, status {}", transactions.reply().status());
    Ok(())
}
