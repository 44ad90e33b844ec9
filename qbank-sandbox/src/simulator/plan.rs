//! What a schedule is made of, drawn from its seed before anything happens.

use std::time::Duration;

use qbank_proto::{AccountId, CallOptions, Config, ConflictPolicy, Credentials, Environment};

use super::random::Random;
use crate::config::fixtures::{
    CLIENT_ID, CLIENT_SECRET, CLOSED, OPERATING, PAYROLL, SAVINGS, SECOND_CLIENT_ID,
    SECOND_CLIENT_SECRET, SECOND_OPERATING, SECOND_SAVINGS, TREASURY,
};

/// Where the bank is, for the clients of the simulation.
pub(super) const HOST: &str = "bank.example";
const BASE: &str = "https://bank.example/v1";

/// One thing that a schedule may do without, by its place: trouble that can be
/// calmed, a job that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Knob {
    Job {
        process: usize,
        job: usize,
    },
    CallOff {
        process: usize,
        job: usize,
    },
    Crash {
        process: usize,
        nth: usize,
    },
    Jump {
        process: usize,
        nth: usize,
    },
    Sleep {
        process: usize,
        nth: usize,
    },
    Advance {
        nth: usize,
    },
    /// Token requests are counted apart: with one job less, another asks.
    Exchange {
        process: usize,
        job: usize,
        run: u32,
        token: bool,
        nth: u32,
    },
}

/// A whole schedule, but for what the network does.
#[derive(Debug)]
pub(super) struct Plan {
    /// How likely trouble is for one exchange, in percent.
    pub(super) trouble: u64,
    pub(super) token_lifetime: Duration,
    pub(super) key_lifetime: Duration,
    /// When the bank's clock goes ahead, and how far.
    pub(super) advances: Vec<(Duration, Duration)>,
    pub(super) processes: Vec<ProcessPlan>,
}

/// A process of the client's.
#[derive(Debug)]
pub(super) struct ProcessPlan {
    pub(super) config: Config,
    pub(super) client: Client,
    pub(super) source: Source,
    /// How far its wall clock is ahead or behind, in milliseconds.
    pub(super) wall: i64,
    pub(super) jobs: Vec<JobPlan>,
    pub(super) crashes: Vec<CrashPlan>,
    /// When its wall clock is set, and by how many milliseconds.
    pub(super) jumps: Vec<(Duration, i64)>,
    pub(super) sleeps: Vec<SleepPlan>,
}

/// A client of the bank's, which a process is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
}

/// Where its tokens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Credentials,
    /// The application has a vault that is asked.
    Supplier,
    /// It is given one when it comes up.
    ReadyMade,
}

/// It dies after so many steps of its life, and comes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrashPlan {
    pub(super) after_steps: u32,
    pub(super) down: Duration,
}

/// The machine sleeps, and its monotonic clock with it or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct SleepPlan {
    pub(super) at: Duration,
    pub(super) lasts: Duration,
    pub(super) stops_the_clock: bool,
}

/// What the application wants done.
#[derive(Debug, Clone)]
pub(super) struct JobPlan {
    pub(super) start: Duration,
    pub(super) what: What,
    /// No two jobs of a schedule have the same, so that an entry in the ledger identifies
    /// its intent, whatever its key.
    pub(super) cents: i64,
    pub(super) from: AccountId,
    pub(super) to: AccountId,
    pub(super) reference: Option<&'static str>,
    pub(super) options: CallOptions,
    pub(super) on_conflict: Option<ConflictPolicy>,
    /// How often it is tried with a new key once the money is known not to have moved.
    pub(super) again: u32,
    /// How often an intent in doubt is resumed.
    pub(super) resumes: u32,
    pub(super) pause: Duration,
    /// For how long an accepted payment is waited for.
    pub(super) wait: Option<Duration>,
    /// When the application loses patience, and whether it asks what is known then.
    pub(super) call_off: Option<(Duration, bool)>,
}

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Ach,
    Wire,
    Transfer,
    Check,
    Balance,
    Accounts,
    Token,
}

impl What {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ach => "ach",
            Self::Wire => "wire",
            Self::Transfer => "transfer",
            Self::Check => "check",
            Self::Balance => "balance",
            Self::Accounts => "accounts",
            Self::Token => "token",
        }
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Ach | Self::Wire | Self::Transfer | Self::Check)
    }
}

/// Jobs of one schedule have amounts that differ by their number modulo this.
const MOST_JOBS: u64 = 64;

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = Random::at(seed, [0; 5]);
        let processes = random.pick([1, 1, 1, 2, 2, 3]);
        // The bank remembers keys for little longer than a client resumes. Its clock
        // must then not be advanced: a day that passes in a moment does not age a key.
        let forgets = random.percent(30);
        let advances = if forgets { 0 } else { random.pick([0, 0, 1, 2]) };
        Self {
            trouble: random.pick([5, 20, 35, 35, 60]),
            token_lifetime: Duration::from_secs(random.pick([20, 60, 300, 3600])),
            key_lifetime: if forgets { SHORT_KEY_AGE + CLOCK_ERROR + HOUR } else { 30 * DAY },
            advances: (0..advances)
                .map(|_| (random.any_delay(), random.pick([MINUTE, HOUR, DAY, DAY])))
                .collect(),
            processes: (0..processes)
                .map(|at| ProcessPlan::draw(seed, at, processes, forgets))
                .collect(),
        }
    }
}

