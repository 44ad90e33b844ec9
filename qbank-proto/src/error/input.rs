//! A value that could not be made is bad input: `?` carries its error.

use super::Error;
use crate::types::{
    AccessTokenError, AmountError, IdError, IdempotencyKeyError, RoutingNumberError,
};

impl From<AccessTokenError> for Error {
    fn from(error: AccessTokenError) -> Self {
        Self::invalid_input("access token", error)
    }
}

impl From<AmountError> for Error {
    fn from(error: AmountError) -> Self {
        Self::invalid_input("amount", error)
    }
}

impl From<IdError> for Error {
    fn from(error: IdError) -> Self {
        Self::invalid_input("id", error)
    }
}

impl From<IdempotencyKeyError> for Error {
    fn from(error: IdempotencyKeyError) -> Self {
        Self::invalid_input("idempotency key", error)
    }
}

impl From<RoutingNumberError> for Error {
    fn from(error: RoutingNumberError) -> Self {
        Self::invalid_input("routing number", error)
    }
}
