//! Workers are processes, and what happens to processes happens to them, on each store: they are
//! ended at every named place, stand still for longer than their lease, have a wrong clock, and
//! lose the connection to Postgres at a COMMIT. Each payment is made once all the same.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

#[path = "../behaviour/mod.rs"]
mod behaviour;
mod clock;
mod cut;
mod killed;
mod part;
mod process;
mod proxy;
#[path = "../server/mod.rs"]
mod server;
mod setup;
mod stopped;
