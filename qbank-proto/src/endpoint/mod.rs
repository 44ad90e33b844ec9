//! One file per operation: its request, its answer, its path, its scope, and
//! what goes over the wire, as a test.
//!
//! An application can add an operation that this library does not know by
//! implementing [`Endpoint`]; it gets the same guarantees.

mod about;
mod accounts;
mod ach;
mod balance;
mod check_exceptions;
mod check_issue;
mod effect;
mod list;
mod payment;
mod raw;
mod transactions;
mod transfer;
mod wire;

use std::fmt::Debug;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

pub use crate::resource::{Audit, Payment, PaymentStatus, PaymentType};
pub use accounts::{Account, AccountStatus, AccountType, ListAccounts};
pub use ach::{AchAccepted, CreateAch, Destination, Recipient};
pub use balance::{Balance, GetBalance};
pub use check_exceptions::{CheckException, ListCheckExceptions, ReasonCode};
pub use check_issue::{CheckIssueAccepted, CreateCheckIssue};
pub use effect::{Effect, Read, Write};
pub use list::ListEndpoint;
pub use payment::GetPayment;
pub use raw::{RawRead, RawWrite};
pub use transactions::{ListTransactions, Transaction, TransactionStatus};
pub use transfer::{CreateTransfer, TransferAccepted};
pub use wire::{Beneficiary, CreateWire};

use crate::error::Error;
use crate::json::{DecodeError, Fields};
use crate::types::{PaymentId, Scope};

/// An operation of the bank: a value that knows its request and reads its answer.
///
/// ```
/// use qbank_proto::bytes::Bytes;
/// use qbank_proto::endpoint::{ApiResponse, Endpoint, Write};
/// use qbank_proto::http::Method;
/// use qbank_proto::{DecodeError, Error, Fields, Scope};
///
/// /// Stops a card: an operation that this library does not know.
/// #[derive(Debug)]
/// struct FreezeCard {
///     card: u32,
/// }
///
/// impl Endpoint for FreezeCard {
///     type Effect = Write; // it must happen once, so it needs a key
///     type Output = bool;
///
///     const METHOD: Method = Method::POST;
///     const PATH: &'static str = "/cards/{card}/freeze";
///     const SCOPE: Option<Scope> = None;
///
///     fn target(&self, url: &mut String) {
///         url.push_str(&format!("/cards/{}/freeze", self.card));
///     }
///
///     fn body(&self) -> Result<Bytes, Error> {
///         Ok(Bytes::from_static(b"{}"))
///     }
///
///     fn decode(&self, answer: &ApiResponse<'_>) -> Result<bool, DecodeError> {
///         let fields = Fields::parse(answer.content()?)?;
///         Ok(fields.text(&["state"])?.as_deref() == Some("FROZEN"))
///     }
/// }
/// // client.call(FreezeCard { card: 7 }).send()
/// ```
pub trait Endpoint: Debug + Send + 'static {
    /// [`Read`], or [`Write`], which needs a key.
    type Effect: Effect;
    /// What a good answer means.
    type Output: Debug + Send + 'static;

    /// The HTTP method.
    const METHOD: Method;
    /// The path below the base URL with its parameters by name, such as
    /// `/balances/{accountId}`: names the operation in spans and errors.
    const PATH: &'static str;
    /// The scope the operation needs.
    const SCOPE: Option<Scope>;

    /// Appends the path below the base URL, and the query, as sent.
    fn target(&self, url: &mut String) {
        url.push_str(Self::PATH);
    }

    /// The body, serialised once for all attempts. Empty: none is sent.
    fn body(&self) -> Result<Bytes, Error> {
        Ok(Bytes::new())
    }

    /// Reads a 2xx answer. An error means that the answer is not usable; for a
    /// write, that it is unknown what happened.
    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Self::Output, DecodeError>;

    /// Turns the bank's record of a payment that conflicts with this call's key
    /// into this call's answer, if it is the payment this call asked for.
    fn follow(&self, payment: &Payment) -> Option<Self::Output> {
        let _ = payment;
        None
    }

    /// Whether a good answer says that the payment failed. It is then reported
    /// as [`ErrorKind::PaymentFailed`](crate::ErrorKind): the bank's own record.
    fn failed(output: &Self::Output) -> bool {
        let _ = output;
        false
    }

    /// The payment that a good answer names.
    fn payment_id(output: &Self::Output) -> Option<PaymentId> {
        let _ = output;
        None
    }

    /// Whether [`Endpoint::follow`] can ever give an answer.
    const FOLLOWS: bool = false;

    /// Whether [`Endpoint::decode`] looks at the head of a good answer alone, and its
    /// body is left to whoever made the call.
    #[doc(hidden)]
    const STREAMS: bool = false;

    /// Texts of the request that must not show up in an error if the bank
    /// repeats them.
    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// A 2xx answer, as an endpoint reads it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ApiResponse<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, or `None` if it broke off.
    pub body: Option<&'a [u8]>,
    /// The payment that the `Location` header names, if it is a uuid directly
    /// under our own `…/payments/`.
    pub location: Option<PaymentId>,
}

