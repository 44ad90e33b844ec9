//! Drivers that do anything: tickets late, lost and given to the wrong machine,
//! clocks that jump.

use std::task::Waker;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use qbank_proto::endpoint::{CreateAch, ListAccounts};
use qbank_proto::{
    AccessToken, Authenticate, Call, ConflictPolicy, Error, ErrorKind, Machine, Now, Step, Ticket,
    WaitForPayment,
};

use crate::bed::*;
use crate::ladder::{Row, Rung, rows};

#[derive(Debug, Clone)]
enum Op {
    Poll(usize),
    /// Gives a ticket of the pool, perhaps another machine's, an outcome.
    Settle(usize, usize, Row),
    Token(usize, usize, Act),
    Supply(usize, usize, bool),
    Pass(Duration),
    Jump(Duration, Duration),
    Abandon(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let tokens = vec![good_token("t"), token_for("t", "0"), says(503), reset(), says(401)];
    let far = select(vec![
        Duration::ZERO,
        Duration::from_nanos(1),
        secs(1000),
        secs(1_000_000),
        Duration::MAX - secs(1),
        Duration::MAX,
    ]);
    prop_oneof![
        8 => (0..5_usize).prop_map(Op::Poll),
        4 => (0..5_usize, 0..4_usize, select(rows())).prop_map(|(m, t, row)| Op::Settle(m, t, row)),
        4 => (0..5_usize, 0..4_usize, select(tokens)).prop_map(|(m, t, act)| Op::Token(m, t, act)),
        1 => (0..5_usize, 0..4_usize, any::<bool>()).prop_map(|(m, t, ok)| Op::Supply(m, t, ok)),
        4 => (0..100_000_u64).prop_map(|ms| Op::Pass(millis(ms))),
        1 => (far.clone(), far).prop_map(|(mono, unix)| Op::Jump(mono, unix)),
        1 => (0..5_usize).prop_map(Op::Abandon),
    ]
}

/// One machine of several kinds, and how it ended.
struct Subject {
    machine: Kind,
    /// The latest that any wait may end.
    bound: Option<Duration>,
    ended: Option<Result<(), Error>>,
}

enum Kind {
    Ach(Box<Call<CreateAch>>),
    Accounts(Box<Call<ListAccounts>>),
    Wait(Box<WaitForPayment>),
    Authenticate(Box<Authenticate>),
}

impl Kind {
    fn poll(&mut self, now: Now) -> Step<Result<(), Error>> {
        fn done<T>(step: Step<Result<T, Error>>) -> Step<Result<(), Error>> {
            match step {
                Step::Send(exchange) => Step::Send(exchange),
                Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
                Step::Wait(time) => Step::Wait(time),
                Step::Done(outcome) => Step::Done(outcome.map(drop)),
            }
        }
        let waker = Waker::noop();
        match self {
            Self::Ach(machine) => done(machine.poll(now, waker)),
            Self::Accounts(machine) => done(machine.poll(now, waker)),
            Self::Wait(machine) => done(machine.poll(now, waker)),
            Self::Authenticate(machine) => done(machine.poll(now, waker)),
        }
    }

    fn settle(&mut self, now: Now, ticket: Ticket, act: Act) {
        let Some(outcome) = act.result() else { return };
        match self {
            Self::Ach(machine) => machine.settle(now, ticket, outcome),
            Self::Accounts(machine) => machine.settle(now, ticket, outcome),
            Self::Wait(machine) => machine.settle(now, ticket, outcome),
            Self::Authenticate(machine) => machine.settle(now, ticket, outcome),
        }
    }

    fn supply(&mut self, now: Now, ticket: Ticket, good: bool) {
        let token = if good {
            AccessToken::new("supplied").map_err(Into::into)
        } else {
            Err("sealed".into())
        };
        match self {
            Self::Ach(machine) => machine.supply(now, ticket, token),
            Self::Accounts(machine) => machine.supply(now, ticket, token),
            Self::Wait(machine) => machine.supply(now, ticket, token),
            Self::Authenticate(machine) => machine.supply(now, ticket, token),
        }
    }

