//! In user instructions per call.

use bench_core::{Failure, samples};
use bench_wire::What;

use super::AT_ONCE;
use crate::counted::per_call;

pub(crate) fn measure() -> Result<(), Failure> {
    for at_once in AT_ONCE {
        let wave = at_once.max(500);
        for who in ["floor", "ours"] {
            let count = per_call(who, What::Post, at_once, "2", [wave, 2 * wave])?;
            samples::print(&format!("in_flight.{at_once}.instructions"), who, count);
        }
    }
    Ok(())
}
