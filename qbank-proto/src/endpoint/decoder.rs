//! How the responses to a call are read: all that a call keeps of its operation.

use std::fmt;

use super::{ApiResponse, Endpoint, Payment};
use crate::json::DecodeError;

/// Reads the responses to one call. Every [`Endpoint`] does.
pub trait ResponseDecoder: Send + 'static {
    /// What a good response means.
    type Output: fmt::Debug + Send + 'static;

    /// See [`Endpoint::decode`].
    fn decode(&self, response: &ApiResponse<'_>) -> Result<Self::Output, DecodeError>;

    /// See [`Endpoint::follow`].
    fn follow(&self, payment: &Payment) -> Option<Self::Output>;

    /// See [`Endpoint::secrets`].
    fn secrets(&self) -> Vec<&str>;
}

impl<E: Endpoint> ResponseDecoder for E {
    type Output = E::Output;

    fn decode(&self, response: &ApiResponse<'_>) -> Result<E::Output, DecodeError> {
        Endpoint::decode(self, response)
    }

    fn follow(&self, payment: &Payment) -> Option<E::Output> {
        Endpoint::follow(self, payment)
    }

    fn secrets(&self) -> Vec<&str> {
        Endpoint::secrets(self)
    }
}

/// The decoder of any operation, with one output for all: a call is then compiled once and
/// not once for each operation, which would be 7 KB more of the npm package, gzipped.
pub struct Erased<T>(Box<dyn ResponseDecoder<Output = T>>);

impl<T: fmt::Debug + Send + 'static> Erased<T> {
    pub(crate) fn new<E: Endpoint>(endpoint: E, map: fn(E::Output) -> T) -> Self {
        Self(Box::new(Mapped { endpoint, map }))
    }
}

impl<T: fmt::Debug + Send + 'static> ResponseDecoder for Erased<T> {
    type Output = T;

    fn decode(&self, response: &ApiResponse<'_>) -> Result<T, DecodeError> {
        self.0.decode(response)
    }

    fn follow(&self, payment: &Payment) -> Option<T> {
        self.0.follow(payment)
    }

    fn secrets(&self) -> Vec<&str> {
        self.0.secrets()
    }
}

impl<T> fmt::Debug for Erased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Erased").finish_non_exhaustive()
    }
}

struct Mapped<E: Endpoint, T> {
    endpoint: E,
    map: fn(E::Output) -> T,
}

impl<E: Endpoint, T: fmt::Debug + Send + 'static> ResponseDecoder for Mapped<E, T> {
    type Output = T;

    fn decode(&self, response: &ApiResponse<'_>) -> Result<T, DecodeError> {
        self.endpoint.decode(response).map(self.map)
    }

    fn follow(&self, payment: &Payment) -> Option<T> {
        self.endpoint.follow(payment).map(self.map)
    }

    fn secrets(&self) -> Vec<&str> {
        self.endpoint.secrets()
    }
}
