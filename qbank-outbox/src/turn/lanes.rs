//! What pauses a lane, and what lets it go on.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Outcome, Transaction, after};
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

    /// The row that was claimed to try its lanes is not sent after all: the next one tries them.
    pub(super) fn not_tried(&mut self, row: &Row) {
        self.try_again(row, |_, _| Some(Duration::ZERO));
    }

    /// Nothing came back of a row that may have tried its lanes: the next try is the usual time
    /// later. What the bank asked to wait is waited: only a row that was begun after its lane was
    /// paused has tried it, and only what its claim set is moved.
    pub(super) fn unanswered(&mut self, row: &Row, outcome: &Outcome, started: DateTime<Utc>) {
        if outcome.pauses().is_some() || outcome.http_status.is_some() {
            return;
        }
        self.try_again(row, |lane, retry_at| {
            let tried =
                lane.probes > 0 && started >= lane.paused_at && retry_at <= after(started, LONGEST);
            tried.then(|| probe_delay(lane.probes))
        });
    }

    /// Brings the next try of a row's lanes nearer, where it is to be.
    fn try_again(&mut self, row: &Row, wait: impl Fn(&Lane, DateTime<Utc>) -> Option<Duration>) {
        let of_row = |lane: &&Lane| lane.id == Lane::CREDENTIAL || lane.id == row.lane;
        let paused: Vec<Lane> = self.lanes.iter().filter(of_row).cloned().collect();
        for mut lane in paused {
            let Some(before) = lane.retry_at else { continue };
            let Some(sooner) = wait(&lane, before).map(|wait| self.after(wait)) else { continue };
            if sooner < before {
                lane.retry_at = Some(sooner);
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
