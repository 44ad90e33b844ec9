//! How fast is the bank? Requests per second over keep-alive connections, and what a
//! new payment costs when a million are in the ledger.
//!
//! ```sh
//! cargo run --release -p qbank-sandbox --example load -- [CONNECTIONS] [SECONDS]
//! ```
//!
//! The server has one thread and the clients have one, so two cores are all it uses.

#![allow(clippy::print_stdout, reason = "a program to look at")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use qbank_proto::IdempotencyKey;
use qbank_sandbox::{Bank, BankConfig, OPERATING, PAYROLL, Server};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MILLION: u64 = 1_000_000;
/// So many payments are timed before and after, in blocks of which the median counts:
/// other programs run on this machine, too.
const SAMPLE: u64 = 50_000;
const BLOCK: u64 = 1_000;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let connections = arguments.next().map_or(Ok(64), |it| it.parse())?;
    let seconds = arguments.next().map_or(Ok(5), |it| it.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let server = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
    let bearer = runtime.block_on(token(&server))?;
    for what in [What::Balance, What::Ach] {
        let time = Duration::from_secs(seconds);
        let (begun, done) =
            (Instant::now(), runtime.block_on(load(&server, &bearer, what, connections, time))?);
        let rate = done as f64 / begun.elapsed().as_secs_f64();
        println!("{:<8} {rate:>9.0} requests/s over {connections} connections", what.name());
    }
    server.stop();

    let mut counter = Counter::open()?;
    let fresh = counter.pay(SAMPLE)?;
    counter.pay(MILLION - SAMPLE)?;
    let full = counter.pay(SAMPLE)?;
    println!("payment  {fresh:>9.2} µs in a fresh ledger");
    println!("payment  {full:>9.2} µs after a million");
    println!("slower   {:>9.2} times", full / fresh);
    Ok(())
}

#[derive(Clone, Copy)]
enum What {
    Balance,
    Ach,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Ach => "ach",
        }
    }

    fn status(self) -> &'static [u8] {
        match self {
            Self::Balance => b"HTTP/1.1 200",
            Self::Ach => b"HTTP/1.1 202",
        }
    }

    fn request(self, bearer: &str, n: u64) -> String {
        match self {
            Self::Balance => format!(
                "GET /v1/balances/{OPERATING} HTTP/1.1\r\nhost: load\r\nauthorization: {bearer}\r\n\r\n"
            ),
            Self::Ach => {
                let (key, body) = (key(n), payment());
                let length = body.len();
                format!(
                    "POST /v1/payments/ach HTTP/1.1\r\nhost: load\r\nauthorization: {bearer}\r\n\
                     idempotency-key: {key}\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\n\r\n{body}"
                )
            }
        }
    }
}

async fn load(
    server: &Server,
    bearer: &str,
    what: What,
    connections: u64,
    time: Duration,
) -> Outcome<u64> {
    let (addr, end) = (server.addr(), Instant::now() + time);
    let mut clients = JoinSet::new();
    for client in 0..connections {
        let bearer = bearer.to_owned();
        clients.spawn(async move {
            let mut line = Line::connect(addr).await?;
            let mut done = 0;
            while Instant::now() < end {
                let n = client << 40 | done;
                let head = line.exchange(&what.request(&bearer, n)).await?;
                if !head.starts_with(what.status()) {
                    return Err(String::from_utf8_lossy(head).into());
                }
                done += 1;
            }
            Ok::<u64, Box<dyn Error + Send + Sync>>(done)
        });
    }
    let mut done = 0;
    while let Some(client) = clients.join_next().await {
        done += client??;
    }
    Ok(done)
}

/// One keep-alive connection, one request at a time.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    async fn connect(addr: std::net::SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    /// The response, head and body.
    async fn exchange(&mut self, request: &str) -> Outcome<&[u8]> {
        let mut rest = request.as_bytes();
        while !rest.is_empty() {
            self.stream.writable().await?;
            let written = not_yet(self.stream.try_write(rest))?;
            rest = rest.get(written.unwrap_or_default()..).unwrap_or_default();
        }
        self.buffer.clear();
        while !is_whole(&self.buffer) {
            self.stream.readable().await?;
            let mut part = [0; 4_096];
            match not_yet(self.stream.try_read(&mut part))? {
                Some(0) => return Err("the server closed the connection".into()),
                read => self.buffer.extend(part.iter().take(read.unwrap_or_default())),
            }
        }
        Ok(&self.buffer)
    }
}

/// Readiness may be a false alarm.
fn not_yet(moved: io::Result<usize>) -> io::Result<Option<usize>> {
    match moved {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        moved => moved.map(Some),
    }
}

fn is_whole(response: &[u8]) -> bool {
    let text = String::from_utf8_lossy(response);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| body.len() >= length)
}

async fn token(server: &Server) -> Outcome<String> {
    let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let length = form.len();
    let request = format!(
        "POST /v1/token HTTP/1.1\r\nhost: load\r\ncontent-length: {length}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}"
    );
    let mut line = Line::connect(server.addr()).await?;
    let response = line.exchange(&request).await?;
    bearer(response.splitn(2, |byte| *byte == b'{').nth(1).unwrap_or_default())
}

/// From a token's body, with or without its first brace.
fn bearer(body: &[u8]) -> Outcome<String> {
    let text = String::from_utf8_lossy(body);
    let token = text.split('"').find(|part| part.starts_with("sbx_")).ok_or("no token")?;
    Ok(format!("Bearer {token}"))
}

/// A bank without a wire.
struct Counter {
    bank: Bank,
    now: Duration,
    bearer: String,
    paid: u64,
}

impl Counter {
    fn open() -> Outcome<Self> {
        let config = BankConfig::default();
        let now = config.start;
        let mut bank = Bank::new(config);
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let request = Request::post("/v1/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))?;
        let bearer = bearer(bank.handle(now, request).body())?;
        Ok(Self { bank, now, bearer, paid: 0 })
    }

    /// Microseconds for one.
    fn pay(&mut self, payments: u64) -> Outcome<f64> {
        let mut blocks = Vec::new();
        for _ in 0..payments / BLOCK {
            blocks.push(self.pay_block()?);
        }
        blocks.sort();
        let median = blocks.get(blocks.len() / 2).copied().unwrap_or_default();
        Ok(median.as_secs_f64() * 1e6 / BLOCK as f64)
    }

    fn pay_block(&mut self) -> Outcome<Duration> {
        let mut taken = Duration::ZERO;
        for _ in 0..BLOCK {
            self.paid += 1;
            let request = Request::post("/v1/payments/ach")
                .header("authorization", &self.bearer)
                .header("idempotency-key", key(self.paid).to_string())
                .header("content-type", "application/json")
                .body(Bytes::from(payment()))?;
            let begun = Instant::now();
            let response = self.bank.handle(self.now, request);
            taken += begun.elapsed();
            if response.status() != 202 {
                return Err(format!("{response:?}").into());
            }
        }
        Ok(taken)
    }
}

fn payment() -> String {
    format!(
        r#"{{"source_account_id":"{OPERATING}","destination_account_id":"{PAYROLL}","amount":0.01}}"#
    )
}

/// Spread over the whole space, as random keys are.
fn key(n: u64) -> IdempotencyKey {
    let mixed = (u128::from(n) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    IdempotencyKey::from_entropy(mixed.to_be_bytes())
}
