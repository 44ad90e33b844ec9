//! One file per operation: its request, its response, its path, its scope, and
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
mod decoder;
mod effect;
mod list;
mod pasted;
mod payment;
mod raw;
mod recipient;
mod response;
mod transactions;
mod transfer;
mod wire;

use std::fmt::Debug;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

pub use crate::resource::{Audit, Payment, PaymentStatus, PaymentType};
pub use accounts::{Account, AccountStatus, AccountType, ListAccounts};
pub use ach::{AchAccepted, CreateAch, Destination};
pub use balance::{Balance, GetBalance};
pub use check_exceptions::{CheckException, ListCheckExceptions, ReasonCode};
pub use check_issue::{CheckIssueAccepted, CreateCheckIssue};
pub use decoder::{Erased, ResponseDecoder};
pub use effect::{Effect, Read, Write};
pub use list::ListEndpoint;
pub(crate) use payment::FollowPayment;
pub use payment::GetPayment;
pub use raw::{RawRead, RawWrite};
pub use recipient::Recipient;
pub use response::ApiResponse;
pub use transactions::{ListTransactions, Transaction, TransactionStatus};
pub use transfer::{CreateTransfer, TransferAccepted};
pub use wire::{Beneficiary, CreateWire};

use crate::error::Error;
use crate::json::DecodeError;
use crate::types::Scope;

/// An operation of the bank: a value that knows its request and reads its response.
///
/// ```
/// use qbank_proto::bytes::Bytes;
/// use qbank_proto::endpoint::{ApiResponse, Endpoint, Write};
/// use qbank_proto::http::Method;
/// use qbank_proto::{DecodeError, Error, Scope};
/// use serde::Deserialize;
///
/// /// Stops a card: an operation that this library does not know.
/// #[derive(Debug)]
/// struct FreezeCard {
///     card: u32,
/// }
///
/// #[derive(Deserialize)]
/// struct Card {
///     state: String,
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
///     fn decode(&self, response: &ApiResponse<'_>) -> Result<bool, DecodeError> {
///         Ok(response.json::<Card>()?.state == "FROZEN")
///     }
/// }
/// // client.call(FreezeCard { card: 7 }).send()
/// ```
pub trait Endpoint: Debug + Send + 'static {
    /// [`Read`], or [`Write`], which needs a key.
    type Effect: Effect;
    /// What a good response means.
    type Output: Debug + Send + 'static;

    /// The HTTP method.
    const METHOD: Method;
    /// The path below the base URL with its parameters by name, such as
    /// `/balances/{accountId}`: names the operation in spans.
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

    /// Reads a 2xx response. An error means that the response is not usable; for a
    /// write, that it is unknown what happened, unless it is
    /// [`PaymentFailed`](crate::DecodeErrorKind::PaymentFailed).
    fn decode(&self, response: &ApiResponse<'_>) -> Result<Self::Output, DecodeError>;

    /// Turns the bank's record of a payment that conflicts with this call's key
    /// into this call's output, if it is the payment this call asked for.
    fn follow(&self, payment: &Payment) -> Option<Self::Output> {
        let _ = payment;
        None
    }

    /// Whether [`Endpoint::follow`] can ever give an output.
    const FOLLOWS: bool = false;

    /// Whether [`Endpoint::decode`] reads the head of a good response alone, and its
    /// body is left to whoever made the call.
    #[doc(hidden)]
    const STREAMS: bool = false;

    /// Texts of the request that must not show up in an error if the bank
    /// repeats them.
    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Writes a request's body.
fn to_json(body: &impl Serialize) -> Result<Bytes, Error> {
    let json = serde_json::to_vec(body)
        .map_err(|_| Error::invalid_input("request", "cannot be written as JSON"))?;
    Ok(json.into())
}

#[cfg(test)]
mod vector {
    //! Reads a response the way a call does, for the vectors beside each endpoint.

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
