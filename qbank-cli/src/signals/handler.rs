//! The thread that handles signals.

use std::io;
use std::thread;

use tokio::runtime::Builder;

/// Calls `handle` on a thread of its own, each time a signal arrives that should end
/// the program.
pub(super) fn start(mut handle: impl FnMut() + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _context = runtime.enter();
        platform::Signals::new()?
    };
    let work = move || {
        runtime.block_on(async {
            loop {
                signals.next().await;
                handle();
            }
        });
    };
    thread::Builder::new().spawn(work).map(drop)
}

#[cfg(unix)]
mod platform {
    use std::future::poll_fn;
    use std::io;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Signals(Vec<Signal>);

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            let ending = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let ignored = ignored();
            let handled = ending.into_iter().filter(|kind| !ignored(*kind));
            handled.map(signal).collect::<io::Result<_>>().map(Self)
        }

        pub(super) async fn next(&mut self) {
            poll_fn(|context| {
                let arrived = self.0.iter_mut().any(|it| it.poll_recv(context).is_ready());
                if arrived { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    /// Which signals were ignored when the program started, as under `nohup`. Only
    /// Linux says so without unsafe code.
    fn ignored() -> impl Fn(SignalKind) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        move |kind| {
            let bit = kind.as_raw_value().checked_sub(1).and_then(|bit| u32::try_from(bit).ok());
            bit.and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;

    pub(super) struct Signals;

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn next(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
