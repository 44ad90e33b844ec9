//! Who may ask for what: clients, their tokens and scopes.

mod clients;
mod tokens;

pub(crate) use clients::{ClientIndex, Clients};
pub(crate) use tokens::{Bearer, Tokens};
