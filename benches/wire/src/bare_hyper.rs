//! The floor of the async driver: a bare `hyper-util` client, a request made once and
//! cloned, the same values read.

use std::sync::Arc;

use bench_core::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::{ACCOUNT, ACH, BEARER, KEY, What, read};

/// A client of hyper-util's.
pub type Bare = Client<HttpConnector, Full<Bytes>>;

/// A bare client and its requests. A clone shares both.
#[derive(Clone)]
pub struct Floor {
    client: Bare,
    requests: Arc<Requests>,
}

struct Requests {
    get: Request<Full<Bytes>>,
    post: Request<Full<Bytes>>,
}

impl Floor {
    /// For the bank at this port.
    pub fn new(port: u16) -> Result<Self, Failure> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self::over(client, port)
    }

    /// Over this client.
    pub fn over(client: Bare, port: u16) -> Result<Self, Failure> {
        let uri = |path: &str| format!("http://127.0.0.1:{port}/v1{path}").parse::<Uri>();
        let balance = Request::get(uri(&format!("/balances/{ACCOUNT}"))?)
            .header(header::AUTHORIZATION, BEARER)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .body(Full::default())?;
        let payment = Request::post(uri("/payments/ach")?)
            .header(header::AUTHORIZATION, BEARER)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", KEY)
            .body(Full::new(Bytes::from_static(ACH.as_bytes())))?;
        Ok(Self { client, requests: Arc::new(Requests { get: balance, post: payment }) })
    }

    /// One call.
    pub async fn call(self, what: What) -> Result<(), Failure> {
        let request = match what {
            What::Get => self.requests.get.clone(),
            What::Post => self.requests.post.clone(),
        };
        let (head, body) = self.client.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let location = head.headers.get(header::LOCATION).map(|it| it.to_str()).transpose()?;
        read(what, location, &body)
    }
}
