//! QBank Connect without I/O.

mod id;
mod idempotency;
mod money;
mod open;
mod routing;
mod scope;
mod secret;

pub use id::{
    AccountId, EventId, ExceptionId, Id, IdError, IssueId, PaymentId, RequestId, TransactionId,
    kind,
};
pub use idempotency::{IdempotencyKey, IdempotencyKeyError};
pub use money::{Amount, AmountError, Money};
pub use routing::{RoutingNumber, RoutingNumberError};
pub use scope::Scope;
pub use secret::Secret;
