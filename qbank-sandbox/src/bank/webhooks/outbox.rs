//! The outbox: what is to be delivered to whom, and when again.
//!
//! ```text
//!  final payment ─► event ─► (held, doubled) ─► attempt ─► 200: done
//!                                                     ▲  │ anything else
//!                                                     └──┘ after 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, 6 h
//! ```
//! Every attempt has its own `Webhook-Event-ID`; the signed `event_id` stays.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::StatusCode;
use uuid::Uuid;

use super::delivery::{Delivery, DeliveryRecord};
use super::event::Event;
use super::receiver::Receiver;
use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::time::timestamp;
use crate::message::error::ApiError;
use crate::message::response::ApiResponse;

/// How many events one [`Bank::tick`] hands out.
const MOST_EVENTS_PER_TICK: usize = 256;
const MOST_RECEIVERS: usize = 16;
const MOST_RECORDS: usize = 10_000;
/// So many attempts can be in flight, and so many wait for their turn; beyond that
/// the oldest are given up.
const MOST_ATTEMPTS: usize = 10_000;
/// How long after an attempt that failed the next one follows; then it is given up.
const BACKOFF: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(6 * 60 * 60),
];
/// Events that are held until later ones overtake them wait no longer than this.
const HELD_FOR: Duration = Duration::from_secs(60);

/// The receivers, the events and the attempts.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    receivers: Vec<Receiver>,
    pending: VecDeque<(ClientIndex, PendingEvent)>,
    trouble: Trouble,
    /// Attempts that were handed out and have no outcome yet.
    in_flight: VecDeque<(Uuid, Attempt)>,
    /// Attempts to come, in order.
    retries: BTreeMap<(Duration, u64), Attempt>,
    /// Distinguishes attempts of the same moment.
    counter: u64,
    records: VecDeque<DeliveryRecord>,
}

/// An event to deliver. It is built when its turn comes: a million payments may become
/// final in the same batch.
#[derive(Debug, Clone)]
pub(crate) enum PendingEvent {
    /// About a payment, by its position, as it is then.
    Payment(usize),
    /// An event that the control surface asked for.
    Ready(Event),
}

#[derive(Debug, Clone)]
struct Attempt {
    receiver: Receiver,
    event: Event,
    number: u32,
}

/// What happens to the next events, on request.
#[derive(Debug, Default)]
struct Trouble {
    /// So many are delivered twice.
    doubled: u64,
    /// So many are still to come before those that are held go out, last one first.
    awaited: u64,
    held: Vec<(ClientIndex, PendingEvent)>,
    until: Duration,
}

impl Outbox {
    /// Registers a receiver; a URL that is registered gets its new secret.
    pub(crate) fn register(&mut self, receiver: Receiver) -> Result<ApiResponse, ApiError> {
        let response = ApiResponse::json(StatusCode::CREATED, &receiver);
        if self.add_receiver(receiver) {
            return Ok(response);
        }
        Err(ApiError::unprocessable("ERR_SBX_002", "There are too many webhooks."))
    }

    /// False: there are too many.
    pub(crate) fn add_receiver(&mut self, receiver: Receiver) -> bool {
        let same =
            |known: &&mut Receiver| known.url == receiver.url && known.client == receiver.client;
        if let Some(known) = self.receivers.iter_mut().find(same) {
            *known = receiver;
            return true;
        }
        let fits = self.receivers.len() < MOST_RECEIVERS;
        if fits {
            self.receivers.push(receiver);
        }
        fits
    }

    /// `GET /_sandbox/webhooks`, without the secrets.
    pub(crate) fn list(&self) -> ApiResponse {
        ApiResponse::json(StatusCode::OK, &self.receivers)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self { records: std::mem::take(&mut self.records), ..Self::default() };
    }

    pub(crate) fn receivers_of(&self, client: ClientIndex) -> impl Iterator<Item = &Receiver> {
        self.receivers.iter().filter(move |receiver| receiver.client == client)
    }

    /// This payment is final; the receivers that are registered now get the event.
    pub(crate) fn announce(&mut self, client: ClientIndex, payment: usize) {
        self.enqueue(client, &PendingEvent::Payment(payment), 1);
    }

    pub(crate) fn enqueue(&mut self, client: ClientIndex, event: &PendingEvent, times: u64) {
        if self.receivers_of(client).next().is_some() {
            for _ in 0..times {
                self.pending.push_back((client, event.clone()));
            }
        }
    }

    /// Whether an event that was made to order can wait here, too. PendingEvent of payments
    /// always can: there are no more of them than payments.
    pub(crate) fn has_room(&self, times: u64) -> bool {
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        self.pending.len().saturating_add(times) <= MOST_ATTEMPTS
    }

