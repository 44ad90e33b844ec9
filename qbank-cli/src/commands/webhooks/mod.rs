//! `qbank webhooks`: verify one delivery, receive deliveries, or have the sandbox send
//! some.

mod listen;
mod trigger;
mod verify;

pub(super) use listen::listen;
pub(super) use trigger::{resend, trigger};
pub(super) use verify::verify;
