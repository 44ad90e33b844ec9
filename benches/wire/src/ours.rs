//! The same calls through `qbank-hyper`, as an application makes them.

use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{AccountId, Client, Config, Credentials, Environment};

use crate::{ACCOUNT, Failure};

/// A client for the bank at this port.
pub fn client(port: u16) -> Result<Client, Failure> {
    Ok(Client::new(config(port)?)?)
}

/// Its configuration: the defaults.
pub fn config(port: u16) -> Result<Config, Failure> {
    let credentials = Credentials::client("bench", "bench-secret");
    Ok(Config::new(Environment::Sandbox { port }, credentials))
}

/// One call: a balance, or an ACH payment.
pub async fn call(client: Client, post: bool) -> Result<(), Failure> {
    let account: AccountId = ACCOUNT.parse()?;
    if post {
        let payment = CreateAch::new(account, account, "1000.50".parse()?);
        let reply = client.payments().create_ach(payment).send().await?;
        assert!(reply.value.payment_id.is_some());
    } else {
        let reply = client.balances().get(account).send().await?;
        assert!(reply.value.current_balance.is_some());
    }
    Ok(())
}
