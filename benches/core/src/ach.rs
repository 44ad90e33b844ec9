//! An ACH payment: its request built, its answer read.
//!
//! | | by the library | by hand |
//! |---|---|---|
//! | body | [`CreateAch`], written once | a struct through `serde_json`, the amount as a `RawValue` |
//! | key | v4 of 16 random bytes, in its header | the same |
//! | head | bearer of the session's token, accept, accept encoding, user agent, content type | the same, from header values made before |
//! | answer | 202, the id of a `Location` directly under our payments, the body's status, no error in it | the same |
//! | result | id, status, head and body | the same |
//!
//! The library besides fixes the limits of the exchange, takes the token under its
//! lock, and keeps what a retry would need: the reason for what it may cost more.

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{AchAccepted, CreateAch};
use qbank_proto::http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use qbank_proto::uuid::{Builder, Uuid};
use qbank_proto::{AccountId, Amount, Call, IdempotencyKey, Reply, Session, WriteOptions};
use serde::de::IgnoredAny;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Failure;
use crate::call::{ENTROPY, drive, json};

/// Who pays.
pub const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
/// Who is paid.
pub const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
const CENTS: i64 = 100_050;

/// The answer that the bank documents: a `Location`, and no body.
pub fn bare_answer() -> Result<Response<Bytes>, Failure> {
    located(json(202, b"")?)
}

/// An answer with a body, as the other endpoints have it.
pub fn full_answer() -> Result<Response<Bytes>, Failure> {
    located(json(202, FULL)?)
}

fn located(mut answer: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
    let location = HeaderValue::try_from(format!("/v1/payments/{PAYMENT}"))?;
    answer.headers_mut().insert(header::LOCATION, location);
    Ok(answer)
}

const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
const FULL: &[u8] = br#"{"paymentId":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","type":"ACH","amount":1000.50,"status":"P_CREATED","creationDate":"2026-01-05T08:00:00.123Z","completionDate":null,"timestamp":"2026-01-05T08:00:00.123Z","actor":"bench","request_id":"5d2f9a34-1c7b-4e6d-8a90-3b4c5d6e7f80"}"#;

/// The payment, as an application has it before the call.
pub fn payment() -> Result<CreateAch, Failure> {
    let (from, to): (AccountId, AccountId) = (FROM.parse()?, TO.parse()?);
    Ok(CreateAch::new(from, to, Amount::from_cents(CENTS)?))
}

/// By the library: one call from its key to its reply.
pub fn ours(
    session: &Session,
    payment: CreateAch,
    answer: Response<Bytes>,
) -> Result<Reply<AchAccepted>, Failure> {
    let key = IdempotencyKey::from_entropy(ENTROPY.key);
    let call = Call::new(session, payment, WriteOptions::new(key), ENTROPY.jitter);
    Ok(drive(call, [answer])??)
}

/// By hand.
pub struct ByHand {
    uri: Uri,
    bearer: HeaderValue,
    user_agent: HeaderValue,
}

/// What a payment is, by hand.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    from: Uuid,
    to: Uuid,
    cents: Cents,
}

impl Payment {
    /// The same as [`payment`].
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { from: Uuid::try_parse(FROM)?, to: Uuid::try_parse(TO)?, cents: Cents(CENTS) })
    }
}

/// What the bank said, by hand.
pub struct Accepted {
    /// Identifies the payment.
    pub payment_id: Uuid,
    /// Where it stands.
    pub status: Option<String>,
    /// All of it.
    pub response: Response<Bytes>,
}

impl ByHand {
    /// With what every request has in common.
    pub fn new() -> Self {
        Self {
            uri: Uri::from_static("https://api.qbankconnect.com/v1/payments/ach"),
            bearer: HeaderValue::from_static("Bearer benchmark-token"),
            user_agent: HeaderValue::from_static("by-hand/0.1.0"),
        }
    }

    /// Builds the request and reads the answer.
    pub fn call(&self, payment: &Payment, answer: Response<Bytes>) -> Result<Accepted, Failure> {
        let request = self.request(payment)?;
        std::hint::black_box(&request);
        accepted(answer)
    }

    fn request(&self, payment: &Payment) -> Result<Request<Bytes>, Failure> {
        let body = serde_json::to_vec(&Body {
            source_account_id: payment.from,
            destination_account_id: payment.to,
            amount: payment.cents,
        })?;
        let key = Builder::from_random_bytes(ENTROPY.key).into_uuid();
        let key = HeaderValue::from_str(key.hyphenated().encode_lower(&mut Uuid::encode_buffer()))?;
        Ok(Request::post(self.uri.clone())
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, self.user_agent.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(body.into())?)
    }
}

impl Default for ByHand {
    fn default() -> Self {
        Self::new()
    }
}

fn accepted(response: Response<Bytes>) -> Result<Accepted, Failure> {
    if response.status() != StatusCode::ACCEPTED {
        return Err("not accepted".into());
    }
    let location = response.headers().get(header::LOCATION).ok_or("no location")?.to_str()?;
    let id = location.strip_prefix("/v1/payments/").ok_or("no location of ours")?;
    let payment_id = Uuid::try_parse(id)?;
    let mut status = None;
    if !response.body().is_empty() {
        let answer: Answer<'_> = serde_json::from_slice(response.body())?;
        if answer.error_code.is_some() {
            return Err("an error".into());
        }
        status = answer.status.map(str::to_owned);
    }
    Ok(Accepted { payment_id, status, response })
}

#[derive(Serialize)]
struct Body {
    source_account_id: Uuid,
    destination_account_id: Uuid,
    amount: Cents,
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: Option<&'a str>,
    error_code: Option<IgnoredAny>,
}

/// Exact: the digits go out as they are.
#[derive(Debug, Clone, Copy)]
struct Cents(i64);

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        RawValue::from_string(digits).map_err(S::Error::custom)?.serialize(serializer)
    }
}
