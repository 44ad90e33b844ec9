//! The same calls through the drivers, as an application makes them, with the
//! configuration's defaults.

use bench_core::Failure;
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{AccountId, Config, Credentials, Environment};

use crate::{ACCOUNT, What};

/// The configuration for the bank at this port: the defaults.
pub fn config(port: u16) -> Config {
    Config::new(Environment::Sandbox { port }, Credentials::client("bench", "bench-secret"))
}

/// One call of the async client.
pub async fn call(client: qbank_hyper::Client, what: What) -> Result<(), Failure> {
    let account: AccountId = ACCOUNT.parse()?;
    let known = match what {
        What::Get => client.balances().get(account).send().await?.value.current_balance.is_some(),
        What::Post => {
            let payment = CreateAch::new(account, account, "1000.50".parse()?);
            client.payments().create_ach(payment).send().await?.value.payment_id.is_some()
        }
    };
    if known { Ok(()) } else { Err("no answer".into()) }
}

/// One call of the blocking client.
pub fn call_blocking(client: &qbank_blocking::Client, what: What) -> Result<(), Failure> {
    let account: AccountId = ACCOUNT.parse()?;
    let known = match what {
        What::Get => client.balances().get(account).send()?.value.current_balance.is_some(),
        What::Post => {
            let payment = CreateAch::new(account, account, "1000.50".parse()?);
            client.payments().create_ach(payment).send()?.value.payment_id.is_some()
        }
    };
    if known { Ok(()) } else { Err("no answer".into()) }
}
