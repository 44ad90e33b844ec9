//! Webhook deliveries: one bounded attempt each.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{BankHandle, unix_now};
use crate::webhook::{Delivery, loopback_address};

/// How often the bank's time is seen to pass.
const TICK: Duration = Duration::from_millis(50);
/// For a receiver to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// So many receivers are told at once.
const AT_ONCE: usize = 8;

/// Lets the bank's time pass and sends what is due.
pub(super) async fn forever(bank: BankHandle) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let due = bank.lock().tick(unix_now());
        let mut attempts = JoinSet::new();
        for delivery in due {
            if attempts.len() >= AT_ONCE {
                attempts.join_next().await;
            }
            attempts.spawn(attempt(bank.clone(), delivery));
        }
        while attempts.join_next().await.is_some() {}
    }
}

async fn attempt(bank: BankHandle, delivery: Delivery) {
    let outcome = match timeout(ANSWER_WITHIN, post(&delivery)).await {
        Ok(outcome) => outcome,
        Err(_) => Err("no answer in time".into()),
    };
    bank.lock().record_delivery(unix_now(), &delivery, outcome);
}

async fn post(delivery: &Delivery) -> Result<StatusCode, String> {
    let uri: Uri = delivery.url.parse().map_err(|e| format!("{e}"))?;
    let addr = loopback_address(&uri).ok_or("not a loopback address")?;
    let authority = uri.authority().ok_or("a URL without a host")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());

    let mut request = Request::post(path)
        .body(Full::<Bytes>::from(delivery.body.clone()))
        .map_err(|e| e.to_string())?;
    *request.headers_mut() = delivery.headers.clone();
    let host = HeaderValue::from_str(authority.as_str()).map_err(|e| e.to_string())?;
    request.headers_mut().insert(HOST, host);

    let stream = TcpStream::connect(addr).await.map_err(|e| e.to_string())?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let mut exchange = pin!(sender.send_request(request));
    let response = tokio::select! {
        response = &mut exchange => response,
        // The connection may end just after the answer: that is still an answer.
        _ = connection => exchange.await,
    };
    response.map(|response| response.status()).map_err(|e| e.to_string())
}
