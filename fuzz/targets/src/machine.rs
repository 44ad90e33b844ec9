//! Calls, a wait and an authentication on one session, driven by a driver that
//! does anything: tickets late, lost and given to the wrong machine, clocks that
//! jump.

mod answer;
mod subject;

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use qbank_proto::{
    AccessToken, Credentials, ErrorKind, Fate, IdempotencyKey, Now, Session, Step, Ticket,
};

use crate::drive::{NOON, session};
use answer::Answer;
use subject::{Kind, Outcome};

#[derive(Debug, Arbitrary)]
enum Op {
    Poll(u8),
    /// Gives a ticket of the pool, perhaps another machine's, an outcome.
    Settle(u8, u8, Answer),
    Supply(u8, u8, bool),
    Pass(u32),
    Jump(Far, Far),
    Abandon(u8),
    Drop(u8),
}

#[derive(Debug, Arbitrary)]
enum Far {
    Zero,
    Nanosecond,
    Some(u64),
    AlmostEnd,
    End,
}

impl Far {
    fn time(&self) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Nanosecond => Duration::from_nanos(1),
            Self::Some(seconds) => Duration::from_secs(*seconds),
            Self::AlmostEnd => Duration::from_secs(u64::MAX),
            Self::End => Duration::MAX,
        }
    }
}

/// No sequence of polls, settles, supplies and abandonments panics or hangs;
/// every wait is bounded; what is over stays over; key and bytes stay; and a fate
/// is never below what an attempt has shown.
pub fn machine(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(setup) = u8::arbitrary(&mut input) else { return };
    let mut chaos = Chaos::new(setup);
    for _ in 0..160 {
        if input.is_empty() {
            break;
        }
        let Ok(op) = Op::arbitrary(&mut input) else { break };
        chaos.apply(op);
    }
    chaos.finish();
}

struct Chaos {
    now: Now,
    /// The latest that the monotonic clock has shown.
    latest: Duration,
    slots: Vec<Slot>,
    pool: Vec<Held>,
}

/// A machine, and what is known of it.
struct Slot {
    machine: Option<Kind>,
    /// The latest that any wait may end.
    bound: Option<Duration>,
    ended: bool,
    sends: Vec<Send>,
    identity: Option<(Option<IdempotencyKey>, Bytes)>,
    /// A payment was looked at, whose record may lower a fate.
    looked: bool,
}

/// One send of a write: between which rungs what came of it lies.
struct Send {
    lost_at: Duration,
    /// The clock has shown that time, perhaps before it jumped back.
    late: bool,
    lowest: Fate,
    highest: Fate,
}

struct Held {
    ticket: Ticket,
    /// Whose, and which send of it.
    send: Option<(usize, usize)>,
}

const RETRIES: usize = 2;
const DEADLINE: Duration = Duration::from_secs(180);
const GRACE: Duration = Duration::from_secs(5);

impl Chaos {
    fn new(setup: u8) -> Self {
        let credentials = match setup % 3 {
            0 => Credentials::client("client-7", "correct-horse-battery-staple"),
            1 => Credentials::Supplier,
            _ => Credentials::Token(AccessToken::new("ready-made").unwrap()),
        };
        let session: Session = session(credentials);
        let slots = Kind::all(&session, setup / 3).map(|machine| Slot {
            identity: machine.identity(),
            machine: Some(machine),
            bound: None,
            ended: false,
            sends: Vec::new(),
            looked: false,
        });
        let now = Now { mono: Duration::from_secs(1000), unix: NOON };
        Self { now, latest: now.mono, slots: slots.into(), pool: Vec::new() }
    }

    fn apply(&mut self, op: Op) {
        let slots = self.slots.len();
        let index = |at: u8| usize::from(at) % slots;
        match op {
            Op::Poll(at) => {
                self.latest = self.latest.max(self.now.mono);
                self.poll(index(at));
            }
            Op::Settle(at, ticket, answer) => self.settle(index(at), ticket, &answer),
            Op::Supply(at, ticket, good) => {
                let Some(held) = self.held(ticket) else { return };
                let Some(machine) = &mut self.slots[index(at)].machine else { return };
                machine.supply(self.now, held.ticket, good);
            }
            Op::Pass(millis) => {
                let span = Duration::from_millis(u64::from(millis % 100_000));
                self.now.mono = self.now.mono.saturating_add(span);
                self.now.unix = self.now.unix.saturating_add(span);
            }
            Op::Jump(mono, unix) => self.now = Now { mono: mono.time(), unix: unix.time() },
            Op::Abandon(at) => {
                let at = index(at);
                let Some(machine) = &mut self.slots[at].machine else { return };
                let outcome = machine.abandon(self.now);
                self.end(at, &outcome);
            }
            Op::Drop(at) => self.slots[index(at)].machine = None,
        }
    }

    /// From the youngest on: old tickets are rarer.
    fn held(&mut self, back: u8) -> Option<Held> {
        let at = self.pool.len().checked_sub(usize::from(back % 4) + 1)?;
        Some(self.pool.remove(at))
    }