impl<'a> ApiResponse<'a> {
    /// The body of an answer that must have one.
    pub fn content(&self) -> Result<&'a [u8], DecodeError> {
        match self.body {
            Some(body) if !blank(body) => Ok(body),
            Some(_) => Err(DecodeError::new("the body is empty")),
            None => Err(DecodeError::new("the body broke off")),
        }
    }

    /// The members of a body that must be there.
    pub fn fields(&self) -> Result<Fields<'a>, DecodeError> {
        let fields = Fields::parse(self.content()?)?;
        if self.is_problem(&fields) {
            return Err(DecodeError::new("the body is an error"));
        }
        Ok(fields)
    }

    /// The members of an answer that may have none, which counts only with the
    /// documented status.
    pub fn fields_unless(&self, documented: StatusCode) -> Result<Fields<'a>, DecodeError> {
        match self.body {
            Some(body) if blank(body) && self.status == documented => Ok(Fields::default()),
            _ => self.fields(),
        }
    }

    /// A problem document, a standard error or an OAuth error is no success, whatever
    /// the status over it.
    fn is_problem(&self, fields: &Fields<'_>) -> bool {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let declared = content_type.is_some_and(|value| {
            let value = value.as_bytes();
            value.len() >= PROBLEM.len() && value[..PROBLEM.len()].eq_ignore_ascii_case(PROBLEM)
        });
        let given =
            |name: &str| fields.json(&[name]).filter(|json| !matches!(*json, "false" | "[]"));
        let text = |name: &str| fields.text(&[name]).ok().flatten();
        let numeric_status = fields.json(&["status"]).is_some_and(|json| !json.starts_with('"'));
        let names_a_problem = text("type").is_some_and(|kind| {
            kind == "about:blank" || kind.contains("/problems/") || kind.contains("/errors/")
        });
        declared
            || given("error_code").is_some()
            || given("error").is_some()
            || names_a_problem
            || text("title").is_some() && (numeric_status || text("detail").is_some())
    }
}

const PROBLEM: &[u8] = b"application/problem+json";

fn blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

/// Checks a text that the bank needs: not blank, no control characters.
fn needs_text(field: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_input(field, "must not be empty"));
    }
    plain_text(field, text)
}

fn plain_text(field: &str, text: &str) -> Result<(), Error> {
    if text.chars().any(char::is_control) {
        return Err(Error::invalid_input(field, "must not have control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod vector {
    //! Reads an answer the way a call does, for the vectors beside each endpoint.

    use super::{ApiResponse, Endpoint};
    use crate::json::DecodeError;
    use http::{HeaderMap, StatusCode};

    pub(super) fn read<E: Endpoint>(
        endpoint: &E,
        status: u16,
        body: &str,
    ) -> Result<E::Output, DecodeError> {
        endpoint.decode(&ApiResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &HeaderMap::new(),
            body: Some(body.as_bytes()),
            location: None,
        })
    }

    pub(super) fn target<E: Endpoint>(endpoint: &E) -> String {
        let mut url = String::new();
        endpoint.target(&mut url);
        url
    }

    pub(super) fn sent<E: Endpoint>(endpoint: &E) -> String {
        String::from_utf8(endpoint.body().unwrap().to_vec()).unwrap()
    }
}
