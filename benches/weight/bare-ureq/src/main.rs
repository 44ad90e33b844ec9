//! The same two calls by hand over `ureq`: without token, retry or limit.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bearer = format!("Bearer {}", std::env::var("TOKEN")?);
    let (account, key) = (std::env::var("ACCOUNT")?, std::env::var("KEY")?);
    let agent = ureq::Agent::new_with_defaults();
    let mut answer =
        agent.get(format!("{BASE}/balances/{account}")).header("authorization", &bearer).call()?;
    let balance: Balance = serde_json::from_slice(&answer.body_mut().read_to_vec()?)?;
    println!("{} {}", balance.account_id, balance.available_balance);
    let payment = Payment {
        source_account_id: account.clone(),
        destination_account_id: account,
        amount: 10.into(),
    };
    let answer = agent
        .post(format!("{BASE}/payments/ach"))
        .header("authorization", &bearer)
        .header("content-type", "application/json")
        .header("idempotency-key", &key)
        .send(serde_json::to_vec(&payment)?)?;
    println!("{} {:?}", answer.status(), answer.headers().get("location"));
    Ok(())
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
