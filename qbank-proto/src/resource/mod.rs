//! What several operations share: a payment, and the audit fields.

mod audit;
mod payment;
mod signs;

pub use audit::Audit;
pub(crate) use payment::Record;
pub use payment::{Payment, PaymentStatus, PaymentType};
pub(crate) use signs::Signs;
