//! So many calls, so many of them in flight at once.

use std::time::Instant;

use bench_core::{Failure, processor};
use tokio::task::JoinSet;

/// What calls took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Microseconds of processor time per call, of this process alone.
    pub cpu: f64,
    /// Calls per second of real time.
    pub rate: f64,
}

/// Makes `calls` calls in `lanes` tasks, each of which makes one after the other.
pub async fn run<F, T>(lanes: usize, calls: usize, call: F) -> Result<Took, Failure>
where
    F: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (begun, used) = (Instant::now(), processor::time());
    let each = calls.div_ceil(lanes);
    let mut running = JoinSet::new();
    for _ in 0..lanes {
        let call = call.clone();
        running.spawn(async move {
            for _ in 0..each {
                call().await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(lane) = running.join_next().await {
        lane??;
    }
    let calls = (each * lanes) as f64;
    Ok(Took {
        cpu: processor::since(used).as_secs_f64() * 1e6 / calls,
        rate: calls / begun.elapsed().as_secs_f64(),
    })
}