    fn settle(&mut self, at: usize, ticket: u8, answer: &Answer) {
        let Some(held) = self.held(ticket) else { return };
        if let Some((whose, which)) = held.send
            && whose == at
            && !self.slots[at].ended
            && which + 1 == self.slots[at].sends.len()
        {
            let (lowest, highest) = answer.rungs();
            let send = &mut self.slots[at].sends[which];
            // Past its time the ticket may have been given up already.
            let late = send.late || self.now.mono >= send.lost_at;
            send.lowest = if late { lowest.min(Fate::Unknown) } else { lowest };
            send.highest = if late { highest.max(Fate::Unknown) } else { highest };
        }
        if let Some(machine) = &mut self.slots[at].machine {
            machine.settle(self.now, held.ticket, answer.outcome());
        }
    }

    /// How long it waits; nothing once it is over.
    fn poll(&mut self, at: usize) -> Option<Duration> {
        let now = self.now;
        let slot = &mut self.slots[at];
        let machine = slot.machine.as_mut()?;
        let bound = *slot.bound.get_or_insert(now.mono.saturating_add(DEADLINE + GRACE));
        for send in &mut slot.sends {
            send.late |= now.mono >= send.lost_at;
        }
        let step = machine.poll(now);
        assert_eq!(slot.identity, machine.identity(), "key and bytes change");
        match step {
            Step::Wait(time) => {
                assert!(!slot.ended, "what is over waits");
                assert!(now.mono.saturating_add(time) <= bound, "an unbounded wait: {time:?}");
                return Some(time);
            }
            Step::Send(exchange) => {
                assert!(!slot.ended, "what is over sends");
                assert!(exchange.timeout <= Duration::from_secs(60));
                assert!(exchange.connect_timeout <= exchange.timeout);
                let headers = exchange.request.headers();
                let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap());
                let send = key.map(|key| {
                    let (own, body) = slot.identity.as_ref().unwrap();
                    assert_eq!(Some(key.to_owned()), own.map(|own| own.to_string()));
                    assert_eq!(exchange.request.body(), body);
                    (at, slot.sends.len())
                });
                if send.is_some() {
                    let lost_at = now.mono.saturating_add(exchange.timeout + GRACE);
                    let (lowest, highest) = (Fate::Unknown, Fate::Unknown);
                    slot.sends.push(Send { lost_at, late: false, lowest, highest });
                    assert!(slot.sends.len() <= 1 + RETRIES);
                } else {
                    slot.looked |= exchange.request.uri().path().contains("/payments/");
                }
                self.pool.push(Held { ticket: exchange.ticket, send });
            }
            Step::Authorize { ticket, timeout } => {
                assert!(!slot.ended, "what is over asks for a token");
                assert!(timeout <= Duration::from_secs(60));
                self.pool.push(Held { ticket, send: None });
            }
            Step::Done(outcome) => {
                self.end(at, &outcome);
                return None;
            }
        }
        Some(Duration::ZERO)
    }

    fn end(&mut self, at: usize, outcome: &Outcome) {
        let slot = &mut self.slots[at];
        if slot.ended {
            let again = outcome.as_ref().expect_err("an end is given once");
            assert_eq!(again.kind(), ErrorKind::InvalidInput, "and then a typed error");
            return;
        }
        slot.ended = true;
        let Some((Some(key), _)) = &slot.identity else { return };
        let fate = match outcome {
            Ok(fate) => *fate,
            Err(error) => {
                assert_eq!(error.key(), Some(*key), "{error:?}");
                assert_eq!(error.attempts().len(), slot.sends.len(), "{error:?}");
                // Only the bank's own record lowers a fate.
                if error.kind() == ErrorKind::PaymentFailed {
                    assert_eq!(error.fate(), Fate::Refused);
                    return;
                }
                error.fate()
            }
        };
        let highest = slot.sends.iter().map(|send| send.highest).max();
        let lowest = slot.sends.iter().map(|send| send.lowest).max();
        assert!(fate >= lowest.unwrap_or(Fate::NeverSent), "{fate} is below {lowest:?}");
        let followed = slot.looked && fate == Fate::Accepted;
        assert!(followed || fate <= highest.unwrap_or(Fate::NeverSent), "{fate}: {highest:?}");
    }

    /// Polls on time, loses every ticket, and expects an end in time. A clock
    /// that went back has caught up.
    fn finish(&mut self) {
        self.now.mono = self.latest.max(self.now.mono);
        for at in 0..self.slots.len() {
            let begun = self.now.mono;
            let mut rounds = 0;
            while let Some(wait) = self.poll(at) {
                self.now.mono = self.now.mono.saturating_add(wait);
                rounds += 1;
                assert!(rounds < 1000, "machine {at} never ends");
            }
            let slot = &self.slots[at];
            if slot.machine.is_some() {
                let bound = slot.bound.unwrap_or_default();
                assert!(slot.ended && self.now.mono <= bound.max(begun), "it ends in time");
                self.poll(at);
            }
        }
    }
}
