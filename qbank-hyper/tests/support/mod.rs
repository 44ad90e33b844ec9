//! The sandbox and its clients, a server with a handler of the test's, and a seeded
//! generator.

#![allow(dead_code, reason = "each test is a crate of its own, and uses part of it")]

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use qbank_hyper::bytes::Bytes;
use qbank_hyper::endpoint::{Beneficiary, CreateAch, CreateWire};
use qbank_hyper::http::{Request, Response};
use qbank_hyper::{Amount, Client, Config, Credentials, Environment, PaymentId, Scope};
use qbank_sandbox::{BankConfig, OPERATING, PAYROLL, Server};
use tokio::net::TcpListener;

/// Longer than anything here should take, and shorter than a leader is waited for.
pub(crate) const SOON: Duration = Duration::from_secs(4);

pub(crate) fn bank() -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap()
}

pub(crate) fn config(port: u16) -> Config {
    let credentials = Credentials::client(qbank_sandbox::CLIENT_ID, qbank_sandbox::CLIENT_SECRET);
    let mut config = Config::new(Environment::Sandbox { port }, credentials).scopes(Scope::ALL);
    config.retry.base = Duration::from_millis(5);
    config
}

pub(crate) fn client(bank: &Server) -> Client {
    client_at(bank.addr().port())
}

pub(crate) fn client_at(port: u16) -> Client {
    Client::new(config(port)).unwrap()
}

pub(crate) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

pub(crate) fn ach(dollars: &str) -> CreateAch {
    CreateAch::new(OPERATING, PAYROLL, amount(dollars))
}

pub(crate) fn wire(dollars: &str) -> CreateWire {
    let beneficiary = Beneficiary::new("ACME", "021000021".parse().unwrap(), "0012345678");
    CreateWire::new(OPERATING, beneficiary, amount(dollars), "INV-7")
}

/// Serves on loopback until the runtime ends, each request by this function.
pub(crate) async fn serve<F, T, B>(respond: F) -> u16
where
    F: Fn(Request<Bytes>) -> T + Clone + Send + 'static,
    T: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let respond = respond.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let respond = respond.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    Ok::<_, hyper::Error>(respond(Request::from_parts(head, body)).await)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // A client that closes is expected: many tests are about it.
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    port
}

pub(crate) fn is_token(request: &Request<Bytes>) -> bool {
    request.uri().path() == "/v1/token"
}

/// The token endpoint's good response.
pub(crate) fn token(text: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":3600}}"#);
    json(200, body)
}

/// An ACH payment's good response.
pub(crate) fn accepted(id: PaymentId) -> Response<Full<Bytes>> {
    Response::builder()
        .status(202)
        .header("location", format!("/v1/payments/{id}"))
        .body(Full::default())
        .unwrap()
}

pub(crate) fn status(status: u16) -> Response<Full<Bytes>> {
    json(status, r#"{"error_code":"ERR_T_1","message":"No."}"#)
}

pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

pub(crate) fn payment_id(number: u64) -> PaymentId {
    format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap()
}

/// SplitMix64. The seed is in `QBANK_SEED`, or fresh, and printed either way.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let seed = match std::env::var("QBANK_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64,
        };
        println!("QBANK_SEED={seed}");
        Self(seed)
    }

    /// Another generator, so that the order of two users does not matter.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// Waits until it holds. Fails loudly if it never does.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