    fn abandon(&mut self, now: Now) -> Result<(), Error> {
        match self {
            Self::Ach(machine) => machine.abandon(now).map(drop),
            Self::Accounts(machine) => machine.abandon(now).map(drop),
            Self::Wait(machine) => machine.abandon(now).map(drop),
            Self::Authenticate(machine) => machine.abandon(now).map(drop),
        }
    }
}

/// What the write under watch, the first subject, may have come to.
#[derive(Default)]
struct Sends {
    /// For each send the lowest and the highest rung it may count as.
    rungs: Vec<(Rung, Rung)>,
    lost_at: Duration,
    bodies: Vec<(String, Vec<u8>)>,
}

struct Held {
    ticket: Ticket,
    /// Of the watched write: which send.
    send: Option<usize>,
}

struct Chaos {
    now: Now,
    /// The latest that the monotonic clock has shown.
    latest: Duration,
    subjects: Vec<Subject>,
    pool: Vec<Held>,
    sends: Sends,
}

const RETRIES: u32 = 2;
const WATCHED: usize = 0;

impl Chaos {
    fn new(supplier: bool) -> Self {
        let mut bed = if supplier { Bed::with_supplier() } else { Bed::new() };
        let policy = |policy| with(|options| options.on_conflict = Some(policy));
        let watched = bed.call(ach(), policy(ConflictPolicy::Report));
        let follows = bed.call(ach(), policy(ConflictPolicy::FollowAlways));
        let reads = bed.call(accounts(), options());
        let jitter = 3;
        let waits = WaitForPayment::new(&bed.session, payment_id(), options().of_call(), jitter);
        let authenticates = Authenticate::new(&bed.session, &options().of_call(), jitter);
        let machines = [
            Kind::Ach(Box::new(watched)),
            Kind::Ach(Box::new(follows)),
            Kind::Accounts(Box::new(reads)),
            Kind::Wait(Box::new(waits)),
            Kind::Authenticate(Box::new(authenticates)),
        ];
        let subject = |machine| Subject { machine, bound: None, ended: None };
        Self {
            now: bed.now,
            latest: bed.now.mono,
            subjects: machines.into_iter().map(subject).collect(),
            pool: Vec::new(),
            sends: Sends::default(),
        }
    }

    fn apply(&mut self, op: Op) {
        self.latest = self.latest.max(self.now.mono);
        match op {
            Op::Poll(index) => drop(self.poll(index)),
            Op::Settle(index, ticket, row) => {
                if let Some(held) = self.held(ticket) {
                    self.learn(index, &held, &row);
                    self.subjects[index].machine.settle(self.now, held.ticket, row.act);
                }
            }
            Op::Token(index, ticket, act) => {
                if let Some(held) = self.held(ticket).filter(|held| held.send.is_none()) {
                    self.subjects[index].machine.settle(self.now, held.ticket, act);
                }
            }
            Op::Supply(index, ticket, good) => {
                if let Some(held) = self.held(ticket) {
                    self.subjects[index].machine.supply(self.now, held.ticket, good);
                }
            }
            Op::Pass(span) => {
                self.now.mono = self.now.mono.saturating_add(span);
                self.now.unix = self.now.unix.saturating_add(span);
            }
            Op::Jump(mono, unix) => self.now = Now { mono, unix },
            Op::Abandon(index) => {
                let outcome = self.subjects[index].machine.abandon(self.now);
                self.end(index, outcome);
            }
        }
    }

    /// From the youngest on: old tickets are rarer.
    fn held(&mut self, back: usize) -> Option<Held> {
        let at = self.pool.len().checked_sub(back + 1)?;
        Some(self.pool.remove(at))
    }

    fn learn(&mut self, index: usize, held: &Held, row: &Row) {
        let latest = self.sends.rungs.len().checked_sub(1);
        let over = self.subjects[WATCHED].ended.is_some();
        if over || index != WATCHED || held.send.is_none() || held.send != latest {
            return;
        }
        let Some(rungs) = self.sends.rungs.last_mut() else {
            return;
        };
        if row.act.clone().result().is_none() {
            return;
        }
        // Past its time the ticket may or may not have been given up already.
        *rungs = if self.now.mono < self.sends.lost_at {
            (row.rung, row.rung)
        } else {
            (row.rung.min(Rung::Unknown), row.rung.max(Rung::Unknown))
        };
    }

