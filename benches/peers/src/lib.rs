//! What a user would write instead: `reqwest` and `serde_json`, with a token cache
//! and a retry loop. Written as well as one writes it for a product, and no better:
//! typed answers, exact money, one key for all attempts, timeouts, backoff, errors
//! with the bank's own words.

mod token;

use std::time::Duration;

use bench_core::Failure;
use bench_wire::{ACCOUNT, What};
use chrono::{DateTime, Utc};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use token::Token;

/// The hand-rolled client.
pub struct HandRolled {
    http: Client,
    base: String,
    token: Token,
}

/// A balance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Of which account.
    pub account_id: Uuid,
    /// Exact: as the bank wrote it.
    pub available_balance: Box<RawValue>,
    /// Exact: as the bank wrote it.
    pub current_balance: Box<RawValue>,
    /// Such as `USD`.
    pub currency: String,
    /// As of when.
    #[serde(rename = "last_updated_timestamp")]
    pub last_updated: Option<DateTime<Utc>>,
}

/// A payment that is to be made.
#[derive(Debug, Serialize)]
pub struct Ach {
    source_account_id: Uuid,
    destination_account_id: Uuid,
    amount: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    #[serde(alias = "detail")]
    message: Option<String>,
    error_code: Option<String>,
    request_id: Option<Uuid>,
}

const ATTEMPTS: u32 = 3;

impl HandRolled {
    /// For the bank at this port.
    pub fn new(port: u16) -> Result<Self, Failure> {
        let http = Client::builder()
            .timeout(Duration::from_mins(1))
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            .user_agent("hand-rolled/0.1.0")
            .build()?;
        Ok(Self { http, base: format!("http://127.0.0.1:{port}/v1"), token: Token::default() })
    }

    /// One call.
    pub async fn call(&self, what: What) -> Result<(), Failure> {
        let account = Uuid::try_parse(ACCOUNT)?;
        if what == What::Get {
            let balance = self.balance(account).await?;
            std::hint::black_box(balance);
        } else {
            let amount = RawValue::from_string("1000.50".to_owned())?;
            let payment =
                Ach { source_account_id: account, destination_account_id: account, amount };
            std::hint::black_box(self.pay(&payment).await?);
        }
        Ok(())
    }

    /// `GET /balances/{accountId}`.
    pub async fn balance(&self, account: Uuid) -> Result<Balance, Failure> {
        let url = format!("{}/balances/{account}", self.base);
        json(self.send(|| self.http.get(&url)).await?).await
    }

    /// `POST /payments/ach`; gives the payment's id.
    pub async fn pay(&self, payment: &Ach) -> Result<Uuid, Failure> {
        let url = format!("{}/payments/ach", self.base);
        let key = Uuid::new_v4().to_string();
        let request = || self.http.post(&url).header("Idempotency-Key", &key).json(payment);
        let answer = self.send(request).await?;
        let location = answer.headers().get(LOCATION).ok_or("no location")?.to_str()?;
        let id = location.rsplit('/').next().unwrap_or_default();
        Ok(Uuid::try_parse(id)?)
    }

    /// Sends it with a token, again if that may help.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let token = self.token.get(&self.http, &self.base).await?;
            let wait = match request().bearer_auth(&token).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => match answer.status() {
                    _ if attempt == ATTEMPTS => return Err(refused(answer).await),
                    StatusCode::UNAUTHORIZED => {
                        self.token.forget(&token).await;
                        Duration::ZERO
                    }
                    StatusCode::TOO_MANY_REQUESTS => retry_after(&answer),
                    status if status.is_server_error() => retry_after(&answer),
                    _ => return Err(refused(answer).await),
                },
                Err(error) if attempt == ATTEMPTS || error.is_builder() => return Err(error.into()),
                Err(_) => Duration::ZERO,
            };
            tokio::time::sleep(wait.max(Duration::from_millis(500) * attempt)).await;
        }
    }
}

async fn json<T: DeserializeOwned>(answer: Response) -> Result<T, Failure> {
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

fn retry_after(answer: &Response) -> Duration {
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

async fn refused(answer: Response) -> Failure {
    let status = answer.status();
    match json::<Problem>(answer).await {
        Ok(problem) => format!(
            "{status}: {} ({}, request {:?})",
            problem.message.unwrap_or_default(),
            problem.error_code.unwrap_or_default(),
            problem.request_id
        )
        .into(),
        Err(_) => status.to_string().into(),
    }
}
