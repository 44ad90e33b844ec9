//! Pays through a proxy in front of the sandbox, many payments at once with the defaults of
//! a driver, and holds the sandbox's ledger against what came back: one entry per intent,
//! and no error. `.ci/proxies` starts the proxies.
//!
//! ```sh
//! cargo run -p qbank-conformance --example through_proxies -- \
//!   --transport hyper-h2 --url https://127.0.0.1:8443/v1 --ca ca.pem --ledger 127.0.0.1:8467
//! ```

#![allow(clippy::print_stdout, reason = "a program to look at")]

mod pay;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use qbank_proto::{Error, ErrorKind, Fate, IdempotencyKey, PaymentId};

pub(crate) type Failure = Box<dyn StdError + Send + Sync>;

/// What is asked for.
pub(crate) struct Options {
    transport: Transport,
    url: String,
    ca: String,
    /// The sandbox's own address, past the proxy.
    ledger: String,
    payments: usize,
    in_flight: usize,
    /// A proxy that resends by itself makes conflicts of keys on first attempts: in process,
    /// with the id of the payment, as the bank documents them.
    conflicts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Http1,
    Http2,
    Blocking,
}

/// One payment, and what came of it.
pub(crate) struct Paid {
    key: IdempotencyKey,
    /// Of each attempt alone.
    attempts: Vec<Fate>,
    followed: bool,
    result: Result<Option<PaymentId>, Error>,
}

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, Failure> {
    let paid = match options.transport {
        Transport::Blocking => pay::blocking(options)?,
        Transport::Http1 | Transport::Http2 => pay::hyper(options)?,
    };
    let ledger = ledger(&options.ledger)?;
    let mut wrong = Vec::new();
    let (mut conflicts, mut retried, mut in_doubt, mut followed) = (0, 0, 0, 0);
    for payment in &paid {
        retried += usize::from(payment.attempts.len() > 1);
        let earlier = payment.attempts.split_last().map_or(&[][..], |(_, earlier)| earlier);
        in_doubt += usize::from(earlier.contains(&Fate::Unknown));
        followed += usize::from(payment.followed);
        let entries = ledger.get(&payment.key.to_string()).copied().unwrap_or(0);
        if entries != 1 {
            wrong.push(format!("{entries} entries of {}", payment.key));
        }
        match &payment.result {
            Ok(_) => {}
            Err(error) if options.conflicts && is_own_conflict(error) => conflicts += 1,
            Err(error) => wrong.push(error.to_string()),
        }
    }
    println!(
        "{} payments, {retried} with a retry ({in_doubt} in doubt), {followed} followed, \
         {conflicts} reported as in process, {} wrong",
        paid.len(),
        wrong.len()
    );
    for wrong in wrong.iter().take(5) {
        println!("  {wrong}");
    }
    Ok(wrong.is_empty())
}

fn is_own_conflict(error: &Error) -> bool {
    error.kind() == ErrorKind::IdempotencyConflict
        && error.fate() == Fate::InProgress
        && error.transaction_id().is_some()
}

/// How many entries each key has.
fn ledger(address: &str) -> Result<BTreeMap<String, usize>, Failure> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /_sandbox/ledger HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let body = response.split_once("\r\n\r\n").map(|(_, body)| body).ok_or("no response")?;
    let ledger: serde_json::Value = serde_json::from_str(body)?;
    let mut entries = BTreeMap::new();
    for entry in ledger["entries"].as_array().ok_or("no entries")? {
        let key = entry["intentKey"].as_str().ok_or("no key")?;
        *entries.entry(key.to_owned()).or_default() += 1;
    }
    Ok(entries)
}

impl Options {
    fn parse() -> Result<Self, Failure> {
        let mut options = Self {
            transport: Transport::Http2,
            url: String::new(),
            ca: String::new(),
            ledger: String::new(),
            payments: 300,
            in_flight: 64,
            conflicts: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            if name == "--conflicts" {
                options.conflicts = true;
                continue;
            }
            let value = arguments.next().ok_or("an option needs a value")?;
            match &*name {
                "--transport" => {
                    options.transport = match &*value {
                        "hyper" => Transport::Http1,
                        "hyper-h2" => Transport::Http2,
                        "blocking" => Transport::Blocking,
                        _ => return Err("hyper, hyper-h2 or blocking".into()),
                    };
                }
                "--url" => options.url = value,
                "--ca" => options.ca = std::fs::read_to_string(value)?,
                "--ledger" => options.ledger = value,
                "--payments" => options.payments = value.parse()?,
                "--in-flight" => options.in_flight = value.parse()?,
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        Ok(options)
    }
}
