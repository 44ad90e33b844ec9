//! What happens, in virtual time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::Waker;
use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_outbox::{End, Ended, Job, Options, Outbox, Outcome, Row, State, Step, Turn, Turned};
use qbank_proto::{
    Config, Credentials, Environment, ErrorKind, Fate, IdempotencyKey, Machine as _, Session,
};
use qbank_sandbox::{Bank, BankConfig};
use uuid::Builder;

use super::Mutant;
use super::model::Model;
use super::network::Carried;
use super::random::Random;
use super::rules::{self, Seen};
use super::worker::{Call, Worker};

/// The wall clock's time when a schedule starts; the bank's and the database's, too.
pub(super) const START: Duration = Duration::from_secs(1_767_621_600);
/// Until then there is trouble.
pub(super) const TROUBLE: Duration = Duration::from_secs(3600);
/// Then all of it is worked off.
const END: Duration = Duration::from_secs(8 * 3600);
/// A backlog of trouble takes no more steps than this.
const MOST_STEPS: u32 = 200_000;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Up { worker: usize },
    Run { worker: usize, life: u32, wake: u64 },
    Stored { worker: usize, life: u32 },
    Poll { worker: usize, life: u32, row: i64 },
    Arrive { exchange: u64 },
    Settle { exchange: u64 },
    Enqueue,
    Operate,
    Decide,
    Webhook,
    Stop { worker: usize, life: u32 },
    GiveUp { worker: usize, life: u32 },
    ClockJumps,
    Backup,
    Restore,
}

pub(super) struct World {
    pub(super) random: Random,
    mutant: Option<Mutant>,
    pub(super) time: Duration,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    pub(super) counted: u64,
    pub(super) model: Model,
    pub(super) backup: Option<Model>,
    pub(super) bank: Bank,
    pub(super) workers: Vec<Worker>,
    pub(super) carried: BTreeMap<u64, Carried>,
    results: BTreeMap<usize, Result<Turned, ()>>,
    pub(super) seen: Seen,
    /// Until when nothing gets through.
    pub(super) outage: Duration,
    /// How far the database's clock is off, and whether it jumps.
    pub(super) database_off: i64,
    pub(super) jumps: bool,
    pub(super) left: u64,
    pub(super) broken: Option<String>,
}

