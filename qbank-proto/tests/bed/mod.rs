//! The test bed: a scripted bank, virtual time, and many calls on one session.
//!
//! ```text
//!   script ──► bank ─┐
//!                    ▼
//!   calls ──► Bed::run: poll what is runnable, then move the clock to the next
//!             event: a response that is due, or a `Wait` that is over
//! ```
//!
//! A call is polled only for a cause: it is new, its exchange settled, its waker
//! was woken, or its `Wait` is over. [`Bed::causes`] tells them apart, so that a
//! lost wake-up does not hide behind a timeout.

mod run;
mod script;
mod slot;
mod values;

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use qbank_proto::endpoint::{Effect, Endpoint};
use qbank_proto::{
    AccessToken, Call, Config, Credentials, Environment, Error, FaultKind, IdempotencyKey, Machine,
    Now, Reply, Session,
};

use slot::{Due, Slot};

pub use script::*;
pub use slot::{Cause, Handle};
pub use values::*;

/// 2026-01-05T12:00:00Z.
pub const NOON: Duration = Duration::from_secs(1_767_614_400);
/// How long a response takes unless the script says otherwise.
pub const LATENCY: Duration = Duration::from_millis(10);
pub const CLIENT_SECRET: &str = "correct-horse-battery-staple";

pub struct Bed {
    pub session: Session,
    pub now: Now,
    /// What the bank responses to each operation, in order.
    pub bank: VecDeque<Act>,
    /// What the bank responses once `bank` is used up.
    pub always: Option<Act>,
    /// What the token endpoint responses, in order; good tokens once used up.
    pub tokens: VecDeque<Act>,
    /// What the supplier responses, in order; good tokens once used up.
    pub supplier: VecDeque<Supply>,
    /// What arrived at the bank, and at its token endpoint.
    pub sent: Vec<Sent>,
    pub token_requests: Vec<Sent>,
    /// When the supplier was asked.
    pub asked: Vec<Duration>,
    slots: Vec<Slot>,
    due: Vec<Due>,
    serial: u8,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Sent {
    pub at: Duration,
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub max_body: usize,
    pub fresh_connection: bool,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Bed {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With another configuration than the default.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let credentials = Credentials::client("client-7", CLIENT_SECRET);
        let mut config = Config::new(Environment::custom("https://bank.example/v1"), credentials);
        change(&mut config);
        Self {
            session: Session::new(config).unwrap(),
            now: Now { mono: Duration::from_secs(1000), unix: NOON },
            bank: VecDeque::new(),
            always: None,
            tokens: VecDeque::new(),
            supplier: VecDeque::new(),
            sent: Vec::new(),
            token_requests: Vec::new(),
            asked: Vec::new(),
            slots: Vec::new(),
            due: Vec::new(),
            serial: 0,
        }
    }

    /// Whose application has a ready-made token.
    pub fn with_ready_token() -> Self {
        Self::with(|config| {
            config.credentials = Credentials::Token(AccessToken::new("ready-made").unwrap());
        })
    }

    /// Whose application has a supplier.
    pub fn with_supplier() -> Self {
        Self::with(|config| config.credentials = Credentials::Supplier)
    }

    /// Adds to what the bank responses.
    pub fn bank(mut self, script: impl IntoIterator<Item = Act>) -> Self {
        self.bank.extend(script);
        self
    }

    /// Adds to what the token endpoint responses.
    pub fn tokens(mut self, script: impl IntoIterator<Item = Act>) -> Self {
        self.tokens.extend(script);
        self
    }

    /// What the bank responses once its script is used up.
    pub fn always(mut self, act: Act) -> Self {
        self.always = Some(act);
        self
    }

    /// A call with a key and jitter of its own.
    #[expect(clippy::needless_pass_by_value, reason = "reads well in a script")]
    pub fn call<E: Endpoint>(&mut self, endpoint: E, options: Options) -> Call<E> {
        self.serial = self.serial.wrapping_add(1);
        let key = IdempotencyKey::from_entropy([self.serial; 16]);
        let options = E::Effect::options(options.of_call(), || options.of_write(key));
        Call::new(&self.session, endpoint, options, u64::from(self.serial) << 32)
    }

    pub fn start<M: Machine<Output: 'static> + 'static>(
        &mut self,
        machine: M,
    ) -> Handle<M::Output> {
        self.slots.push(Slot {
            machine: Some(Box::new(machine)),
            output: None,
            flag: Arc::default(),
            runnable: Some(Cause::Start),
            sleeps_until: None,
            stalled: false,
            causes: Vec::new(),
        });
        Handle(self.slots.len() - 1, PhantomData)
    }

    pub fn start_call<E: Endpoint>(
        &mut self,
        endpoint: E,
    ) -> Handle<Result<Reply<E::Output>, Error>> {
        let call = self.call(endpoint, Options::default());
        self.start(call)
    }

    /// Starts a call and runs everything to its end.
    pub fn send<E: Endpoint>(&mut self, endpoint: E) -> Result<Reply<E::Output>, Error> {
        self.send_with(endpoint, Options::default())
    }

    pub fn send_with<E: Endpoint>(
        &mut self,
        endpoint: E,
        options: Options,
    ) -> Result<Reply<E::Output>, Error> {
        let call = self.call(endpoint, options);
        self.drive(call)
    }

    pub fn drive<M: Machine<Output: 'static> + 'static>(&mut self, machine: M) -> M::Output {
        let handle = self.start(machine);
        self.run();
        self.take(handle)
    }

    /// The output of a call that is over.
    pub fn take<T: 'static>(&mut self, handle: Handle<T>) -> T {
        let output = self.slots[handle.0].output.take();
        *output.expect("the call is over").downcast().unwrap()
    }

