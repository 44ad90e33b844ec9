//! The driver over `fetch`: a loop that polls a machine and does what it asks for.

mod exchange;
mod platform;

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use js_sys::Function;
use qbank_proto::bytes::Bytes;
use qbank_proto::http::Response;
use qbank_proto::{
    AccessToken, BoxError, Driver, Entropy, Exchange, Fault, LocalAsync, Machine, Message, Now,
    Run, Step, Ticket,
};

pub use platform::AbortSignal;
#[cfg(feature = "npm")]
pub(crate) use platform::clocks;
use platform::{Aborted, Sleep, now, random};

use crate::wake::WakeFlag;

/// The driver: does HTTP exchanges with `fetch`.
#[derive(Clone, Default)]
pub struct Fetch {
    function: Option<Function>,
    supplier: Option<Rc<Supplier>>,
}

type Supplier = dyn Fn(Duration) -> Supplying;
type Supplying = Pin<Box<dyn Future<Output = Result<AccessToken, BoxError>>>>;

impl Driver for Fetch {
    type Flavor = LocalAsync;

    fn drive<M>(&self, machine: M) -> Run<Self, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        Box::pin(self.clone().run(machine, Aborted::of(None)))
    }

    fn entropy(&self) -> Entropy {
        // Without the platform's generator there is no key that is safe to use.
        #[expect(
            clippy::expect_used,
            reason = "not reachable by input: see the crate's words on edge workers"
        )]
        Entropy::from_bytes(random().expect("the platform has crypto.getRandomValues"))
    }

    fn now(&self) -> Now {
        now()
    }
}

impl Fetch {
    /// Calls this function instead of the platform's `fetch`, with a URL and an
    /// object of options, as `fetch` is called. It gives a `Response`.
    pub fn with_function(function: Function) -> Self {
        Self { function: Some(function), supplier: None }
    }

    /// Asks this function for a token whenever the session needs one
    /// ([`Credentials::Supplier`](qbank_proto::Credentials::Supplier)). It is given the time it may take, after which it
    /// is dropped.
    #[must_use]
    pub fn token_supplier<F, T>(mut self, supplier: F) -> Self
    where
        F: Fn(Duration) -> T + 'static,
        T: Future<Output = Result<AccessToken, BoxError>> + 'static,
    {
        self.supplier = Some(Rc::new(move |timeout| Box::pin(supplier(timeout))));
        self
    }

    /// Drives a machine until it ends, or until the signal, if there is one,
    /// aborts: then it is called off, and its output says what is known. A request
    /// that is out counts as maybe sent.
    pub fn drive_until<M: Machine>(
        &self,
        machine: M,
        signal: Option<AbortSignal>,
    ) -> impl Future<Output = M::Output> + use<M> {
        self.clone().run(machine, Aborted::of(signal))
    }

    async fn run<M: Machine>(self, mut machine: M, aborted: Aborted) -> M::Output {
        let mut aborted = pin!(aborted);
        let (wake, waker) = WakeFlag::new();
        let mut at = now();
        loop {
            if poll_fn(|cx| Poll::Ready(aborted.as_mut().poll(cx).is_ready())).await {
                return machine.abandon(at);
            }
            let task = match machine.poll(at, &waker) {
                Step::Send(exchange) => Task::Send(Box::new(exchange)),
                Step::Authorize { ticket, timeout } => Task::Authorize(ticket, timeout),
                Step::Wait(limit) => Task::Wait(limit),
                Step::Done(output) => return output,
            };
            let done = self.unless(aborted.as_mut(), task, &wake).await;
            at = now();
            match done {
                Done::Send(ticket, outcome) => machine.settle(at, ticket, outcome),
                Done::Authorize(ticket, token) => machine.supply(at, ticket, token),
                Done::Wait => {}
            }
        }
    }

    /// Does it, unless aborted first. The same code for every machine.
    async fn unless(&self, mut aborted: Pin<&mut Aborted>, task: Task, wake: &WakeFlag) -> Done {
        let mut work = pin!(self.work(task, wake));
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending if aborted.as_mut().poll(cx).is_ready() => Poll::Ready(Done::Wait),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    async fn work(&self, task: Task, wake: &WakeFlag) -> Done {
        match task {
            Task::Send(request) => {
                let (ticket, outcome) = exchange::exchange(self.function.as_ref(), *request).await;
                Done::Send(ticket, outcome)
            }
            Task::Authorize(ticket, timeout) => Done::Authorize(ticket, self.supply(timeout).await),
            Task::Wait(limit) => {
                sleep(limit, wake).await;
                Done::Wait
            }
        }
    }

    async fn supply(&self, timeout: Duration) -> Result<AccessToken, BoxError> {
        let supplier = self.supplier.as_ref();
        let supplier =
            supplier.ok_or_else(|| Message::new("no token supplier was given to the driver"))?;
        within(timeout, supplier(timeout))
            .await
            .unwrap_or_else(|| Err(Message::new("the token supplier gave nothing in time").into()))
    }
}

/// Ends after the time, or soon after the call was woken. The longer it takes, the less often
/// the flag is polled: an eighth of the time so far is lost at the most.
async fn sleep(limit: Duration, wake: &WakeFlag) {
    if !wake.is_awaited() {
        return Sleep::new(limit).await;
    }
    let mut waited = Duration::ZERO;
    while waited < limit && !wake.take() {
        let next = (waited / 8).clamp(SOONEST, LATEST).min(limit.saturating_sub(waited));
        Sleep::new(next).await;
        waited += next;
    }
}

const SOONEST: Duration = Duration::from_millis(2);
const LATEST: Duration = Duration::from_millis(50);

/// The future's output, or nothing once the time is up.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut sleep = pin!(Sleep::new(time));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A [`Step`] that is not the last.
enum Task {
    Send(Box<Exchange>),
    Authorize(Ticket, Duration),
    Wait(Duration),
}

/// What came of a [`Task`].
enum Done {
    Send(Ticket, Result<Response<Bytes>, Fault>),
    Authorize(Ticket, Result<AccessToken, BoxError>),
    Wait,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("function", &self.function.is_some())
            .field("supplier", &self.supplier.is_some())
            .finish()
    }
}