    /// The next so many events are delivered twice.
    pub(crate) fn double(&mut self, times: u64) {
        self.trouble.doubled = times;
    }

    /// The next so many events wait for each other and go out in reverse order.
    pub(crate) fn reorder(&mut self, now: Duration, times: u64) {
        self.trouble.awaited = times;
        self.trouble.until = now.saturating_add(HELD_FOR);
    }

    fn next_pending(&mut self, now: Duration) -> Option<(ClientIndex, PendingEvent)> {
        let trouble = &mut self.trouble;
        while trouble.awaited > 0
            && let Some(event) = self.pending.pop_front()
        {
            trouble.held.push(event);
            trouble.awaited -= 1;
        }
        if trouble.awaited == 0 || now >= trouble.until {
            trouble.awaited = 0;
            // The last one that came goes to the front.
            for event in std::mem::take(&mut trouble.held) {
                self.pending.push_front(event);
            }
        }
        self.pending.pop_front()
    }

    /// Hands out one attempt.
    fn hand_out(&mut self, attempt: Attempt, attempt_id: Uuid) -> Delivery {
        if self.in_flight.len() >= MOST_ATTEMPTS {
            self.in_flight.pop_front();
        }
        let delivery = attempt.receiver.delivery(&attempt.event, attempt.number, attempt_id);
        self.in_flight.push_back((attempt_id, attempt));
        delivery
    }

    pub(crate) fn record(
        &mut self,
        now: Duration,
        delivery: &Delivery,
        outcome: Result<StatusCode, String>,
    ) {
        let attempt = self
            .in_flight
            .iter()
            .position(|(id, _)| *id == delivery.attempt_id)
            .and_then(|at| self.in_flight.remove(at))
            .map(|(_, attempt)| attempt)
            .filter(|_| outcome != Ok(StatusCode::OK));
        let next = attempt.and_then(|attempt| self.try_again(now, attempt));
        if self.records.len() >= MOST_RECORDS {
            self.records.pop_front();
        }
        let (status, error) = match outcome {
            Ok(status) => (Some(status.as_u16()), None),
            Err(error) => (None, Some(error)),
        };
        self.records.push_back(DeliveryRecord {
            webhook_event_id: delivery.attempt_id,
            event_id: delivery.event_id,
            payment_id: delivery.payment_id,
            url: delivery.url.clone(),
            status,
            error,
            attempt: delivery.attempt,
            next_attempt: next.map(timestamp),
            timestamp: timestamp(now),
        });
    }

    /// When, unless it was the last.
    fn try_again(&mut self, now: Duration, attempt: Attempt) -> Option<Duration> {
        let failed = usize::try_from(attempt.number).ok()?;
        let at = now.saturating_add(*BACKOFF.get(failed.checked_sub(1)?)?);
        if self.retries.len() >= MOST_ATTEMPTS {
            self.retries.pop_first();
        }
        self.counter = self.counter.wrapping_add(1);
        let next = Attempt { number: attempt.number.saturating_add(1), ..attempt };
        self.retries.insert((at, self.counter), next);
        Some(at)
    }

    pub(crate) fn records(&self) -> &VecDeque<DeliveryRecord> {
        &self.records
    }
}

/// What is due at `now`: first the retries, then what is new.
pub(crate) fn due(bank: &mut Bank, now: Duration) -> Vec<Delivery> {
    let mut due = Vec::new();
    while due.len() < MOST_EVENTS_PER_TICK
        && let Some(retry) = bank.webhooks.retries.first_entry().filter(|it| it.key().0 <= now)
    {
        let attempt = retry.remove();
        due.push(bank.webhooks.hand_out(attempt, bank.ids.uuid()));
    }
    while due.len() < MOST_EVENTS_PER_TICK
        && let Some((client, pending)) = bank.webhooks.next_pending(now)
    {
        let event = match pending {
            PendingEvent::Ready(event) => Some(event),
            PendingEvent::Payment(place) => bank
                .payments
                .at(place)
                .map(|payment| Event::about(payment, now, bank.clients.id(client))),
        };
        let Some(event) = event else {
            continue;
        };
        let doubled = bank.webhooks.trouble.doubled > 0;
        bank.webhooks.trouble.doubled -= u64::from(doubled);
        let receivers: Vec<Receiver> = bank.webhooks.receivers_of(client).cloned().collect();
        for receiver in receivers {
            for _ in 0..=u8::from(doubled) {
                let (receiver, event) = (receiver.clone(), event.clone());
                let attempt = Attempt { receiver, event, number: 1 };
                due.push(bank.webhooks.hand_out(attempt, bank.ids.uuid()));
            }
        }
    }
    due
}
