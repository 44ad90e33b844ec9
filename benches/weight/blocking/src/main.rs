//! A balance read and a payment made with the blocking client: as small as a program is.

use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::{AccountId, Client, Config, Credentials, Environment};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("QBANK_CLIENT_SECRET")?;
    let account: AccountId = std::env::var("ACCOUNT")?.parse()?;
    let client =
        Client::new(Config::new(Environment::Production, Credentials::client("id", secret)))?;
    let balance = client.balances().get(account).send()?;
    println!("{:?}", balance.value.available_balance);
    let payment = CreateAch::new(account, account, "10.50".parse()?);
    let reply = client.payments().create_ach(payment).send()?;
    println!("{:?}", reply.value.payment_id);
    Ok(())
}
