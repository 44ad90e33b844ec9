//! Virtual time for calls of many threads and tasks.
//!
//! ```text
//!             begin            wait until t, or woken
//!   (none) ──────────► running ─────────────────────► waiting
//!                        ▲                               │ the clock has reached t,
//!                        │ polled, or its thread resumes │ or the waker is woken
//!                        └───────────── woken ◄──────────┘
//! ```
//! **The clock moves only when every call waits**, and then to the earliest moment that
//! one of them waits for: the rule of discrete-event simulation.
//!
//! Between two calls a task is not seen here, and a task that was spawned makes its first
//! call when it is polled first. So a future that waits does not move the clock itself:
//! it *probes*, which is to wake itself and to move the clock in its next poll if nothing
//! has happened until then. A thread that waits moves the clock at once if no future does.
//!
//! A future that was woken may never be polled again (it lost a `select!` and is kept for
//! later). When nothing has happened for [`MOST_PROBES`] probes, it is *suspended*, and
//! does not hold the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::lock;

/// So many probes in which nothing happens, and woken futures count as suspended.
const MOST_PROBES: u32 = 10_000;
/// So many futures probe at once: it does not matter if some of them are not polled.
const PROBERS: usize = 16;
/// How long a thread waits, in real time, before it takes futures for suspended.
const THREAD_PROBES_EVERY: Duration = Duration::from_millis(50);

pub(super) type CallId = u64;

#[derive(Default)]
pub(super) struct Scheduler {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    time: Duration,
    last_id: CallId,
    calls: BTreeMap<CallId, Call>,
    timers: BTreeSet<(Duration, CallId)>,
    /// Calls that run, and threads that are about to.
    running: usize,
    /// Futures that were woken and not polled yet.
    woken: usize,
    /// How many futures probe.
    probing: usize,
    /// Probes since anything happened.
    probes: u32,
    /// Counts what happens.
    progress: u64,
}

struct Call {
    phase: Phase,
    /// Its waker was woken while it ran: the next wait ends at once.
    woken_early: bool,
    /// It probes: what had happened when it was polled last.
    probed: Option<u64>,
    carrier: Carrier,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Waiting { until: Duration },
    Woken,
    Suspended,
}

/// What resumes a call.
enum Carrier {
    Thread(Arc<Condvar>),
    Task(Option<Waker>),
}

impl Scheduler {
    pub(super) fn time(&self) -> Duration {
        lock(&self.state).time
    }

    /// A call of this thread, which runs.
    pub(super) fn begin_thread(&self) -> CallId {
        lock(&self.state).begin(Phase::Running, Carrier::Thread(Arc::default()))
    }

    /// A future, which is about to be polled.
    pub(super) fn begin_task(&self) -> CallId {
        lock(&self.state).begin(Phase::Woken, Carrier::Task(None))
    }

    /// The call has its result, or its future is dropped.
    pub(super) fn end(&self, id: CallId) {
        self.change(|state| {
            state.leave(id);
            state.calls.remove(&id);
        });
    }

    /// Lets time pass.
    pub(super) fn advance(&self, by: Duration) {
        let wakers = {
            let mut state = lock(&self.state);
            state.time = state.time.saturating_add(by);
            state.wake_due()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends the wait of a call, or its next one.
    pub(super) fn wake(&self, id: CallId) {
        let waker = {
            let mut state = lock(&self.state);
            match state.calls.get_mut(&id) {
                Some(Call { phase: Phase::Waiting { .. }, .. }) => state.wake(id),
                Some(call) => {
                    call.woken_early = true;
                    None
                }
                None => None,
            }
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// A future is polled: it runs.
    pub(super) fn polled(&self, id: CallId) {
        let mut state = lock(&self.state);
        if let Some(Call { phase: Phase::Woken | Phase::Suspended, .. }) = state.calls.get(&id) {
            state.run(id);
        }
    }

    /// The thread waits until this moment, or until the call is woken.
    pub(super) fn wait(&self, id: CallId, until: Duration) {
        if !self.begin_wait(id, until) {
            return;
        }
        let mut state = lock(&self.state);
        loop {
            let Some(Call { phase, carrier: Carrier::Thread(resumed), .. }) = state.calls.get(&id)
            else {
                return;
            };
            if *phase == Phase::Woken {
                // A thread that is woken counts as running already.
                state.set_phase(id, Phase::Running);
                return;
            }
            let resumed = Arc::clone(resumed);
            state = self.wait_for(state, &resumed);
        }
    }

    /// Waits to be resumed, and moves the clock if the futures do not.
    fn wait_for<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        resumed: &Condvar,
    ) -> MutexGuard<'a, State> {
        let before = state.progress;
        let waited = resumed.wait_timeout(state, THREAD_PROBES_EVERY);
        let (mut state, timed_out) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        if timed_out.timed_out() && state.progress == before && state.running == 0 {
            state.suspend_woken();
            let wakers = state.move_clock();
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
            return lock(&self.state);
        }
        state
    }

    /// The future waits until this moment, or until the call is woken. `begun` is
    /// whether an earlier poll has begun this wait.
    pub(super) fn poll_wait(
        &self,
        id: CallId,
        until: Duration,
        begun: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if !*begun {
            *begun = true;
            lock(&self.state).set_waker(id, cx.waker());
            if !self.begin_wait(id, until) {
                return Poll::Ready(());
            }
        }
        let mut wakers = Vec::new();
        let waits = {
            let mut state = lock(&self.state);
            state.set_waker(id, cx.waker());
            state.probe(id, &mut wakers)
        };
        if waits.is_pending() && !wakers.is_empty() {
            // Other threads get to their calls first.
            std::thread::yield_now();
        }
        wakers.into_iter().for_each(Waker::wake);
        waits
    }

    /// False: the wait ends at once.
    fn begin_wait(&self, id: CallId, until: Duration) -> bool {
        let mut waits = false;
        self.change(|state| {
            let time = state.time;
            let Some(call) = state.calls.get_mut(&id) else { return };
            let woken_early = std::mem::take(&mut call.woken_early);
            if !woken_early && until > time {
                state.leave(id);
                state.set_phase(id, Phase::Waiting { until });
                state.timers.insert((until, id));
                waits = true;
            }
        });
        waits
    }

    /// Changes the state, and sees to the clock if every call waits then.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let wakers = {
            let mut state = lock(&self.state);
            change(&mut state);
            state.check_idle()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn begin(&mut self, phase: Phase, carrier: Carrier) -> CallId {
        self.last_id += 1;
        match phase {
            Phase::Running => self.running += 1,
            _ => self.woken += 1,
        }
        self.calls.insert(self.last_id, Call { phase, woken_early: false, probed: None, carrier });
        self.last_id
    }

    fn set_phase(&mut self, id: CallId, phase: Phase) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = phase;
        }
    }

