//! An operation whose response is a list.

use super::{Endpoint, Read};
use crate::json::{DecodeError, Fields};

/// An operation whose answer is a list that can be read while it arrives.
pub trait ListEndpoint: Endpoint<Effect = Read, Output = Vec<Self::Item>> {
    /// One of the list.
    type Item;

    /// Reads one of the list.
    fn item(fields: &Fields<'_>) -> Result<Self::Item, DecodeError>;
}
