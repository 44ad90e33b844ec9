//! The last frames of an HTTP/2 server decide whether a payment was never started or
//! is in doubt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qbank_hyper::{AccessToken, Client, Credentials, Error, Fate, Hyper, Reply, hyper_util};
use qbank_proto::endpoint::AchAccepted;
use support::{SOON, ach, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;

fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, 0]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn goaway(last: u32, reason: u32) -> Vec<u8> {
    frame(7, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat())
}

fn reset(reason: u32) -> Vec<u8> {
    frame(3, 1, &reason.to_be_bytes())
}

/// Reads a whole request (stream 1), sends these frames and closes.
async fn close_with(mut stream: TcpStream, frames: Vec<u8>) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(4, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await?;
        let ends = head[4] & 1 == 1;
        if ends && matches!(head[3], 0 | 1) {
            break;
        }
    }
    stream.write_all(&frames).await?;
    stream.shutdown().await?;
    // Until the client has closed as well: unread bytes would reset the connection.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// `202` with a `Location`, and no body.
fn accepts() -> Vec<u8> {
    let location = b"/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
    // HPACK, literals with the static table's names: 8 is `:status`, 46 is `location`.
    let mut headers = b"\x08\x03202\x0f\x1f".to_vec();
    headers.push(location.len() as u8);
    headers.extend(location);
    let mut response = frame(1, 1, &headers);
    response[4] = 0x5; // END_STREAM, END_HEADERS
    response
}

/// Pays once, without retries, at a server that gives each connection the next of these
/// frames, and the last of them to all that follow. Also, how many connections there were.
async fn pays_at(script: Vec<Vec<u8>>) -> (Result<Reply<AchAccepted>, Error>, usize) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let nth = count.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
            tokio::spawn(close_with(stream, script[nth].clone()));
        }
    });
    let http2 =
        HyperClient::builder(TokioExecutor::new()).http2_only(true).build(HttpConnector::new());
    let mut config = config(port).max_retries(0);
    config.credentials = Credentials::Token(AccessToken::new("t").unwrap());
    let client = Client::with_driver(config, Hyper::with_client(http2)).unwrap();
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    let paid = paid.await.expect("it hangs");
    (paid, connections.load(Ordering::SeqCst))
}

async fn pays(frames: Vec<u8>) -> Error {
    pays_at(vec![frames]).await.0.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_goaway_named_as_not_processed_is_put_back_three_times_and_costs_no_retry() {
    for away in 1..=3 {
        let mut script = vec![goaway(0, NO_ERROR); away];
        script.push(accepts());
        let (paid, connections) = pays_at(script).await;
        let reply = paid.unwrap();
        assert_eq!((reply.fate, reply.attempts.len(), connections), (Fate::Accepted, 1, away + 1));
    }
    let (paid, connections) = pays_at(vec![goaway(0, NO_ERROR)]).await;
    let error = paid.unwrap_err();
    assert_eq!((error.fate(), error.attempts().len(), connections), (Fate::NeverSent, 1, 4));
    // What was put back and then fell into doubt is in doubt.
    let (paid, connections) = pays_at(vec![goaway(0, NO_ERROR), Vec::new()]).await;
    let error = paid.unwrap_err();
    assert_eq!((error.fate(), error.attempts().len(), connections), (Fate::Unknown, 1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_stream_above_the_last_one_was_never_started() {
    // It cannot be wrong: a proxy whose GOAWAY is below a stream has not read the stream,
    // so it has passed nothing on.
    let error = pays(goaway(0, NO_ERROR)).await;
    assert_eq!(error.fate(), Fate::NeverSent, "{error}");
    let most = u32::MAX >> 1;
    let maybe = [
        ("no frame", Vec::new()),
        ("GOAWAY with it, then the end", goaway(1, NO_ERROR)),
        ("GOAWAY above it, then the end", goaway(most, NO_ERROR)),
        ("GOAWAY twice, with it", [goaway(most, NO_ERROR), goaway(1, NO_ERROR)].concat()),
        ("GOAWAY with it over an error", goaway(1, INTERNAL_ERROR)),
        ("GOAWAY below it over an error", goaway(0, INTERNAL_ERROR)),
        ("RST_STREAM over an error", reset(INTERNAL_ERROR)),
        ("RST_STREAM", reset(NO_ERROR)),
        ("REFUSED_STREAM, after having passed it on", reset(REFUSED_STREAM)),
        (
            "GOAWAY above it, then REFUSED_STREAM",
            [goaway(most, NO_ERROR), reset(REFUSED_STREAM)].concat(),
        ),
        ("GOAWAY with it, then RST_STREAM", [goaway(1, NO_ERROR), reset(NO_ERROR)].concat()),
    ];
    for (what, frames) in maybe {
        let error = pays(frames).await;
        assert_eq!(error.fate(), Fate::Unknown, "{what}: {error}");
    }
}
