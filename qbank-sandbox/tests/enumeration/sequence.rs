//! One sequence: an application that follows the advice of this library, its calls, a
//! network that does what the sequence says, and a bank of its own, in virtual time.
//!
//! The application saves key, bytes and moment before the first send. It resumes with the
//! same key what is unknown or was interrupted by a crash, and pays again with a new key
//! what moved no money. Once the sequence is used up, the network is good, so that it
//! comes to an end.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use qbank_proto::{
    Config, Credentials, Environment, Exchange, Fate, IdempotencyKey, Now, Resume, Session, Step,
    WriteOptions,
};
use qbank_sandbox::{Bank, BankConfig, CLIENT_ID, CLIENT_SECRET};

use crate::operation::{CENTS, Ended, Operation, Prepared, Running, read};
use crate::outcome::{Expected, Gets, Outcome};
use crate::rules::{Broken, Key, Rule, broken};
use crate::wrong::Wrong;

/// What happens to one attempt, and whether the process dies before its next step.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    pub outcome: &'static Outcome,
    pub then_crash: bool,
}

/// A sequence of attempts.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    pub operation: Operation,
    /// The process dies after it has saved the intent, and before it sends it.
    pub crash_before: bool,
    pub attempts: &'a [Attempt],
    pub max_retries: u32,
    pub wrong: Option<Wrong>,
}

/// The state of a sequence that is played.
pub struct World<'a> {
    pub(crate) sequence: Sequence<'a>,
    pub(crate) bank: Bank,
    pub(crate) total: i64,
    pub(crate) time: Duration,
    /// Of the monotonic clock, which starts anew with each process.
    origin: Duration,
    session: Session,
    pub(crate) keys: Vec<Key>,
    /// Requests that the bank gets later.
    pub(crate) late: Vec<Request<Bytes>>,
    /// How many attempts there were, those after the end of the sequence included.
    pub(crate) sends: usize,
    /// A gateway answered with the payment of somebody else.
    pub(crate) misled: bool,
}

/// How a call came to its end.
enum End {
    Crashed,
    Result(Ended),
}

/// What one call has done.
#[derive(Default)]
pub(crate) struct Calling {
    pub(crate) resumed: bool,
    pub(crate) began: Duration,
    /// What the table says of each attempt.
    pub(crate) attempts: Vec<Expected>,
}

const DEADLINE: Duration = Duration::from_secs(180);
/// How long after its timeout a machine takes an exchange for lost.
const GRACE: Duration = Duration::from_secs(5);
const LATENCY: Duration = Duration::from_millis(10);
/// When the bank opens: a Monday afternoon, hours before its batches.
const START: Duration = Duration::from_secs(1_767_621_600);
/// More calls than this need no application that makes progress.
const MOST_CALLS: usize = 12;

impl<'a> World<'a> {
    pub fn new(sequence: Sequence<'a>) -> Self {
        let key_lifetime = match sequence.wrong {
            Some(Wrong::BankForgetsKeys) => Duration::ZERO,
            _ => Duration::from_secs(30 * 24 * 3600),
        };
        let bank = Bank::new(BankConfig { start: START, key_lifetime, ..BankConfig::default() });
        Self {
            total: bank.total().cents(),
            bank,
            session: session(sequence.max_retries),
            sequence,
            time: Duration::ZERO,
            origin: Duration::from_secs(1000),
            keys: Vec::new(),
            late: Vec::new(),
            sends: 0,
            misled: false,
        }
    }

    /// Plays it to its end; gives how many attempts there were.
    pub fn play(mut self) -> Result<usize, Broken> {
        if self.sequence.operation.writes() {
            self.pays()?;
        } else {
            self.reads()?;
        }
        Ok(self.sends)
    }

