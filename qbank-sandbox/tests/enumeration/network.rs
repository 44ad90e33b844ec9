//! What lies between the client and the bank. As unfair as it may be, it does what no
//! client could do without (`qbank-sandbox/src/simulator/trouble.rs`): a refusal is passed
//! on only where no copy of that request gets through.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use qbank_proto::{Fate, Fault, FaultKind};
use qbank_sandbox::BankFault;
use serde_json::Value;

use crate::operation::Operation;
use crate::outcome::{Expected, Gets, Outcome, Reaches, Resend, Spoilt};
use crate::sequence::World;

/// What the driver gets; nothing, if it never settles.
type Delivered = Option<Result<Response<Bytes>, Fault>>;

impl Outcome {
    /// How long it takes; none: as long as a response does.
    pub fn takes(&self, timeout: Duration, connect_timeout: Duration) -> Option<Duration> {
        match self.client {
            Gets::Fault(FaultKind::Timeout) | Gets::CutOff(FaultKind::Timeout) => Some(timeout),
            Gets::Unsent(FaultKind::Connect) => Some(connect_timeout),
            _ => None,
        }
    }
}

impl World<'_> {
    /// Carries a request to the bank, or not, and gives what the client gets, and what the
    /// table says of that.
    pub(crate) fn carry(
        &mut self,
        outcome: &Outcome,
        request: Request<Bytes>,
    ) -> (Expected, Delivered) {
        match outcome.client {
            Gets::Revoked => self.bank.inject(BankFault::revoke_token()),
            Gets::InProcess => self.bank.inject(BankFault::in_flight()),
            Gets::ForeignConflict => self.misled = true,
            _ => {}
        }
        let stranger = match outcome.client {
            Gets::ForeignConflict => self.stranger(&request),
            _ => Value::Null,
        };
        let own = match outcome.bank {
            Reaches::Never => None,
            Reaches::AtOnce => Some(self.arrive(request)),
            Reaches::Twice => {
                self.arrive(request.clone());
                Some(self.arrive(request))
            }
            Reaches::Later => {
                self.late.push(request);
                None
            }
        };
        let operation = self.sequence.operation;
        let (expected, result) = respond(outcome, own, &stranger, operation);
        (if operation.writes() { expected } else { of_read(outcome, expected) }, result)
    }

    /// A payment that the request did not make.
    fn stranger(&mut self, request: &Request<Bytes>) -> Value {
        let (mut head, _) = request.clone().into_parts();
        head.uri = "/v1/payments/ach".parse().unwrap();
        let key = HeaderValue::from_static("eeeeeeee-eeee-4eee-aeee-eeeeeeeeeeee");
        head.headers.insert("idempotency-key", key);
        let body = format!(
            r#"{{"source_account_id":"{}","destination_account_id":"{}","amount":777}}"#,
            qbank_sandbox::OPERATING,
            qbank_sandbox::SAVINGS
        );
        let response = self.arrive(Request::from_parts(head, body.into()));
        match response.headers().get(LOCATION) {
            Some(location) => location.to_str().unwrap().rsplit('/').next().unwrap().into(),
            None => json(response.body())["transaction_id"].clone(),
        }
    }
}

/// Reading moves no money, and a whole response read again would be the same.
fn of_read(outcome: &Outcome, expected: Expected) -> Expected {
    let is_whole = matches!(
        outcome.client,
        Gets::Spoilt(_) | Gets::Page | Gets::Problem | Gets::CutOff(FaultKind::BodyTooLarge)
    );
    let resend = if is_whole { Resend::Never } else { expected.resend };
    Expected { fate: Fate::NotApplicable, resend, ..expected }
}

