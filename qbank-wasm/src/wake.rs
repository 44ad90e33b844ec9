//! How another call wakes this one: it sets a flag, which this one polls.
//!
//! An edge worker ties timers and requests to the event that made them, and ends them with it.
//! A task that another event's call woke would run on that event's account, and end with it. So
//! no call's waker reaches another call's task: while the machine waits for another call, its
//! own task polls the flag on timers of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

pub(crate) struct WakeFlag(Arc<Flag>);

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl WakeFlag {
    /// The flag, and what sets it.
    pub(crate) fn new() -> (Self, Waker) {
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        (Self(flag), waker)
    }

    /// Whether another call has kept a waker: beside this flag and its own one.
    pub(crate) fn is_awaited(&self) -> bool {
        Arc::strong_count(&self.0) > 2
    }

    /// Whether it was set since this was last asked.
    pub(crate) fn take(&self) -> bool {
        self.0.0.swap(false, Ordering::Relaxed)
    }
}
