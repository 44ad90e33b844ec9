//! Makes a failing schedule as small as it gets.

use std::collections::BTreeSet;

use super::Schedule;
use super::invariants::Rule;
use super::plan::Knob;
use super::trace::Trace;

/// What does not have to happen for the rule to break: greedily, first half of all
/// trouble at a time, then less, until nothing more can be left out.
pub(super) fn shrink(schedule: Schedule, rule: Rule) -> BTreeSet<Knob> {
    let mut disabled = BTreeSet::new();
    let Some(mut fired) = still_breaks(schedule, rule, &disabled) else { return disabled };
    loop {
        let before = disabled.len();
        let mut size = fired.len().div_ceil(2).max(1);
        loop {
            let mut at = 0;
            while at < fired.len() {
                let mut smaller = disabled.clone();
                smaller.extend(fired.iter().skip(at).take(size));
                match still_breaks(schedule, rule, &smaller) {
                    Some(left) => {
                        disabled = smaller;
                        fired = left;
                    }
                    None => at += size,
                }
            }
            if size == 1 {
                break;
            }
            size /= 2;
        }
        if disabled.len() == before {
            return disabled;
        }
    }
}

/// What happened, if the rule still breaks.
fn still_breaks(schedule: Schedule, rule: Rule, disabled: &BTreeSet<Knob>) -> Option<Vec<Knob>> {
    let mut run = schedule.observed(disabled, Trace::default());
    let broken = run.violation.is_some_and(|it| it.rule == rule);
    broken.then(|| {
        run.fired.sort_unstable();
        run.fired.dedup();
        run.fired
    })
}
