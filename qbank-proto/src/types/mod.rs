//! The values that everything else is made of: money, ids, keys, secrets, what became of an
//! attempt. They know nothing of calls.

mod access_token;
mod attempt;
mod fate;
mod fault_kind;
mod id;
mod key;
mod message;
mod money;
mod open_enum;
mod resume;
mod rfc3339;
mod routing_number;
mod scope;
mod seconds;
mod secret;

pub(crate) use access_token::UNSTATED_LIFETIME;
pub use access_token::{AccessToken, AccessTokenError};
pub use attempt::{Attempt, AttemptList};
pub use fate::{Fate, NameError};
pub use fault_kind::FaultKind;
pub(crate) use id::hyphenated;
pub use id::{
    AccountId, EventId, ExceptionId, Id, IdError, IssueId, PaymentId, RequestId, TransactionId,
    kind,
};
pub use key::{IdempotencyKey, IdempotencyKeyError};
pub use message::{BoxError, Message};
pub use money::{Amount, AmountError, Money};
pub(crate) use open_enum::open_enum;
pub use resume::Resume;
pub use rfc3339::parse_day;
pub(crate) use rfc3339::{parse_day_as_written, parse_moment};
pub use routing_number::{RoutingNumber, RoutingNumberError};
pub use scope::Scope;
pub(crate) use seconds::{seconds, seconds_up};
pub use secret::Secret;
