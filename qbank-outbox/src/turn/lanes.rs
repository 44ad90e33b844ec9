//! What pauses a lane, and what lets it go on.

use std::time::Duration;

use super::{Outcome, Transaction};
use crate::row::{Lane, Row, State};

impl Transaction<'_> {
    /// Whether a row that is due may be claimed. Of a paused lane that is to be tried, one. A
    /// payment is looked at whatever its account may not send.
    pub(super) fn may_claim(&mut self, row: &Row) -> bool {
        let is_look = row.state == State::Accepted;
        let of_row = |lane: &&Lane| {
            let of_all = [Lane::ALL, Lane::CREDENTIAL].contains(&lane.id.as_str());
            of_all || (lane.id == row.lane && !is_look)
        };
        let paused: Vec<Lane> = self.lanes.iter().filter(of_row).cloned().collect();
        let is_due = |lane: &Lane| lane.retry_at.is_some_and(|retry_at| retry_at <= self.now);
        if !paused.iter().all(is_due) {
            return false;
        }
        for mut lane in paused {
            // Nobody else tries it meanwhile, and somebody does if this worker ends.
            lane.retry_at = Some(self.after(LONGEST));
            lane.probes += 1;
            self.pause(&lane);
        }
        true
    }

    /// The row that was to try its lanes was not sent after all, or nothing came back: the next one
    /// tries them after so long.
    pub(super) fn not_tried(&mut self, row: &Row, again: impl Fn(&Lane) -> Duration) {
        let of_row = |lane: &&Lane| lane.id == Lane::CREDENTIAL || lane.id == row.lane;
        let paused: Vec<Lane> = self.lanes.iter().filter(of_row).cloned().collect();
        for mut lane in paused {
            let retry_at = self.after(again(&lane));
            if lane.retry_at.is_some_and(|later| later > retry_at) {
                lane.retry_at = Some(retry_at);
                self.pause(&lane);
            }
        }
    }

    /// Whether an operator has stopped all workers.
    pub(super) fn is_stopped(&self) -> bool {
        self.lanes.iter().any(|lane| lane.id == Lane::ALL)
    }

    /// The token, the scope, or the bank's limit: nothing is wrong with the row.
    pub(super) fn pause_after(&mut self, row: &Row, outcome: &Outcome) {
        let Some((of_credential, reason)) = outcome.pauses() else { return };
        let id = if of_credential { Lane::CREDENTIAL } else { &row.lane };
        let before = self.lanes.iter().find(|lane| lane.id == id);
        let probes = before.map_or(0, |lane| lane.probes);
        let wanted = outcome.retry_after();
        let retry_at = self.after(probe_delay(probes).max(wanted.unwrap_or_default()));
        // What was sent before the lane was paused does not put its next try off.
        let earlier = before.and_then(|lane| lane.retry_at).filter(|_| wanted.is_none());
        let lane = Lane {
            id: id.to_owned(),
            paused_at: before.map_or(self.now, |lane| lane.paused_at),
            reason,
            retry_at: Some(earlier.map_or(retry_at, |earlier| earlier.min(retry_at))),
            probes,
        };
        self.pause(&lane);
    }

    /// The bank took its token: whatever its lane waited for is over. A look says nothing of the
    /// right to send.
    pub(super) fn resume_after(&mut self, row: &Row, outcome: &Outcome, is_look: bool) {
        if outcome.pauses().is_some() || outcome.http_status.is_none() {
            return;
        }
        let resumed =
            |lane: &Lane| lane.id == Lane::CREDENTIAL || (lane.id == row.lane && !is_look);
        self.changes.paused.retain(|lane| !resumed(lane));
        let resumed = self.lanes.extract_if(.., |lane| resumed(lane)).map(|lane| lane.id);
        self.changes.resumed.extend(resumed);
    }

    /// Nothing is known of its lane by this.
    pub(super) fn unanswered(&mut self, row: &Row, outcome: &Outcome) {
        if outcome.pauses().is_none() && outcome.http_status.is_none() {
            self.not_tried(row, |lane| probe_delay(lane.probes));
        }
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