fn respond(
    outcome: &Outcome,
    own: Option<Response<Bytes>>,
    stranger: &Value,
    operation: Operation,
) -> (Expected, Delivered) {
    let done = own.as_ref().is_some_and(|own| own.status().is_success());
    let in_process = own.as_ref().is_some_and(|own| own.status() == StatusCode::CONFLICT);
    let located = done && operation.is_ach();
    let of_table = outcome.expected(located, operation == Operation::Transfer);
    let genuine = |own: Option<Response<Bytes>>| {
        let own = own.unwrap();
        (Expected::of_bank(own.status().as_u16()), Some(Ok(own)))
    };
    let response = match outcome.client {
        Gets::Response | Gets::Revoked | Gets::InProcess => return genuine(own),
        Gets::Unsent(kind) => {
            return (of_table, Some(Err(Fault::unsent(kind, "no byte was written"))));
        }
        Gets::Fault(kind) => return (of_table, Some(Err(Fault::maybe(kind, "broken")))),
        Gets::Nothing | Gets::Crash => return (of_table, None),
        Gets::CutOff(kind) if done => {
            let (head, _) = own.unwrap().into_parts();
            return (of_table, Some(Err(Fault::maybe(kind, "cut off").with_head(head))));
        }
        Gets::Spoilt(how @ (Spoilt::BareConflict | Spoilt::ConflictPage)) if done || in_process => {
            let page: &[u8] = if how == Spoilt::ConflictPage { HTML } else { b"" };
            bare(409, page, "text/html")
        }
        Gets::Spoilt(how) if done => spoil(how, own.unwrap()),
        // There is no good response that could be spoilt.
        Gets::CutOff(_) | Gets::Spoilt(_) => return genuine(own),
        Gets::Status(status) if (300..400).contains(&status) => {
            with(status, LOCATION, "https://portal.example/v1/payments")
        }
        Gets::Status(status) => bare(status, b"", "text/plain"),
        Gets::Busy(status) => with(status, RETRY_AFTER, "7"),
        Gets::ForeignConflict => {
            let problem = serde_json::json!({
                "type": "https://api.qbankconnect.com/problems/idempotency-conflict",
                "status": 409,
                "transaction_id": stranger,
            });
            bare(409, problem.to_string().as_bytes(), "application/problem+json")
        }
        Gets::OtherConflict => {
            let error = br#"{"message":"Something else.","error_code":"ERR_CHK_001"}"#;
            bare(409, error, "application/json")
        }
        Gets::Page => bare(200, HTML, "text/html"),
        Gets::Problem => {
            let problem = br#"{"type":"about:blank","title":"Bad gateway","status":502}"#;
            bare(200, problem, "application/problem+json")
        }
    };
    (of_table, Some(Ok(response)))
}

/// The bank's good response, on its way through a gateway.
fn spoil(how: Spoilt, own: Response<Bytes>) -> Response<Bytes> {
    let (mut head, mut body) = own.into_parts();
    match how {
        Spoilt::Garbage => body = Bytes::from_static(b"{\"paymentId\": \xff\xfe<<"),
        Spoilt::Emptied => body = Bytes::new(),
        Spoilt::AnotherPayment => {
            body = Bytes::from_static(
                br#"{"paymentId":"57440000-0000-4000-8000-000000000001","type":"WIRE","amount":1.5,"status":"P_FAILED"}"#,
            );
        }
        Spoilt::ForeignLocation => {
            let there = "https://portal.example/v1/payments/57440000-0000-4000-8000-000000000001";
            head.headers.insert(LOCATION, HeaderValue::from_static(there));
        }
        Spoilt::OtherSuccess => head.status = StatusCode::OK,
        Spoilt::BareConflict | Spoilt::ConflictPage => {}
    }
    Response::from_parts(head, body)
}

fn with(status: u16, name: HeaderName, value: &'static str) -> Response<Bytes> {
    let mut response = bare(status, b"", "text/plain");
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn bare(status: u16, body: &[u8], content_type: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

const HTML: &[u8] = b"<!DOCTYPE html>\n<html><body><h1>Bad gateway</h1></body></html>\n";
