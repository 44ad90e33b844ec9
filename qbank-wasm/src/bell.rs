//! How another call wakes this one: it rings a bell, and this one looks.
//!
//! An edge worker ties timers and requests to the event that made them, and ends them
//! with it. A task that another event's call woke would run on that event's account,
//! and die with it. So no call's waker reaches another call's task: while the machine
//! waits for somebody, its task looks at the bell on timers of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use crate::platform::Sleep;

pub(crate) struct Bell(Arc<Rung>);

#[derive(Default)]
struct Rung(AtomicBool);

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Bell {
    /// The bell, and what rings it.
    pub(crate) fn new() -> (Self, Waker) {
        let rung = Arc::new(Rung::default());
        let waker = Waker::from(Arc::clone(&rung));
        (Self(rung), waker)
    }

    /// Ends after the time, or soon after the bell was rung. The longer it takes, the
    /// less often it looks: an eighth of the time so far is lost at the most.
    pub(crate) async fn wait(&self, limit: Duration) {
        // Beside this bell and its waker, nobody has kept a waker to ring it with.
        if Arc::strong_count(&self.0) <= 2 {
            return Sleep::new(limit).await;
        }
        let mut waited = Duration::ZERO;
        while waited < limit && !self.0.0.swap(false, Ordering::Relaxed) {
            let look = (waited / 8).clamp(SOONEST, LATEST).min(limit.saturating_sub(waited));
            Sleep::new(look).await;
            waited += look;
        }
    }
}

const SOONEST: Duration = Duration::from_millis(2);
const LATEST: Duration = Duration::from_millis(50);
