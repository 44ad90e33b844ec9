//! The drivers: one loop, whose waits block a thread or suspend a future.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use qbank_proto::{
    Async, Blocking, Driver, Entropy, Error, ListDriver, ListEndpoint, Machine, Now, Reply, Run,
    Step,
};

use super::exchange::{self, Body};
use super::list::{AsyncList, BlockingList};
use super::{Shared, scheduler};

/// The driver for blocking code: a call returns its result. See
/// [`InProcess::blocking`](crate::InProcess::blocking).
#[derive(Clone)]
pub struct BlockingDriver {
    shared: Arc<Shared>,
}

/// The driver for async code: a call is a future of its result. See
/// [`InProcess::asynchronous`](crate::InProcess::asynchronous).
#[derive(Clone)]
pub struct AsyncDriver {
    shared: Arc<Shared>,
}

impl BlockingDriver {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl AsyncDriver {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Driver for BlockingDriver {
    type Flavor = Blocking;

    fn drive<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        let call = Running::on_thread(&self.shared);
        block_on(call.run(machine)).0
    }

    fn entropy(&self) -> Entropy {
        Entropy::from_bytes(self.shared.random())
    }

    fn now(&self) -> Now {
        self.shared.now()
    }
}

impl Driver for AsyncDriver {
    type Flavor = Async;

    fn drive<M>(&self, machine: M) -> Run<Self, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        let call = Running::as_task(&self.shared);
        Box::pin(call.into_future(machine, |(output, _)| output))
    }

    fn entropy(&self) -> Entropy {
        Entropy::from_bytes(self.shared.random())
    }

    fn now(&self) -> Now {
        self.shared.now()
    }
}

impl ListDriver for BlockingDriver {
    type List<L: ListEndpoint> = BlockingList<L>;

    fn open<L, M>(&self, opening: M) -> Result<BlockingList<L>, Error>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let call = Running::on_thread(&self.shared);
        let (opened, body) = block_on(call.run(opening));
        Ok(BlockingList::new(Arc::clone(&self.shared), opened?, body))
    }
}

impl ListDriver for AsyncDriver {
    type List<L: ListEndpoint> = AsyncList<L>;

    fn open<L, M>(&self, opening: M) -> Run<Self, Result<AsyncList<L>, Error>>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let call = Running::as_task(&self.shared);
        let shared = Arc::clone(&self.shared);
        Box::pin(
            call.into_future(opening, move |(opened, body)| {
                Ok(AsyncList::new(shared, opened?, body))
            }),
        )
    }
}

/// A call from its beginning to its result, or until it is dropped.
pub(super) struct Running {
    pub(super) shared: Arc<Shared>,
    id: scheduler::CallId,
    waits: Waits,
}

/// How it waits.
#[derive(Clone, Copy)]
enum Waits {
    /// It blocks its thread: its futures are always ready.
    Thread,
    Task,
}

impl Running {
    pub(super) fn on_thread(shared: &Arc<Shared>) -> Self {
        let id = shared.scheduler.begin_thread();
        Self { shared: Arc::clone(shared), id, waits: Waits::Thread }
    }

    pub(super) fn as_task(shared: &Arc<Shared>) -> Self {
        let id = shared.scheduler.begin_task();
        Self { shared: Arc::clone(shared), id, waits: Waits::Task }
    }

    /// Drives a machine to its end, and gives the body that it left unread.
    async fn run<M: Machine>(&self, mut machine: M) -> (M::Output, Option<Body>) {
        let waker =
            Waker::from(Arc::new(CallWaker { shared: Arc::clone(&self.shared), id: self.id }));
        let mut left = None;
        loop {
            match machine.poll(self.now(), &waker) {
                Step::Send(exchange) => {
                    let mode = |ticket: &_, head: &_| machine.head(self.now(), ticket, head);
                    let outcome = exchange::exchange(self, exchange, mode).await;
                    left = outcome.body;
                    machine.settle(self.now(), outcome.ticket, outcome.result);
                }
                Step::Authorize { ticket, .. } => {
                    let token = self.shared.supply_token();
                    machine.supply(self.now(), ticket, token);
                }
                Step::Wait(limit) => self.wait(self.now().mono.saturating_add(limit)).await,
                Step::Done(output) => return (output, left),
            }
        }
    }

    pub(super) fn now(&self) -> Now {
        self.shared.now()
    }

    /// Waits until this moment; the machine's waker does not end it.
    pub(super) async fn sleep_until(&self, until: Duration) {
        while self.now().mono < until {
            self.wait(until).await;
        }
    }

    /// Waits until this moment, or until the machine's waker is woken.
    async fn wait(&self, until: Duration) {
        let scheduler = &self.shared.scheduler;
        match self.waits {
            Waits::Thread => scheduler.wait(self.id, until),
            Waits::Task => {
                let mut begun = false;
                poll_fn(|cx| scheduler.poll_wait(self.id, until, &mut begun, cx)).await;
            }
        }
    }

    /// The whole call as a future.
    async fn into_future<M: Machine, T>(
        self,
        machine: M,
        output: impl FnOnce((M::Output, Option<Body>)) -> T,
    ) -> T {
        self.shared.scheduler.polled(self.id);
        output(self.run(machine).await)
    }

    /// Polls something that waits with this call.
    pub(super) fn poll_sleep_until(
        &self,
        until: Duration,
        begun: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.shared.scheduler.polled(self.id);
        while self.now().mono < until {
            match self.shared.scheduler.poll_wait(self.id, until, begun, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => *begun = false,
            }
        }
        Poll::Ready(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.scheduler.end(self.id);
    }
}

/// Runs the future of a call on a thread, whose waits block: it is ready at once.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return output;
        }
    }
}

/// Wakes a call: what a machine keeps.
struct CallWaker {
    shared: Arc<Shared>,
    id: scheduler::CallId,
}

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.shared.scheduler.wake(self.id);
    }
}

impl fmt::Debug for BlockingDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingDriver")
    }
}

impl fmt::Debug for AsyncDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncDriver")
    }
}