    pub fn is_over<T>(&self, handle: Handle<T>) -> bool {
        self.slots[handle.0].output.is_some()
    }

    pub fn causes<T>(&self, handle: Handle<T>) -> &[Cause] {
        &self.slots[handle.0].causes
    }

    /// Drops a call wherever it is.
    pub fn drop_call<T>(&mut self, handle: Handle<T>) {
        self.slots[handle.0].machine = None;
        self.due.retain(|due| due.slot != handle.0);
    }

    /// Never polls a call again, nor gives it responses, and does not drop it.
    pub fn stall<T>(&mut self, handle: Handle<T>) {
        self.slots[handle.0].stalled = true;
    }

    pub fn wake_up<T>(&mut self, handle: Handle<T>) {
        self.slots[handle.0].stalled = false;
        self.slots[handle.0].runnable = Some(Cause::Start);
    }

    pub fn abandon<T: 'static>(&mut self, handle: Handle<T>) -> T {
        let now = self.now;
        let machine = self.slots[handle.0].machine.as_mut().unwrap();
        let output = machine.give_up(now);
        self.drop_call(handle);
        *output.downcast().unwrap()
    }

    /// Every send of the only intent had one key and the same bytes.
    pub fn one_intent(&self) -> &Sent {
        let posts = || self.sent.iter().filter(|sent| sent.method == Method::POST);
        let first = posts().next().expect("something was sent");
        let key = first.header("idempotency-key").unwrap();
        assert_eq!(key, key.to_lowercase());
        assert_eq!(key.len(), 36);
        for sent in posts() {
            assert_eq!(sent.header("idempotency-key"), Some(key));
            assert_eq!(sent.headers.get_all("idempotency-key").iter().count(), 1);
            assert_eq!(sent.body, first.body);
            assert_eq!(sent.url, first.url);
        }
        first
    }

    /// How long after its predecessor each request was sent.
    pub fn gaps(&self) -> Vec<Duration> {
        self.sent.windows(2).map(|two| two[1].at - two[0].at).collect()
    }
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A supplier that fails.
pub fn no_supply(why: &str) -> Supply {
    Supply { after: LATENCY, token: Err(why.to_owned().into()) }
}

/// A connection that broke after the request was written.
pub fn reset() -> Act {
    breaks(FaultKind::Disconnected)
}
