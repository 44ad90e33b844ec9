//! The same two calls by hand over `hyper-util`: without token, retry or limit.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bearer = format!("Bearer {}", std::env::var("TOKEN")?);
    let (account, key) = (std::env::var("ACCOUNT")?, std::env::var("KEY")?);
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_only()
        .enable_http1()
        .enable_http2()
        .build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let request = Request::get(format!("{BASE}/balances/{account}"))
            .header(header::AUTHORIZATION, &bearer)
            .body(Full::default())?;
        let answer = client.request(request).await?.into_body().collect().await?.to_bytes();
        let balance: Balance = serde_json::from_slice(&answer)?;
        println!("{} {}", balance.account_id, balance.available_balance);
        let payment = Payment {
            source_account_id: account.clone(),
            destination_account_id: account,
            amount: 10.into(),
        };
        let request = Request::post(format!("{BASE}/payments/ach"))
            .header(header::AUTHORIZATION, &bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &key)
            .body(Full::new(serde_json::to_vec(&payment)?.into()))?;
        let answer = client.request(request).await?;
        println!("{} {:?}", answer.status(), answer.headers().get(header::LOCATION));
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
