//! A bank that is as fast as a server can be, run as a process of its own, so that it
//! takes nothing from the client that it serves.

mod list;

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use bench_core::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::PAYMENT;
use list::List;

/// A bank in a process of its own.
pub struct Bank {
    child: Child,
    /// Where it listens, on loopback.
    pub port: u16,
}

/// What kind of bank.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kind {
    /// HTTP/2 with prior knowledge, instead of HTTP/1.1.
    pub http2: bool,
    /// Answers wait until so many requests have arrived, again and again.
    pub hold: usize,
    /// So many transactions are there.
    pub transactions: usize,
}

impl Bank {
    /// Starts this very program again, as a server: its `main` begins with
    /// [`serve_if_asked`].
    pub fn start(kind: Kind) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .arg(kind.http2.to_string())
            .arg(kind.hold.to_string())
            .arg(kind.transactions.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        Ok(Self { child, port: line.trim().parse()? })
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        // Our own child, by its handle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves if this process was started by [`Bank::start`]; true if it did.
pub fn serve_if_asked() -> Result<bool, Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, http2, hold, transactions] = arguments.as_slice() else { return Ok(false) };
    if flag != "--serve" {
        return Ok(false);
    }
    let kind =
        Kind { http2: http2.parse()?, hold: hold.parse()?, transactions: transactions.parse()? };
    crate::runtime()?.block_on(serve(kind))?;
    Ok(true)
}

async fn serve(kind: Kind) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    // The parent's end closes its end of the pipe.
    let parent = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
    });
    tokio::pin!(parent);
    let state = Rc::new(State { gate: Gate::new(kind.hold), list: List::new(kind.transactions) });
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted?.0,
                    _ = &mut parent => return Ok(()),
                };
                stream.set_nodelay(true)?;
                let state = state.clone();
                let service = service_fn(move |request| answer(request, state.clone()));
                tokio::task::spawn_local(async move {
                    let io = TokioIo::new(stream);
                    // A client that goes away is no failure.
                    if kind.http2 {
                        let mut builder = hyper::server::conn::http2::Builder::new(LocalExecutor);
                        builder.max_concurrent_streams(100_000);
                        builder.max_pending_accept_reset_streams(100_000);
                        let _ = builder.serve_connection(io, service).await;
                    } else {
                        let builder = hyper::server::conn::http1::Builder::new();
                        let _ = builder.serve_connection(io, service).await;
                    }
                });
            }
        })
        .await
}

struct State {
    gate: Gate,
    list: List,
}

/// Opens for a moment whenever enough have come.
struct Gate {
    wanted: usize,
    come: Cell<usize>,
    open: Notify,
}

impl Gate {
    fn new(wanted: usize) -> Self {
        Self { wanted, come: Cell::new(0), open: Notify::new() }
    }

    async fn pass(&self) {
        let come = self.come.get() + 1;
        if come >= self.wanted {
            self.come.set(0);
            self.open.notify_waiters();
        } else {
            self.come.set(come);
            self.open.notified().await;
        }
    }
}

type Answer = Response<Either<Full<Bytes>, List>>;

async fn answer(request: Request<Incoming>, state: Rc<State>) -> Result<Answer, Infallible> {
    let path = request.uri().path().to_owned();
    let post = request.method() == Method::POST;
    let _ = request.into_body().collect().await;
    if path.ends_with("/token") {
        return Ok(json(TOKEN));
    }
    if path.ends_with("/transactions") {
        let mut answer = Response::new(Either::Right(state.list.clone()));
        answer.headers_mut().insert(CONTENT_TYPE, JSON);
        return Ok(answer);
    }
    state.gate.pass().await;
    Ok(match path.as_str() {
        "/v1/balance" => json(STRIPE_BALANCE),
        _ if post => {
            let mut answer = json(b"");
            *answer.status_mut() = StatusCode::ACCEPTED;
            if let Ok(location) = HeaderValue::try_from(format!("/v1/payments/{PAYMENT}")) {
                answer.headers_mut().insert(LOCATION, location);
            }
            answer
        }
        _ => json(BALANCE),
    })
}

fn json(body: &'static [u8]) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(Bytes::from_static(body))));
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TOKEN: &[u8] =
    br#"{"access_token":"benchmark-token","token_type":"Bearer","expires_in":3600}"#;
const BALANCE: &[u8] = br#"{"accountId":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","availableBalance":250000.00,"currentBalance":250000.25,"currency":"USD","last_updated_timestamp":"2026-01-05T09:00:00.123Z"}"#;
/// What another service answers to a call of the same shape.
const STRIPE_BALANCE: &[u8] = br#"{"object":"balance","available":[{"amount":25000000,"currency":"usd","source_types":{"card":25000000}}],"livemode":false,"pending":[{"amount":25,"currency":"usd","source_types":{"card":25}}]}"#;

/// The server's futures stay on its one thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
