//! Webhooks: events about payments, the receivers they go to, and the delivery attempts
//! with their backoff.

mod delivery;
mod event;
pub(crate) mod outbox;
mod receiver;

pub use delivery::{Delivery, DeliveryRecord};
pub(crate) use event::Event;
pub(crate) use outbox::{Outbox, PendingEvent};
pub use receiver::loopback_address;
pub(crate) use receiver::{Receiver, is_loopback};
