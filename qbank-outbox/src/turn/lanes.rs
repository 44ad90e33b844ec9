//! What pauses a lane, and what lets it go on.

use std::time::Duration;

use super::{Outcome, Transaction};
use crate::row::{Lane, Row};

impl Transaction<'_> {
    /// Whether a row that is due may be claimed. Of a paused lane that is to be tried, one.
    pub(super) fn may_claim(&mut self, row: &Row) -> bool {
        for at in 0..self.lanes.len() {
            let lane = &self.lanes[at];
            if lane.id == Lane::ALL {
                return false;
            }
            if lane.id != Lane::CREDENTIAL && lane.id != row.lane {
                continue;
            }
            if lane.retry_at.is_none_or(|retry_at| self.now < retry_at) {
                return false;
            }
            // Nobody else tries it meanwhile, and somebody does if this worker ends.
            let mut lane = lane.clone();
            lane.retry_at = Some(self.after(LONGEST));
            self.pause(&lane);
        }
        true
    }

    /// The token, the scope, or the bank's limit: nothing is wrong with the row.
    pub(super) fn pause_after(&mut self, row: &Row, outcome: &Outcome) {
        let Some((of_credential, reason)) = outcome.pauses() else { return };
        let id = if of_credential { Lane::CREDENTIAL } else { &row.lane };
        let before = self.lanes.iter().find(|lane| lane.id == id);
        let probes = before.map_or(0, |lane| lane.probes + 1);
        let wait = probe_delay(probes).max(outcome.retry_after().unwrap_or_default());
        let retry_at = self.after(wait);
        let lane = Lane {
            id: id.to_owned(),
            paused_at: before.map_or(self.now, |lane| lane.paused_at),
            reason,
            retry_at: Some(retry_at),
            probes,
        };
        self.pause(&lane);
    }

    /// The bank took its token: whatever its lane waited for is over.
    pub(super) fn resume_after(&mut self, row: &Row, outcome: &Outcome) {
        if outcome.pauses().is_some() || outcome.http_status.is_none() {
            return;
        }
        let resumed = |lane: &Lane| lane.id == Lane::CREDENTIAL || lane.id == row.lane;
        self.changes.paused.retain(|lane| !resumed(lane));
        let resumed = self.lanes.extract_if(.., |lane| resumed(lane)).map(|lane| lane.id);
        self.changes.resumed.extend(resumed);
    }

    fn pause(&mut self, lane: &Lane) {
        self.changes.resumed.retain(|id| *id != lane.id);
        for lanes in [&mut self.lanes, &mut self.changes.paused] {
            lanes.retain(|other| other.id != lane.id);
            lanes.push(lane.clone());
        }
    }
}

const LONGEST: Duration = Duration::from_secs(30);

/// 1 s, doubling.
fn probe_delay(probes: u32) -> Duration {
    Duration::from_secs(1 << probes.min(5)).min(LONGEST)
}