    /// Whether the machine goes on, and how long it waits.
    fn poll(&mut self, index: usize) -> Option<Duration> {
        let now = self.now;
        let subject = &mut self.subjects[index];
        let bound = *subject.bound.get_or_insert(now.mono.saturating_add(secs(180 + 5)));
        match subject.machine.poll(now) {
            Step::Wait(time) => {
                assert!(now.mono.saturating_add(time) <= bound, "an unbounded wait: {time:?}");
                return Some(time);
            }
            Step::Send(exchange) => {
                assert!(exchange.timeout <= secs(60));
                let api = !exchange.request.uri().path().ends_with("/token");
                let send = (index == WATCHED && api).then_some(self.sends.rungs.len());
                if send.is_some() {
                    let key = exchange.request.headers()["idempotency-key"].to_str().unwrap();
                    let body = exchange.request.body().to_vec();
                    self.sends.bodies.push((key.to_owned(), body));
                    self.sends.rungs.push((Rung::Unknown, Rung::Unknown));
                    self.sends.lost_at = now.mono.saturating_add(exchange.timeout + secs(5));
                }
                self.pool.push(Held { ticket: exchange.ticket, send });
            }
            Step::Authorize { ticket, timeout } => {
                assert!(timeout <= secs(60));
                self.pool.push(Held { ticket, send: None });
            }
            Step::Done(outcome) => {
                self.end(index, outcome);
                return None;
            }
        }
        Some(Duration::ZERO)
    }

    fn end(&mut self, index: usize, outcome: Result<(), Error>) {
        let subject = &mut self.subjects[index];
        if subject.ended.is_none() {
            subject.ended = Some(outcome);
            return;
        }
        let again = outcome.expect_err("an end is given once");
        assert_eq!(again.kind(), ErrorKind::InvalidInput, "and then a typed error");
    }

    /// Polls on time, loses every ticket, and expects an end in time. A clock
    /// that went back has caught up.
    fn finish(&mut self) {
        self.now.mono = self.latest.max(self.now.mono);
        for index in 0..self.subjects.len() {
            let begun = self.now.mono;
            for round in 0.. {
                let Some(wait) = self.poll(index) else { break };
                self.now.mono = self.now.mono.saturating_add(wait);
                assert!(round < 1000, "call {index} never ends: {wait:?} at {:?}", self.now);
            }
            let bound = self.subjects[index].bound.unwrap();
            assert!(self.now.mono <= bound.max(begun), "it ends in time");
            self.poll(index);
        }
    }

    fn judge(&self) {
        let sends = &self.sends;
        assert!(sends.rungs.len() <= 1 + RETRIES as usize);
        assert!(sends.bodies.windows(2).all(|two| two[0] == two[1]), "one key, the same bytes");
        let lowest = sends.rungs.iter().map(|it| it.0).max().unwrap_or(Rung::NeverSent);
        let highest = sends.rungs.iter().map(|it| it.1).max().unwrap_or(Rung::NeverSent);
        let fate = match self.subjects[WATCHED].ended.as_ref().unwrap() {
            Ok(()) => "accepted",
            Err(error) => error.fate().as_str(),
        };
        let possible =
            [Rung::NeverSent, Rung::Refused, Rung::Unknown, Rung::InProgress, Rung::Accepted];
        let fits =
            possible.iter().any(|rung| (lowest..=highest).contains(rung) && rung.name() == fate);
        assert!(fits, "{fate} is not within {lowest:?}..={highest:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_sequence_of_calls_panics_hangs_or_gives_the_wrong_fate(
        ops in vec(op(), 0..120),
        supplier in any::<bool>(),
    ) {
        let mut chaos = Chaos::new(supplier);
        for op in ops {
            chaos.apply(op);
        }
        chaos.finish();
        chaos.judge();
    }
}
