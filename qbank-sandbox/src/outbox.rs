//! The outbox: what is to be delivered to whom, and when again.
//!
//! ```text
//!  final payment ─► news ─► (held back, doubled) ─► attempt ─► 200: done
//!                                                     ▲  │ anything else
//!                                                     └──┘ after 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, 6 h
//! ```
//! Every attempt has its own `Webhook-Event-ID`; the signed `event_id` stays.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::StatusCode;
use uuid::Uuid;

use crate::answer::Answer;
use crate::bank::Bank;
use crate::clients::Client;
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::webhook::{Delivery, DeliveryRecord, Event, Receiver};

/// How many events one [`Bank::tick`] tells of.
const MOST_TOLD_PER_TICK: usize = 256;
const MOST_RECEIVERS: usize = 16;
const MOST_RECORDS: usize = 10_000;
/// So many attempts can be on their way, and so many wait for their turn; beyond that
/// the first of them are given up.
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
/// Events that are held back for others to overtake them wait no longer than this.
const HELD_FOR: Duration = Duration::from_secs(60);

/// The receivers, and what is on its way to them.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    receivers: Vec<Receiver>,
    news: VecDeque<(Client, News)>,
    trouble: Trouble,
    /// Attempts that were handed out; what came of them is not known yet.
    out: VecDeque<(Uuid, Attempt)>,
    /// Attempts that wait for their turn, in order.
    again: BTreeMap<(Duration, u64), Attempt>,
    /// Tells attempts of the same moment apart.
    counter: u64,
    records: VecDeque<DeliveryRecord>,
}

/// Something to tell. Events are made when their turn comes: a million payments may
/// become final in the same batch.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// A payment, by its place, as it is then.
    Payment(usize),
    /// An event that was made to order.
    Ready(Event),
}

#[derive(Debug, Clone)]
struct Attempt {
    receiver: Receiver,
    event: Event,
    number: u32,
}

/// What the next events meet, on request.
#[derive(Debug, Default)]
struct Trouble {
    /// So many are delivered twice.
    doubled: u64,
    /// So many are still to come before those that are held go out, last one first.
    awaited: u64,
    held: Vec<(Client, News)>,
    until: Duration,
}

impl Outbox {
    /// Registers a receiver; a URL that is registered gets its new secret.
    pub(crate) fn register(&mut self, receiver: Receiver) -> Result<Answer, Refusal> {
        let answer = Answer::json(StatusCode::CREATED, &receiver);
        let same =
            |known: &&mut Receiver| known.url == receiver.url && known.client == receiver.client;
        if let Some(known) = self.receivers.iter_mut().find(same) {
            *known = receiver;
        } else if self.receivers.len() < MOST_RECEIVERS {
            self.receivers.push(receiver);
        } else {
            return Err(Refusal::unprocessable("ERR_SBX_002", "There are too many webhooks."));
        }
        Ok(answer)
    }

    /// `GET /_sandbox/webhooks`, without the secrets.
    pub(crate) fn list(&self) -> Answer {
        Answer::json(StatusCode::OK, &self.receivers)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self { records: std::mem::take(&mut self.records), ..Self::default() };
    }

    pub(crate) fn receivers_of(&self, client: Client) -> impl Iterator<Item = &Receiver> {
        self.receivers.iter().filter(move |receiver| receiver.client == client)
    }

    /// This payment is final; whoever is registered now will be told.
    pub(crate) fn announce(&mut self, client: Client, payment: usize) {
        self.tell(client, &News::Payment(payment), 1);
    }

    pub(crate) fn tell(&mut self, client: Client, news: &News, times: u64) {
        if self.receivers_of(client).next().is_some() {
            for _ in 0..times {
                self.news.push_back((client, news.clone()));
            }
        }
    }

    /// Whether an event that was made to order can wait here, too. News of payments
    /// always can: there are no more of them than payments.
    pub(crate) fn has_room(&self, times: u64) -> bool {
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        self.news.len().saturating_add(times) <= MOST_ATTEMPTS
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

    fn next_news(&mut self, now: Duration) -> Option<(Client, News)> {
        let trouble = &mut self.trouble;
        while trouble.awaited > 0
            && let Some(news) = self.news.pop_front()
        {
            trouble.held.push(news);
            trouble.awaited -= 1;
        }
        if trouble.awaited == 0 || now >= trouble.until {
            trouble.awaited = 0;
            // The last one that came goes to the front.
            for news in std::mem::take(&mut trouble.held) {
                self.news.push_front(news);
            }
        }
        self.news.pop_front()
    }

    /// Hands out one attempt.
    fn hand_out(&mut self, attempt: Attempt, attempt_id: Uuid) -> Delivery {
        if self.out.len() >= MOST_ATTEMPTS {
            self.out.pop_front();
        }
        let delivery = attempt.receiver.delivery(&attempt.event, attempt.number, attempt_id);
        self.out.push_back((attempt_id, attempt));
        delivery
    }

    pub(crate) fn record(
        &mut self,
        now: Duration,
        delivery: &Delivery,
        outcome: Result<StatusCode, String>,
    ) {
        let attempt = self
            .out
            .iter()
            .position(|(id, _)| *id == delivery.attempt_id)
            .and_then(|at| self.out.remove(at))
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
        if self.again.len() >= MOST_ATTEMPTS {
            self.again.pop_first();
        }
        self.counter = self.counter.wrapping_add(1);
        let next = Attempt { number: attempt.number.saturating_add(1), ..attempt };
        self.again.insert((at, self.counter), next);
        Some(at)
    }

    pub(crate) fn records(&self) -> &VecDeque<DeliveryRecord> {
        &self.records
    }
}

/// What is due at `now`: first what is tried again, then what is new.
pub(crate) fn due(bank: &mut Bank, now: Duration) -> Vec<Delivery> {
    let mut due = Vec::new();
    while due.len() < MOST_TOLD_PER_TICK
        && let Some(again) = bank.webhooks.again.first_entry().filter(|it| it.key().0 <= now)
    {
        let attempt = again.remove();
        due.push(bank.webhooks.hand_out(attempt, bank.ids.uuid()));
    }
    while due.len() < MOST_TOLD_PER_TICK
        && let Some((client, news)) = bank.webhooks.next_news(now)
    {
        let event = match news {
            News::Ready(event) => Some(event),
            News::Payment(place) => bank
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
