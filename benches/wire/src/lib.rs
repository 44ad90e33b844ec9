//! What the benchmarks share: a bank that is as fast as a server can be, run as
//! a process of its own so that it takes nothing from the client it serves.

pub mod floor;
pub mod ours;

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Whatever stops a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The account that every request is about.
pub const ACCOUNT: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
/// The payment that every submission becomes.
pub const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

/// A bank in a process of its own.
pub struct Bank {
    child: Child,
    /// Where it listens, on loopback.
    pub port: u16,
}

impl Bank {
    /// Starts this very program again, as a server. `hold` answers wait until so
    /// many requests have arrived.
    pub fn start(http2: bool, hold: usize) -> std::io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .arg(if http2 { "2" } else { "1" })
            .arg(hold.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let port = line.trim().parse().map_err(std::io::Error::other)?;
        Ok(Self { child, port })
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
pub fn serve_if_asked() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, version, hold] = arguments.as_slice() else {
        return false;
    };
    if flag != "--serve" {
        return false;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if let (Ok(runtime), Ok(hold)) = (runtime, hold.parse()) {
        let served = runtime.block_on(serve(version == "2", hold));
        if let Err(error) = served {
            eprintln!("the bank ends: {error}");
        }
    }
    true
}

async fn serve(http2: bool, hold: usize) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    // The parent's end closes its end of the pipe.
    let parent = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
    });
    tokio::pin!(parent);
    let arrived = std::rc::Rc::new(Gate::new(hold));
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted?.0,
                    _ = &mut parent => return Ok(()),
                };
                stream.set_nodelay(true)?;
                let arrived = arrived.clone();
                let service = service_fn(move |request| answer(request, arrived.clone()));
                tokio::task::spawn_local(async move {
                    let io = TokioIo::new(stream);
                    if http2 {
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

/// Opens when enough have come.
struct Gate {
    wanted: usize,
    come: std::cell::Cell<usize>,
    open: tokio::sync::Notify,
}

impl Gate {
    fn new(wanted: usize) -> Self {
        Self { wanted, come: std::cell::Cell::new(0), open: tokio::sync::Notify::new() }
    }

    async fn pass(&self) {
        let come = self.come.get() + 1;
        self.come.set(come);
        if come >= self.wanted {
            self.open.notify_waiters();
        } else {
            self.open.notified().await;
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    gate: std::rc::Rc<Gate>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let post = request.method() == hyper::Method::POST;
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::new()));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    if path.ends_with("/token") {
        *response.body_mut() = Full::new(Bytes::from_static(
            br#"{"access_token":"benchmark-token","token_type":"Bearer","expires_in":3600}"#,
        ));
        return Ok(response);
    }
    if gate.wanted > 0 {
        gate.pass().await;
    }
    if post {
        *response.status_mut() = StatusCode::ACCEPTED;
        if let Ok(location) = format!("/v1/payments/{PAYMENT}").parse() {
            response.headers_mut().insert(hyper::header::LOCATION, location);
        }
    } else {
        *response.body_mut() = Full::new(Bytes::from_static(BALANCE));
    }
    Ok(response)
}

const BALANCE: &[u8] = br#"{"accountId":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","availableBalance":250000.00,"currentBalance":250000.25,"currency":"USD","last_updated_timestamp":"2026-01-05T09:00:00.123Z"}"#;

/// The server's futures stay on its one thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// The clients' runtime: one thread, as the bank has one.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The median of several runs, and half of what lies between their quartiles.
pub fn median_and_spread(mut runs: Vec<f64>) -> (f64, f64) {
    runs.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let last = runs.len().saturating_sub(1);
        let index = (part * last as f64).round() as usize;
        runs.get(index).copied().unwrap_or(f64::NAN)
    };
    (at(0.5), (at(0.75) - at(0.25)) / 2.0)
}
