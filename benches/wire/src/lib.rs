//! Whole calls over loopback: through the library's drivers, and by hand over the
//! HTTP clients that these are made of.

pub mod bank;
pub mod bare_hyper;
pub mod bare_ureq;
pub mod lanes;
pub mod ours;

use qbank_hyper::chrono::{DateTime, Utc};
use qbank_hyper::{AccountId, Money, PaymentId};
use serde::Deserialize;

use bench_core::Failure;

/// The account that every request is about.
pub const ACCOUNT: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
/// The payment that every submission becomes.
pub const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

/// What is called: a balance is read, or an ACH payment is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// `GET /balances/{accountId}`.
    Get,
    /// `POST /payments/ach`.
    Post,
}

impl What {
    /// As figures are named.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }

    /// From its name.
    pub fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "get" => Ok(Self::Get),
            "post" => Ok(Self::Post),
            _ => Err("get or post".into()),
        }
    }
}

/// The bodies and heads that are sent by hand: made once, before anything is measured.
pub(crate) const BEARER: &str = "Bearer benchmark-token";
pub(crate) const KEY: &str = "07070707-0707-4707-8707-070707070707";
pub(crate) const ACH: &str = r#"{"source_account_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","destination_account_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","amount":1000.50}"#;

/// Reads by hand what the library reads, with the library's own parsers: over the
/// wire, the wire is what is compared.
pub(crate) fn read(what: What, location: Option<&str>, body: &[u8]) -> Result<(), Failure> {
    if what == What::Post {
        let location = location.ok_or("no location")?;
        let id = location.rsplit('/').next().unwrap_or_default();
        let _: PaymentId = id.parse()?;
        return Ok(());
    }
    let balance: Balance = serde_json::from_slice(body)?;
    let there = balance.available_balance.is_some() && balance.current_balance.is_some();
    std::hint::black_box(balance);
    if there { Ok(()) } else { Err("no balance".into()) }
}

/// What the library reads of a balance.
#[expect(clippy::struct_field_names, reason = "the bank's own names")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read, and that is all")]
struct Balance {
    account_id: AccountId,
    available_balance: Option<Money>,
    current_balance: Option<Money>,
    currency: Option<String>,
    #[serde(rename = "last_updated_timestamp")]
    last_updated: Option<DateTime<Utc>>,
}

/// The clients' runtime: one thread, as the bank has one.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
