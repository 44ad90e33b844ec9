//! The floor: the same calls by hand over a bare `hyper-util` client. A request
//! built from known parts, the same members read.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use qbank_hyper::{AccountId, Fields, IdempotencyKey, Money, PaymentId, kind};

use crate::{ACCOUNT, Failure};

/// A bare client, and what its requests are made of.
#[derive(Clone)]
pub struct Floor {
    client: Client<HttpConnector, Full<Bytes>>,
    get: hyper::Uri,
    post: hyper::Uri,
    bearer: header::HeaderValue,
}

impl Floor {
    /// For the bank at this port.
    pub fn new(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self::over(client, port)
    }

    /// Over this client.
    pub fn over(client: Client<HttpConnector, Full<Bytes>>, port: u16) -> Self {
        let uri =
            |path: String| format!("http://127.0.0.1:{port}/v1{path}").parse().unwrap_or_default();
        Self {
            client,
            get: uri(format!("/balances/{ACCOUNT}")),
            post: uri("/payments/ach".to_owned()),
            bearer: header::HeaderValue::from_static("Bearer benchmark-token"),
        }
    }

    /// One call: a balance, or an ACH payment.
    pub async fn call(self, post: bool) -> Result<(), Failure> {
        let request = if post { self.write()? } else { self.read()? };
        let response = self.client.request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if post {
            let location = head.headers.get(header::LOCATION).ok_or("no location")?.to_str()?;
            let id = location.rsplit('/').next().unwrap_or_default();
            let _: PaymentId = id.parse()?;
        } else {
            let fields = Fields::parse(&body)?;
            let _ = fields.id::<kind::Account>(&["accountId"])?;
            let available: Option<Money> = fields.money(&["availableBalance"]);
            let current: Option<Money> = fields.money(&["currentBalance"]);
            let _ = (fields.string(&["currency"])?, fields.timestamp(&["last_updated_timestamp"])?);
            assert!(available.is_some() && current.is_some());
        }
        Ok(())
    }

    fn read(&self) -> Result<Request<Full<Bytes>>, Failure> {
        Ok(Request::get(self.get.clone())
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .body(Full::default())?)
    }

    fn write(&self) -> Result<Request<Full<Bytes>>, Failure> {
        let account: AccountId = ACCOUNT.parse()?;
        let amount: Money = "1000.50".parse()?;
        let body = serde_json::to_vec(&Body {
            source_account_id: account,
            destination_account_id: account,
            amount,
        })?;
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy)?;
        let key = IdempotencyKey::from_entropy(entropy);
        Ok(Request::post(self.post.clone())
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key.to_string())
            .body(Full::new(body.into()))?)
    }
}

#[derive(serde::Serialize)]
struct Body {
    source_account_id: AccountId,
    destination_account_id: AccountId,
    amount: Money,
}
