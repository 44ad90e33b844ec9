//! The same two calls by hand over `reqwest`: without token or retry.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bearer = std::env::var("TOKEN")?;
    let (account, key) = (std::env::var("ACCOUNT")?, std::env::var("KEY")?);
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return Err("there is a provider already".into());
    }
    let client = reqwest::Client::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let url = format!("{BASE}/balances/{account}");
        let balance: Balance = client.get(url).bearer_auth(&bearer).send().await?.json().await?;
        println!("{} {}", balance.account_id, balance.available_balance);
        let payment = Payment {
            source_account_id: account.clone(),
            destination_account_id: account,
            amount: 10.into(),
        };
        let answer = client
            .post(format!("{BASE}/payments/ach"))
            .bearer_auth(&bearer)
            .header("idempotency-key", &key)
            .json(&payment)
            .send()
            .await?;
        println!("{} {:?}", answer.status(), answer.headers().get("location"));
        Ok(())
    })
}

const BASE: &str = "https://api.qbankconnect.com/v1";

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    account_id: String,
    available_balance: serde_json::Number,
}

#[derive(serde::Serialize)]
struct Payment {
    source_account_id: String,
    destination_account_id: String,
    amount: serde_json::Number,
}