impl World {
    pub(super) fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let mut random = Random(seed ^ 0x51ed_270b_b5a1_f3c7);
        let forgets = random.percent(60);
        let mut config = BankConfig { seed, start: START, ..BankConfig::default() };
        let soon = if random.percent(50) { 5 * MINUTE } else { 20 * MINUTE };
        let max_key_age = if forgets { soon } else { 24 * 60 * MINUTE };
        // A call that begins at the last moment ends, wherever it is held up, before that.
        config.key_lifetime = if forgets { soon + 5 * MINUTE } else { 30 * 24 * 60 * MINUTE };
        let credentials = Credentials::client("sandbox", "sandbox-secret");
        let url = "https://bank.example/v1".to_owned();
        let environment = Environment::Custom { base_url: url, token_url: None };
        let mut client = Config::new(environment, credentials);
        let by_the_database = matches!(mutant, Some(Mutant::IgnoresKeyAge));
        client.max_key_age = if by_the_database { Duration::MAX } else { max_key_age };
        let workers = 1 + random.below(3);
        let workers = (0..workers).map(|n| {
            let mut options = Options::new(format!("w{n}"));
            options.concurrency = 1 + usize::try_from(random.below(4)).unwrap();
            options.deadline = Duration::from_secs(60);
            options.margin = Duration::from_secs(20);
            options.max_key_age = max_key_age;
            options.interval = Duration::from_secs(5);
            options.until_empty = random.percent(20);
            let wall = i64::try_from(random.below(21_600_000)).unwrap() - 10_800_000;
            Worker {
                life: 0,
                outbox: None,
                session: Session::new(client.clone()).unwrap(),
                client: client.clone(),
                options,
                calls: BTreeMap::new(),
                wake: 0,
                saw_empty: false,
                asleep_until: Duration::ZERO,
                wall: if random.percent(50) { wall } else { 0 },
                origin: Duration::from_secs(1000 + n * 5000),
            }
        });
        let workers: Vec<Worker> = workers.collect();
        let mut world = Self {
            mutant,
            time: Duration::ZERO,
            events: BinaryHeap::new(),
            counted: 0,
            model: Model::default(),
            backup: None,
            bank: Bank::new(config),
            workers,
            carried: BTreeMap::new(),
            results: BTreeMap::new(),
            seen: Seen::default(),
            outage: Duration::ZERO,
            database_off: 0,
            jumps: false,
            left: 1 + random.below(6),
            broken: None,
            random,
        };
        for worker in 0..world.workers.len() {
            world.after(Duration::from_millis(10), Event::Up { worker });
        }
        world.after(Duration::ZERO, Event::Enqueue);
        if world.random.percent(50) {
            world.after(Duration::from_secs(1), Event::Operate);
        }
        if world.random.percent(50) {
            world.after(Duration::from_secs(2), Event::Webhook);
        }
        // Sometimes nobody comes, and what is in doubt stays so.
        if world.random.percent(50) {
            world.after(TROUBLE + MINUTE * 4, Event::Decide);
        }
        if !forgets && world.random.percent(20) {
            world.jumps = true;
            world.after(Duration::from_secs(20), Event::ClockJumps);
        }
        if world.random.percent(15) {
            world.after(Duration::from_secs(30), Event::Backup);
            let at = Duration::from_secs(60) + world.random.any_delay();
            world.after(at, Event::Restore);
        }
        world
    }

    pub(super) fn run(mut self) -> Option<String> {
        for _ in 0..MOST_STEPS {
            let Some(Reverse((at, _, event))) = self.events.pop() else { break };
            if at > END || self.broken.is_some() {
                break;
            }
            let open = |row: &Row| row.state.is_open();
            if at > TROUBLE + MINUTE * 5 && !self.model.rows.iter().any(open) {
                break;
            }
            self.time = at;
            self.happen(event);
            for row in &self.model.rows {
                if row.state == State::Reconcile {
                    self.seen.doubted.insert(row.id);
                }
            }
        }
        self.broken.or_else(|| rules::check(&self.model, &self.bank, &self.seen).err())
    }

    pub(super) fn after(&mut self, wait: Duration, event: Event) {
        self.counted += 1;
        self.events.push(Reverse((self.time + wait, self.counted, event)));
    }

    pub(super) fn db_now(&self) -> DateTime<Utc> {
        self.db_time(self.time)
    }

    pub(super) fn db_time(&self, time: Duration) -> DateTime<Utc> {
        let unix = i64::try_from((START + time).as_millis()).unwrap() + self.database_off;
        DateTime::from_timestamp_millis(unix).unwrap()
    }

    pub(super) fn trouble(&mut self, percent: u64) -> bool {
        self.time < TROUBLE && self.random.percent(percent)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Up { worker } => self.come_up(worker),
            Event::Run { worker, life, wake } => {
                if self.is_alive(worker, life, event) && self.workers[worker].wake == wake {
                    self.step(worker);
                }
            }
            Event::Stored { worker, life } => {
                if self.is_alive(worker, life, event)
                    && let Some(result) = self.results.remove(&worker)
                {
                    let mono = self.workers[worker].mono(self.time);
                    if let Some(outbox) = &mut self.workers[worker].outbox {
                        outbox.stored(mono, result);
                    }
                    self.step(worker);
                }
            }
            Event::Poll { worker, life, row } => {
                if self.is_alive(worker, life, event) {
                    self.poll(worker, row);
                }
            }
            Event::Arrive { exchange } => self.arrive(exchange),
            Event::Settle { exchange } => self.settle(exchange, event),
            Event::Enqueue => self.enqueue(),
            Event::Operate => self.operate(),
            Event::Decide => self.decide(),
            Event::Webhook => self.webhook(),
            Event::Stop { worker, life } => {
                if self.is_alive(worker, life, event) {
                    self.stop(worker, life);
                }
            }
            Event::GiveUp { worker, life } => {
                if self.is_alive(worker, life, event) {
                    self.give_up(worker);
                }
            }
            Event::ClockJumps => self.clock_jumps(),
            Event::Backup => self.backup = Some(self.model.clone()),
            Event::Restore => self.restore(),
        }
    }

    /// Whether it lives, and does not stand still: what happens meanwhile, it sees afterwards.
    pub(super) fn is_alive(&mut self, worker: usize, life: u32, event: Event) -> bool {
        let it = &self.workers[worker];
        if it.life != life || it.outbox.is_none() {
            return false;
        }
        if it.asleep_until > self.time {
            let wait = it.asleep_until.saturating_sub(self.time);
            self.after(wait, event);
            return false;
        }
        true
    }

    fn come_up(&mut self, worker: usize) {
        let it = &mut self.workers[worker];
        it.outbox = Some(Outbox::new(it.options.clone()));
        it.saw_empty = false;
        // Each life logs in anew.
        it.session = Session::new(it.client.clone()).unwrap();
        it.origin += Duration::from_secs(17);
        let life = it.life;
        self.wake(worker, Duration::ZERO);
        if self.trouble(30) {
            let after = self.random.any_delay();
            self.after(after, Event::Stop { worker, life });
        }
    }

    pub(super) fn wake(&mut self, worker: usize, wait: Duration) {
        let it = &mut self.workers[worker];
        it.wake += 1;
        let event = Event::Run { worker, life: it.life, wake: it.wake };
        self.after(wait, event);
    }

    /// Between any two steps it may crash, or stand still.
    fn crashes(&mut self, worker: usize) -> bool {
        if self.trouble(2) {
            self.crash(worker);
            return true;
        }
        if self.trouble(2) {
            let stands = self.random.long_delay();
            self.workers[worker].asleep_until = self.time + stands;
            self.wake(worker, stands);
            return true;
        }
        false
    }

    /// A new process, of which this one's calls are not.
    pub(super) fn crash(&mut self, worker: usize) {
        let it = &mut self.workers[worker];
        it.life += 1;
        it.outbox = None;
        it.calls.clear();
        self.results.remove(&worker);
        let down = self.random.any_delay();
        self.after(down, Event::Up { worker });
    }

    fn step(&mut self, worker: usize) {
        loop {
            if self.crashes(worker) {
                return;
            }
            let token = Builder::from_random_bytes(self.random.bytes()).into_uuid();
            let mono = self.workers[worker].mono(self.time);
            let Some(outbox) = &mut self.workers[worker].outbox else { return };
            match outbox.poll(mono, token) {
                Step::Store(turn) => {
                    self.store(worker, &turn);
                    return;
                }
                Step::Drive(job) => self.drive(worker, *job),
                Step::Wait(time) => {
                    self.wake(worker, time.max(Duration::from_millis(1)));
                    return;
                }
                Step::Done(end) => {
                    if end == End::Empty && !self.workers[worker].saw_empty {
                        self.broken = Some(format!("worker {worker} ended with rows open"));
                    }
                    self.crash(worker);
                    return;
                }
            }
        }
    }

    /// The transaction may be lost, and so may the answer to one that is committed.
    fn store(&mut self, worker: usize, turn: &Turn) {
        let (before, after) = (self.trouble(5), self.trouble(5));
        let result = if before {
            Err(())
        } else {
            let now = self.db_now();
            let mut keys = self.random.clone();
            let key = || IdempotencyKey::from_entropy(keys.bytes()).to_string();
            let wall = self.workers[worker].wall;
            let turned = self.model.turn(turn, now, (self.mutant, wall), key);
            self.random.next();
            let open = self.model.rows.iter().any(|row| row.state.is_open());
            self.workers[worker].saw_empty |= !open;
            self.keeps_what_is_in_flight();
            for ended in &turn.ended {
                if ended.outcome.fate == Fate::Accepted && ended.n.is_some() {
                    self.seen.answered.insert(ended.lease.id);
                }
            }
            if after { Err(()) } else { Ok(turned) }
        };
        if self.trouble(2) {
            self.crash(worker);
            return;
        }
        self.results.insert(worker, result);
        let life = self.workers[worker].life;
        let late = self.trouble(3);
        let wait = if late { self.random.any_delay() } else { self.random.millis(1, 20) };
        self.after(wait, Event::Stored { worker, life });
    }

    fn drive(&mut self, worker: usize, job: Job) {
        let it = &self.workers[worker];
        let (now, row) = (it.now(self.time), job.lease.id);
        let machine = job.machine(&it.session, now, self.random.next());
        match machine {
            Ok(machine) => {
                let call = Call { job, machine, began: self.time, out: None };
                let other = self.workers[worker].calls.insert(row, call);
                // Where the database's clock jumps, it may be sending this row already.
                if let (Some(Call { job, .. }), Some(outbox)) =
                    (other, &mut self.workers[worker].outbox)
                {
                    let outcome = Outcome::abandoned("it is sent once more");
                    let took = Duration::ZERO;
                    outbox.ended(Ended { lease: job.lease, n: job.n, took, outcome });
                }
                self.poll(worker, row);
            }
            Err(error) => self.broken = Some(format!("row {row} makes no call: {error}")),
        }
    }

    pub(super) fn poll(&mut self, worker: usize, row: i64) {
        let now = self.workers[worker].now(self.time);
        let Some(call) = self.workers[worker].calls.get_mut(&row) else { return };
        match call.machine.poll(now, Waker::noop()) {
            qbank_proto::Step::Send(exchange) => self.send(worker, row, exchange),
            qbank_proto::Step::Wait(time) => {
                let life = self.workers[worker].life;
                self.after(time.max(Duration::from_millis(1)), Event::Poll { worker, life, row });
            }
            qbank_proto::Step::Authorize { .. } => {
                self.broken = Some("nobody supplies tokens".to_owned());
            }
            qbank_proto::Step::Done(result) => {
                let Some(call) = self.workers[worker].calls.remove(&row) else { return };
                let mut ended = call.job.ended(self.time.saturating_sub(call.began), &result);
                if self.mutant == Some(Mutant::RefusesOn401)
                    && let Some(failure) = &mut ended.outcome.failure
                    && failure.kind == ErrorKind::Unauthenticated
                {
                    failure.kind = ErrorKind::InvalidRequest;
                }
                if let Some(outbox) = &mut self.workers[worker].outbox {
                    outbox.ended(ended);
                }
                self.wake(worker, Duration::ZERO);
                // Whoever waited for its token request goes on.
                self.poll_all(worker);
            }
        }
    }

    pub(super) fn poll_all(&mut self, worker: usize) {
        let life = self.workers[worker].life;
        let rows: Vec<i64> = self.workers[worker].calls.keys().copied().collect();
        for row in rows {
            self.after(Duration::ZERO, Event::Poll { worker, life, row });
        }
    }
}
