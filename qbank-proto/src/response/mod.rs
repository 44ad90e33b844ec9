//! Reads what any response may say beside its value: error bodies, the URL of a payment, how
//! long to wait. Keeps secrets out of it.

mod content_coding;
mod payment_urls;
mod problem;
mod redact;
mod retry_after;

pub(crate) use content_coding::content_coding;
pub(crate) use payment_urls::PaymentUrls;
pub use problem::Problem;
pub(crate) use problem::{Conflict, declares_problem};
pub(crate) use redact::Redactor;
pub(crate) use retry_after::retry_after;
