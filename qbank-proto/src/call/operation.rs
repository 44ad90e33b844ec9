//! An endpoint without its type, so that the machinery of a call is compiled once
//! and not for every operation.

use std::fmt;

use bytes::Bytes;
use http::Method;

use crate::endpoint::{ApiResponse, Endpoint};
use crate::error::Error;
use crate::json::DecodeError;
use crate::resource::Payment;
use crate::types::{PaymentId, Scope};

/// What a call needs of its endpoint.
pub(crate) trait Operation {
    fn method(&self) -> Method;
    fn path(&self) -> &'static str;
    fn scope(&self) -> Option<Scope>;
    fn follows(&self) -> bool;
    fn streams(&self) -> bool;
    fn target(&self, url: &mut String);
    fn body(&self) -> Result<Bytes, Error>;
    fn secrets(&self) -> Vec<&str>;

    /// Reads a 2xx answer, and keeps what it means.
    fn decode(&mut self, answer: &ApiResponse<'_>) -> Result<Meaning, DecodeError>;

    /// Turns the bank's record of a payment into the answer, and keeps it.
    fn follow(&mut self, payment: &Payment) -> Option<Meaning>;
}

/// What a call must know of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meaning {
    /// It says that the payment failed.
    pub(crate) failed: bool,
    pub(crate) payment_id: Option<PaymentId>,
}

impl dyn Operation + '_ {
    /// Such as `GET /balances/{accountId}`, for spans and errors.
    pub(crate) fn name(&self) -> Name {
        Name(self.method(), self.path())
    }
}

pub(crate) struct Name(Method, &'static str);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.as_str(), self.1)
    }
}

/// An endpoint, and what its answer means once there is one.
pub(super) struct Typed<E: Endpoint> {
    endpoint: E,
    value: Option<E::Output>,
}

impl<E: Endpoint> Typed<E> {
    pub(super) const fn new(endpoint: E) -> Self {
        Self { endpoint, value: None }
    }

    pub(super) fn take(&mut self) -> Option<E::Output> {
        self.value.take()
    }

    fn keep(&mut self, value: E::Output) -> Meaning {
        let meaning = Meaning { failed: E::failed(&value), payment_id: E::payment_id(&value) };
        self.value = Some(value);
        meaning
    }
}

impl<E: Endpoint> Operation for Typed<E> {
    fn method(&self) -> Method {
        E::METHOD
    }

    fn path(&self) -> &'static str {
        E::PATH
    }

    fn scope(&self) -> Option<Scope> {
        E::SCOPE
    }

    fn follows(&self) -> bool {
        E::FOLLOWS
    }

    fn streams(&self) -> bool {
        E::STREAMS
    }

    fn target(&self, url: &mut String) {
        self.endpoint.target(url);
    }

    fn body(&self) -> Result<Bytes, Error> {
        self.endpoint.body()
    }

    fn secrets(&self) -> Vec<&str> {
        self.endpoint.secrets()
    }

    fn decode(&mut self, answer: &ApiResponse<'_>) -> Result<Meaning, DecodeError> {
        let value = self.endpoint.decode(answer)?;
        Ok(self.keep(value))
    }

    fn follow(&mut self, payment: &Payment) -> Option<Meaning> {
        let value = self.endpoint.follow(payment)?;
        Some(self.keep(value))
    }
}
