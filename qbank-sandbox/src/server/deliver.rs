//! Webhook deliveries: one bounded attempt each. When to try again is the bank's affair.

use std::collections::VecDeque;
use std::time::Duration;

use http::Uri;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::loopback::post_for_status;
use super::{BankHandle, unix_now};
use crate::bank::webhooks::Delivery;

/// How often the bank's time is seen to pass.
const TICK: Duration = Duration::from_millis(50);
/// For a receiver to respond.
const RESPONSE_WITHIN: Duration = Duration::from_secs(5);
/// So many attempts are under way at once.
const AT_ONCE: usize = 16;

/// Lets the bank's time pass and sends what is due. A receiver that is slow holds up
/// the others only when it has taken every place.
pub(super) async fn forever(bank: BankHandle) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = VecDeque::new();
    let mut attempts = JoinSet::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let new = if due.is_empty() { bank.lock().tick(unix_now()) } else { Vec::new() };
                due.extend(new);
            }
            Some(_) = attempts.join_next() => {}
        }
        while attempts.len() < AT_ONCE
            && let Some(delivery) = due.pop_front()
        {
            attempts.spawn(attempt(bank.clone(), delivery));
        }
    }
}

async fn attempt(bank: BankHandle, delivery: Delivery) {
    let outcome = match delivery.url.parse::<Uri>() {
        Ok(uri) => {
            let (headers, body) = (delivery.headers.clone(), delivery.body.clone());
            post_for_status(&uri, headers, body, RESPONSE_WITHIN).await
        }
        Err(error) => Err(error.to_string()),
    };
    bank.lock().record_delivery(unix_now(), &delivery, outcome);
}
