//! A balance read and a payment made with the async client: as small as a program is.

use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{AccountId, Client, Config, Credentials, Environment, Error};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("QBANK_CLIENT_SECRET")?;
    let account: AccountId = std::env::var("ACCOUNT")?.parse()?;
    let client =
        Client::new(Config::new(Environment::Production, Credentials::client("id", secret)))?;
    let amount = "10.50".parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let balance = client.balances().get(account).send().await?;
        println!("{:?}", balance.value.available_balance);
        let payment = CreateAch::new(account, account, amount);
        let reply = client.payments().create_ach(payment).send().await?;
        println!("{:?}", reply.value.payment_id);
        Ok::<_, Error>(())
    })?;
    Ok(())
}