    fn pays(&mut self) -> Result<(), Broken> {
        let mut resumes = false;
        for _ in 0..MOST_CALLS {
            let ended = match self.call(resumes)? {
                End::Crashed => {
                    self.restart();
                    resumes = self.sequence.wrong != Some(Wrong::StartsAnewAfterCrash);
                    continue;
                }
                End::Result(ended) => ended,
            };
            let fate = self.claimed(&ended);
            let is_over = match fate {
                Fate::Accepted => true,
                Fate::InProgress => !is_of_another(&ended),
                // The bank refuses it, however often it is sent.
                _ => self.sends >= self.sequence.attempts.len() && self.is_hopeless(&ended),
            };
            if is_over {
                return self.look_back();
            }
            // With a new key what moved no money, else with the same.
            resumes = match fate {
                Fate::NeverSent | Fate::Refused => false,
                Fate::Unknown => self.sequence.wrong != Some(Wrong::PaysAgainWhenUnknown),
                _ => true,
            };
        }
        broken(Rule::ComesToAnEnd, "the application never gets an answer")
    }

    fn reads(&mut self) -> Result<(), Broken> {
        let machine = read(&self.session);
        let End::Result(ended) = self.drive(machine, Calling::default())? else {
            // A read that is interrupted is read again, or not: nothing depends on it.
            return Ok(());
        };
        if ended.fate != Fate::NotApplicable || ended.key.is_some() {
            return broken(
                Rule::Fate,
                format!("a read has fate {} and {:?}", ended.fate, ended.key),
            );
        }
        self.conserved()
    }

    /// The bank itself refuses this payment, or its record says that it failed.
    fn is_hopeless(&self, ended: &Ended) -> bool {
        use Operation::{WireThatFails, WireThatIsRefused};
        ended.kind.is_some() && matches!(self.sequence.operation, WireThatFails | WireThatIsRefused)
    }

    /// What a wrong application makes of the fate that it got.
    fn claimed(&mut self, ended: &Ended) -> Fate {
        let fate = match (self.sequence.wrong, ended.fate) {
            (Some(Wrong::TakesConflictForRefusal), Fate::InProgress) => Fate::Refused,
            (Some(Wrong::LastAttemptDecides), fate) => {
                ended.attempts.last().copied().unwrap_or(fate)
            }
            (_, fate) => fate,
        };
        if let Some(key) = self.keys.last_mut() {
            key.claim = Some(fate);
            key.named = ended.payment.filter(|_| fate == Fate::Accepted).or(key.named);
        }
        fate
    }

    fn restart(&mut self) {
        self.time += Duration::from_secs(2);
        self.origin = Duration::from_secs(50);
        self.session = session(self.sequence.max_retries);
    }

    /// One call: a new intent, or the last one again.
    fn call(&mut self, resumes: bool) -> Result<End, Broken> {
        let last = self.keys.last().filter(|_| resumes);
        let options = match last {
            Some(last) => {
                let resume = Resume::new(last.key, last.first_sent);
                WriteOptions::resume(resume.body(last.body.clone()))
            }
            None => WriteOptions::new(self.next_key()),
        };
        let calling = Calling { resumed: last.is_some(), began: self.time, ..Calling::default() };
        let key = options.key;
        let Prepared { machine, body } = self.sequence.operation.write(&self.session, options);
        if !calling.resumed {
            self.keys.push(Key::new(key, body, self.now().utc()));
            if self.sequence.crash_before && self.keys.len() == 1 {
                return Ok(End::Crashed);
            }
        }
        self.drive(machine, calling)
    }

    fn next_key(&self) -> IdempotencyKey {
        IdempotencyKey::from_entropy([u8::try_from(self.keys.len()).unwrap() + 1; 16])
    }