    fn set_waker(&mut self, id: CallId, waker: &Waker) {
        if let Some(Call { carrier: Carrier::Task(kept), .. }) = self.calls.get_mut(&id) {
            match kept {
                Some(kept) => kept.clone_from(waker),
                None => *kept = Some(waker.clone()),
            }
        }
    }

    /// A future runs.
    fn run(&mut self, id: CallId) {
        self.leave(id);
        self.running += 1;
        self.set_phase(id, Phase::Running);
    }

    /// A call is no longer in its phase.
    fn leave(&mut self, id: CallId) {
        self.probes = 0;
        self.progress += 1;
        self.stop_probing(id);
        let Some(call) = self.calls.get(&id) else { return };
        match (call.phase, &call.carrier) {
            (Phase::Running, _) | (Phase::Woken, Carrier::Thread(_)) => self.running -= 1,
            (Phase::Woken, Carrier::Task(_)) => self.woken -= 1,
            (Phase::Waiting { until }, _) => {
                self.timers.remove(&(until, id));
            }
            (Phase::Suspended, _) => {}
        }
    }

    /// Ends a wait; gives the waker of the future that is to be polled.
    #[must_use = "the future is to be woken"]
    fn wake(&mut self, id: CallId) -> Option<Waker> {
        self.leave(id);
        let call = self.calls.get_mut(&id)?;
        call.phase = Phase::Woken;
        match &mut call.carrier {
            Carrier::Thread(resumed) => {
                self.running += 1;
                resumed.notify_all();
                None
            }
            Carrier::Task(waker) => {
                self.woken += 1;
                waker.clone()
            }
        }
    }

    /// If every call waits, the futures among them probe; without any the clock moves.
    #[must_use = "the futures are to be woken"]
    fn check_idle(&mut self) -> Vec<Waker> {
        if self.running > 0 {
            return Vec::new();
        }
        let waiting = self.timers.iter().filter_map(|(_, id)| match &self.calls.get(id)?.carrier {
            Carrier::Task(waker) => waker.clone(),
            Carrier::Thread(_) => None,
        });
        let probers: Vec<Waker> = waiting.take(PROBERS).collect();
        if probers.is_empty() && self.woken == 0 { self.move_clock() } else { probers }
    }

    /// A future that waits is polled. Adds the futures that are to be woken.
    fn probe(&mut self, id: CallId, wakers: &mut Vec<Waker>) -> Poll<()> {
        let Some(call) = self.calls.get_mut(&id) else { return Poll::Ready(()) };
        if matches!(call.phase, Phase::Waiting { .. }) {
            if self.running > 0 || (call.probed.is_none() && self.probing >= PROBERS) {
                self.stop_probing(id);
                return Poll::Pending;
            }
            let before = call.probed.replace(self.progress);
            self.probing += usize::from(before.is_none());
            self.probes += 1;
            if self.probes > MOST_PROBES {
                self.suspend_woken();
                wakers.extend(self.move_clock());
            } else if before == Some(self.progress) && self.woken == 0 {
                wakers.extend(self.move_clock());
            }
        }
        match self.calls.get(&id) {
            Some(Call { phase: Phase::Waiting { .. }, carrier: Carrier::Task(own), .. }) => {
                wakers.extend(own.clone());
                Poll::Pending
            }
            Some(Call { phase: Phase::Woken | Phase::Suspended, .. }) => {
                self.run(id);
                Poll::Ready(())
            }
            _ => Poll::Ready(()),
        }
    }

    fn stop_probing(&mut self, id: CallId) {
        let probed = self.calls.get_mut(&id).and_then(|call| call.probed.take());
        self.probing -= usize::from(probed.is_some());
    }

    /// The clock goes to the first moment that is waited for.
    #[must_use = "the futures are to be woken"]
    fn move_clock(&mut self) -> Vec<Waker> {
        if let Some((first, _)) = self.timers.first() {
            self.time = self.time.max(*first);
        }
        self.wake_due()
    }

    #[must_use = "the futures are to be woken"]
    fn wake_due(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some((_, id)) = self.timers.first().copied().filter(|(at, _)| *at <= self.time) {
            wakers.extend(self.wake(id));
        }
        wakers
    }

    /// Futures that were woken and are not polled do not hold the clock.
    fn suspend_woken(&mut self) {
        for call in self.calls.values_mut() {
            if call.phase == Phase::Woken && matches!(call.carrier, Carrier::Task(_)) {
                call.phase = Phase::Suspended;
            }
        }
        self.woken = 0;
        self.probes = 0;
    }
}
