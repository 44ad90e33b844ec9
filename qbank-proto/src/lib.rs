//! QBank Connect without I/O.

pub mod endpoint;
pub mod webhook;

mod attempts;
mod auth;
mod authenticate;
mod call;
mod config;
mod error;
mod face;
mod fields;
mod id;
mod idempotency;
mod judge;
mod location;
mod machine;
mod money;
mod open;
mod options;
mod policy;
mod problem;
mod reply;
mod retry_after;
mod routing;
mod scope;
mod secret;
mod session;
mod signature;
mod token;
mod token_request;
mod wait;
mod watch;

pub use {bytes, chrono, http, uuid};

pub use authenticate::{Authenticate, TokenInfo};
pub use call::Call;
pub use config::{ClientAuth, Config, Credentials, Environment, is_loopback};
pub use error::{Attempt, Error, ErrorKind, Fate};
pub use face::{
    Accounts, Balances, Client, Drive, Payments, Pending, PendingWait, PositivePay, Transactions,
    Transfers,
};
pub use fields::{DecodeError, Fields};
pub use id::{
    AccountId, EventId, ExceptionId, Id, IdError, IssueId, PaymentId, RequestId, TransactionId,
    kind,
};
pub use idempotency::{IdempotencyKey, IdempotencyKeyError};
pub use machine::{
    BoxError, Entropy, Exchange, Fault, FaultKind, Machine, Now, Sent, Step, Ticket,
};
pub use money::{Amount, AmountError, Money};
pub use options::{AuthDate, CallOptions, Resume};
pub use policy::{ConflictPolicy, RetryPolicy};
pub use problem::Problem;
pub use reply::Reply;
pub use routing::{RoutingNumber, RoutingNumberError};
pub use scope::Scope;
pub use secret::Secret;
pub use session::Session;
pub use token::AccessToken;
pub use wait::WaitForPayment;