    fn drive(&mut self, mut machine: Running, mut calling: Calling) -> Result<End, Broken> {
        calling.began = self.time;
        loop {
            let left = (calling.began + DEADLINE).saturating_sub(self.time);
            match machine.poll(self.now(), Waker::noop()) {
                Step::Wait(time) if time.is_zero() => {
                    return broken(Rule::BoundedWait, "it waits for nothing");
                }
                Step::Wait(time) if time > left + GRACE => {
                    return broken(Rule::Deadline, format!("it waits for {time:?}, has {left:?}"));
                }
                Step::Wait(time) => self.time += time,
                Step::Authorize { .. } => {
                    return broken(
                        Rule::Table,
                        "it asks for a token, and no application supplies one",
                    );
                }
                Step::Send(exchange) if exchange.timeout > left => {
                    return broken(Rule::Deadline, "it sends beyond its deadline");
                }
                Step::Send(exchange) if self.is_attempt(&exchange) => {
                    if self.attempt(&mut machine, &mut calling, exchange)? {
                        return Ok(End::Crashed);
                    }
                }
                // A token, or a look at the payment in process.
                Step::Send(exchange) => {
                    let response = self.arrive(exchange.request);
                    self.time += LATENCY;
                    machine.settle(self.now(), exchange.ticket, Ok(response));
                }
                Step::Done(ended) => {
                    self.check_end(&calling, &ended)?;
                    self.stays(&mut machine, &ended)?;
                    return Ok(End::Result(ended));
                }
            }
        }
    }

    /// A send of the intent; whether the process dies of it.
    fn attempt(
        &mut self,
        machine: &mut Running,
        calling: &mut Calling,
        mut exchange: Exchange,
    ) -> Result<bool, Broken> {
        self.check_send(calling, &exchange)?;
        if self.sequence.wrong == Some(Wrong::NewKeyPerAttempt) && !calling.attempts.is_empty() {
            let key = self.next_key();
            self.keys.push(Key::new(key, exchange.request.body().clone(), self.now().utc()));
            let key = key.to_string().parse().unwrap();
            exchange.request.headers_mut().insert("idempotency-key", key);
        }
        let script = self.sequence.attempts.get(self.sends);
        self.sends += 1;
        let outcome = script.map_or(Outcome::GOOD, |attempt| attempt.outcome);
        let Exchange { request, ticket, timeout, connect_timeout, .. } = exchange;

        let late = std::mem::take(&mut self.late);
        let (expected, result) = self.carry(outcome, request);
        for request in late {
            self.arrive(request);
        }
        self.watch_ledger()?;
        calling.attempts.push(expected);
        if outcome.client == Gets::Crash {
            self.time += LATENCY;
            return Ok(true);
        }
        self.time += outcome.takes(timeout, connect_timeout).unwrap_or(LATENCY);
        if let Some(result) = result {
            let result = match self.sequence.wrong {
                Some(wrong) => wrong.spoils(result),
                None => result,
            };
            machine.settle(self.now(), ticket, result);
        }
        // Between two attempts, or after the last.
        Ok(script.is_some_and(|attempt| attempt.then_crash))
    }

    fn is_attempt(&self, exchange: &Exchange) -> bool {
        let path = exchange.request.uri().path();
        path == self.sequence.operation.path()
            && (exchange.request.method() == Method::POST) == self.sequence.operation.writes()
    }

    /// A request reaches the bank.
    pub(crate) fn arrive(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        let key = key_of(&request);
        let response = self.bank.handle(START + self.time, request);
        if let Some(known) = self.keys.iter_mut().find(|known| Some(known.key) == key) {
            known.arrived(&response);
        }
        response
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.origin + self.time, unix: START + self.time }
    }

    /// Everything that is on its way arrives, and the bank brings every payment to its end.
    pub(crate) fn comes_to_rest(&mut self) {
        for request in std::mem::take(&mut self.late) {
            self.arrive(request);
        }
        self.bank.advance(START + self.time, Duration::from_secs(10 * 24 * 3600));
    }
}

/// The bank's record is of another payment than was made.
fn is_of_another(ended: &Ended) -> bool {
    ended.amount.is_some_and(|amount| amount.cents() != CENTS)
}

pub(crate) fn key_of(request: &Request<Bytes>) -> Option<IdempotencyKey> {
    request.headers().get("idempotency-key")?.to_str().ok()?.parse().ok()
}

fn session(max_retries: u32) -> Session {
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let config = Config::new(Environment::custom("https://bank.example/v1"), credentials);
    Session::new(config.max_retries(max_retries)).unwrap()
}