/// How old a key may be where the bank forgets.
const SHORT_KEY_AGE: Duration = Duration::from_secs(2 * 60 * 60);
/// How far a wall clock is set back at the most, in all: an age is then too small.
const CLOCK_ERROR: Duration = Duration::from_secs(6 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ProcessPlan {
    fn draw(seed: u64, at: u64, processes: u64, forgets: bool) -> Self {
        use Source::{Credentials, ReadyMade, Supplier};
        let mut random = Random::at(seed, [1, at, 0, 0, 0]);
        let jobs = random.between(1, if processes == 1 { 5 } else { 3 });
        let hour = 3_600_000;
        let is_first = random.percent(80);
        Self {
            config: config(&mut random, forgets),
            client: if is_first {
                Client { id: CLIENT_ID, secret: CLIENT_SECRET }
            } else {
                Client { id: SECOND_CLIENT_ID, secret: SECOND_CLIENT_SECRET }
            },
            source: random.pick([Credentials, Credentials, Credentials, Supplier, ReadyMade]),
            wall: random.pick([0, 0, -120_000, 120_000, hour]),
            crashes: (0..random.pick([0, 0, 1, 1, 2]))
                .map(|_| CrashPlan {
                    after_steps: u32::try_from(random.between(1, 30)).unwrap_or(1),
                    down: random.any_delay(),
                })
                .collect(),
            jumps: (0..random.pick([0, 0, 0, 1, 2]))
                .map(|_| (random.any_delay(), random.pick([-3 * hour, -hour, 240_000, 5 * hour])))
                .collect(),
            sleeps: (0..random.pick([0, 0, 0, 1]))
                .map(|_| SleepPlan {
                    at: random.any_delay(),
                    lasts: random.any_delay(),
                    stops_the_clock: random.percent(50),
                })
                .collect(),
            jobs: (0..jobs).map(|job| JobPlan::draw(seed, at, job, is_first, forgets)).collect(),
        }
    }
}

/// Its credentials are added when the process comes up.
fn config(random: &mut Random, forgets: bool) -> Config {
    let mut config = Config::new(Environment::custom(BASE), Credentials::Supplier)
        .timeout(random.pick([2 * SECOND, 10 * SECOND, MINUTE]))
        .deadline(random.pick([20 * SECOND, 3 * MINUTE, 3 * MINUTE, 10 * MINUTE]))
        .max_retries(random.pick([0, 1, 2, 2, 5]))
        .on_conflict(policy(random));
    config.poll_interval = random.pick([SECOND, 3 * SECOND]);
    config.max_key_age = if forgets { SHORT_KEY_AGE } else { DAY };
    config
}

fn policy(random: &mut Random) -> ConflictPolicy {
    use ConflictPolicy::{FollowAlways, FollowOwn, Report};
    random.pick([FollowOwn, FollowOwn, FollowOwn, FollowAlways, Report])
}

impl JobPlan {
    fn draw(seed: u64, process: u64, job: u64, is_first: bool, forgets: bool) -> Self {
        use What::{Accounts, Ach, Balance, Check, Token, Transfer, Wire};
        let mut random = Random::at(seed, [2, process, job, 0, 0]);
        let (from, to) = if is_first {
            let to = if random.percent(5) { CLOSED } else { random.pick([TREASURY, SAVINGS]) };
            (random.pick([OPERATING, OPERATING, PAYROLL]), to)
        } else {
            (SECOND_OPERATING, SECOND_SAVINGS)
        };
        let pause = random.any_delay();
        // A payer may run out of money, or not have it yet.
        let whole = if random.percent(15) { 60_000 } else { 3_000 };
        let cents = random.between(1, whole) * MOST_JOBS + process * 8 + job;
        Self {
            start: if random.percent(60) { random.millis(0, 500) } else { random.any_delay() },
            what: random.pick([
                Ach, Ach, Ach, Ach, Wire, Wire, Wire, Transfer, Transfer, Check, Balance, Accounts,
                Token,
            ]),
            cents: i64::try_from(cents).unwrap_or(1),
            from,
            to,
            reference: random.percent(20).then(|| random.pick(REFERENCES)),
            options: options(&mut random),
            on_conflict: random.percent(30).then(|| policy(&mut random)),
            again: random.pick([0, 1, 2]),
            resumes: random.pick([0, 1, 2, 4]),
            pause: if forgets { pause + random.pick([0, 10, 20]) * HOUR } else { pause },
            wait: random.percent(30).then(|| random.pick([2 * SECOND, 10 * SECOND])),
            call_off: random.percent(8).then(|| (random.any_delay(), random.percent(50))),
        }
    }
}

/// Most of them make a payment fail, now or later.
const REFERENCES: [&str; 4] =
    ["INV-7", "SBX-CORE-FUNDS", "SBX-VALIDATION-FUNDS", "SBX-VALIDATION-CLOSED"];

fn options(random: &mut Random) -> CallOptions {
    let mut options = CallOptions::default();
    if random.percent(40) {
        options.timeout = Some(random.pick([SECOND / 2, 5 * SECOND, 30 * SECOND]));
    }
    if random.percent(40) {
        options.deadline = Some(random.pick([SECOND, 15 * SECOND, MINUTE, 5 * MINUTE]));
    }
    if random.percent(40) {
        options.max_retries = Some(random.pick([0, 1, 3, 4]));
    }
    options
}
