//! A list of transactions, decoded.
//!
//! By hand it is `serde_json` into structs that borrow every text and keep the
//! amount as the bank wrote it: exact money, nothing parsed, nothing owned. This is
//! a floor that no library of values reaches: ours owns its texts, and has parsed
//! ids, times, days and cents.
//!
//! The peer is what most people would write: a struct that owns its texts, derives
//! `Deserialize`, and has chrono's dates and a float for the money.

use std::fmt::Write as _;

use qbank_proto::bytes::Bytes;
use qbank_proto::chrono::{DateTime, NaiveDate, Utc};
use qbank_proto::endpoint::{ListTransactions, Transaction};
use qbank_proto::http::{Response, header};
use qbank_proto::uuid::Uuid;
use qbank_proto::{Call, CallOptions, ListDecoder, Session};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Failure;
use crate::call::{ENTROPY, drive};

/// What the streamed list arrives in.
pub const CHUNK: usize = 16 << 10;

/// So many transactions as the bank would send them, the same every time.
pub fn list(count: usize) -> Bytes {
    let mut json = String::with_capacity(count * 420 + 2);
    json.push('[');
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for number in 0..count {
        if number > 0 {
            json.push(',');
        }
        write_one(&mut json, &mut dice);
    }
    json.push(']');
    json.into()
}

fn write_one(json: &mut String, dice: &mut Dice) {
    let (id, request) = (dice.uuid(), dice.uuid());
    let sign = if dice.below(2) == 0 { "" } else { "-" };
    // One to six digits before the point: most amounts are small.
    let digits = u32::try_from(dice.below(6)).unwrap_or_default() + 1;
    let dollars = dice.below(10_u64.pow(digits));
    let cents = dice.below(100);
    let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
    let (hour, minute, second, milli) =
        (dice.below(24), dice.below(60), dice.below(60), dice.below(1000));
    let text = ["ACH CREDIT ACME PAYROLL", "CHECK", "WIRE OUT REF", "ACH DEBIT UTILITIES CO 4411"];
    let text = text[usize::try_from(dice.below(4)).unwrap_or_default()];
    let reference = dice.below(10_000_000);
    let status = if dice.below(16) == 0 { "PENDING" } else { "POSTED" };
    let date = format!("2026-{month:02}-{day:02}");
    let time = format!("{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    // Writing to a string cannot fail.
    let _ = write!(
        json,
        r#"{{"transactionId":"{id}","amount":{sign}{dollars}.{cents:02},"description":"{text} {reference}","transaction_date":"{date}T{time}","value_date":"{date}","posting_date":"{date}T{time}","status":"{status}","timestamp":"{date}T{time}","actor":"core-batch","request_id":"{request}"}}"#
    );
}

/// Numbers that look random, and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn uuid(&mut self) -> Uuid {
        let random = (u128::from(self.roll()) << 64) | u128::from(self.roll());
        qbank_proto::uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
    }
}

/// By the library, from a whole response: the call's whole way.
pub fn buffered(session: &Session, list: Bytes) -> Result<Vec<Transaction>, Failure> {
    let options = CallOptions::new();
    let call = Call::new(session, ListTransactions::new(), options, ENTROPY.jitter);
    let response =
        Response::builder().header(header::CONTENT_TYPE, "application/json").body(list)?;
    Ok(drive(call, [response])??.value)
}

/// By the library, from chunks as they arrive, each item dropped once it is seen.
/// Gives how many there were, and the sum of their cents.
pub fn streamed(list: &[u8]) -> Result<(usize, i64), Failure> {
    let mut decoder = ListDecoder::new(&ListTransactions::new());
    let mut seen = (0, 0);
    for chunk in list.chunks(CHUNK) {
        decoder.push(chunk);
        while let Some(item) = decoder.next() {
            seen = (seen.0 + 1, seen.1 + item?.amount.map_or(0, qbank_proto::Money::cents));
        }
    }
    decoder.end();
    match decoder.next() {
        Some(torn) => Err(torn.err().map_or("an item after the end".into(), Into::into)),
        None => Ok(seen),
    }
}

/// By hand, borrowed.
pub fn by_hand(list: &[u8]) -> Result<Vec<Borrowed<'_>>, Failure> {
    Ok(serde_json::from_slice(list)?)
}

/// A transaction that borrows.
#[derive(Debug, Deserialize)]
pub struct Borrowed<'a> {
    /// Unparsed.
    #[serde(rename = "transactionId")]
    pub transaction_id: &'a str,
    /// Exact: as the bank wrote it.
    #[serde(borrow)]
    pub amount: Option<&'a RawValue>,
    /// The bank's text.
    pub description: Option<&'a str>,
    /// Unparsed.
    pub transaction_date: Option<&'a str>,
    /// Unparsed.
    pub value_date: Option<&'a str>,
    /// Unparsed.
    pub posting_date: Option<&'a str>,
    /// Unparsed.
    pub status: Option<&'a str>,
    /// Unparsed.
    pub timestamp: Option<&'a str>,
    /// The client id.
    pub actor: Option<&'a str>,
    /// Unparsed.
    pub request_id: Option<&'a str>,
}

/// By the peer: owned, with a float for the money.
pub fn plain(list: &[u8]) -> Result<Vec<Plain>, Failure> {
    Ok(serde_json::from_slice(list)?)
}

/// A transaction as most people would write it.
#[derive(Debug, Deserialize)]
pub struct Plain {
    /// Parsed.
    #[serde(rename = "transactionId")]
    pub transaction_id: Uuid,
    /// Inexact.
    pub amount: Option<f64>,
    /// The bank's text.
    pub description: Option<String>,
    /// Parsed by chrono.
    pub transaction_date: Option<DateTime<Utc>>,
    /// Parsed by chrono.
    pub value_date: Option<NaiveDate>,
    /// Parsed by chrono.
    pub posting_date: Option<DateTime<Utc>>,
    /// Unparsed.
    pub status: Option<String>,
    /// Parsed by chrono.
    pub timestamp: Option<DateTime<Utc>>,
    /// The client id.
    pub actor: Option<String>,
    /// Parsed.
    pub request_id: Option<Uuid>,
}
