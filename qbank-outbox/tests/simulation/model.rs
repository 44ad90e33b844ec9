//! A store in memory, as every store works: whole transactions, which may be lost, or whose
//! answer may be.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_outbox::{
    AttemptRow, Begun, Changes, Command, Evidence, Lane, Lease, Link, Record, Row, Snapshot, State,
    Turn, Turned, Wanted,
};

use super::Mutant;

/// All that is committed.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) intents: Vec<Record>,
    pub(super) rows: Vec<Row>,
    pub(super) attempts: Vec<AttemptRow>,
    pub(super) audit: Vec<Link>,
    lanes: BTreeMap<String, Lane>,
}

impl Model {
    pub(super) fn enqueue(&mut self, record: Record, now: DateTime<Utc>) {
        let id = i64::try_from(self.rows.len()).unwrap() + 1;
        let mut row = Row::new(id, record.lane(), now);
        if record.hold {
            row.state = State::Held;
            row.next_at = None;
        }
        self.rows.push(row);
        self.intents.push(record);
    }

    pub(super) fn row(&self, id: i64) -> &Row {
        &self.rows[usize::try_from(id - 1).unwrap()]
    }

    pub(super) fn intent(&self, id: i64) -> &Record {
        &self.intents[usize::try_from(id - 1).unwrap()]
    }

    pub(super) fn turn(
        &mut self,
        turn: &Turn,
        now: DateTime<Utc>,
        (mutant, wall): (Option<Mutant>, i64),
        fresh_key: impl FnMut() -> String,
    ) -> Turned {
        let mut turn = turn.clone();
        let mut begun = Vec::new();
        let mine = |lease: &Lease| self.row(lease.id).lease_token == Some(lease.token);
        match mutant {
            Some(Mutant::FencedEvidence) => turn.ended.retain(|ended| mine(&ended.lease)),
            Some(Mutant::FirstSentAfter) => {
                turn.begin.retain(mine);
                let n = |it: &Lease| self.row(it.id).sends + 1;
                let sent = |it| Begun { lease: it, n: n(&it), first_sent: None };
                begun = turn.begin.drain(..).map(sent).collect();
            }
            Some(Mutant::IgnoresKeyAge | Mutant::AgeByWorkersClock) => {
                turn.max_key_age = Duration::MAX;
            }
            Some(Mutant::ShortLease) => turn.lease /= 4,
            _ => {}
        }
        let snapshot = self.snapshot(&turn, now, mutant, fresh_key);
        let (changes, mut turned) = turn.apply(snapshot);
        turned.begun.extend(begun);
        if mutant == Some(Mutant::AgeByWorkersClock) {
            let wrong = Duration::from_millis(wall.unsigned_abs());
            for ago in turned.begun.iter_mut().filter_map(|it| it.first_sent.as_mut()) {
                *ago = if wall < 0 { ago.saturating_sub(wrong) } else { *ago + wrong };
            }
        }
        self.write(changes);
        turned
    }

    fn snapshot(
        &mut self,
        turn: &Turn,
        now: DateTime<Utc>,
        mutant: Option<Mutant>,
        mut fresh_key: impl FnMut() -> String,
    ) -> Snapshot {
        let mut rows: Vec<Row> =
            self.rows.iter().filter(|row| turn.rows().contains(&row.id)).cloned().collect();
        if mutant == Some(Mutant::NoFence) {
            let leases = turn.ended.iter().map(|it| it.lease);
            for lease in leases.chain(turn.begin.iter().chain(&turn.release).copied()) {
                for row in rows.iter_mut().filter(|row| row.id == lease.id) {
                    row.lease_token = Some(lease.token);
                    if turn.begin.contains(&lease) && row.state != State::Sending {
                        row.state = State::Claimed;
                    }
                }
            }
        }
        let recorded: HashSet<_> = turn
            .ended
            .iter()
            .filter_map(|ended| Some((ended.lease, ended.n?)))
            .filter(|(lease, n)| {
                let known = |it: &AttemptRow| {
                    it.outbox_id == lease.id && it.lease_token == lease.token && it.n == *n
                };
                self.attempts.iter().any(known)
            })
            .collect();
        let lanes: Vec<Lane> = self.lanes.values().cloned().collect();
        let wanted = turn.wants(&lanes, now);
        let taken: Vec<Row> =
            self.rows.iter().filter(|row| row.lease_token == Some(turn.token)).cloned().collect();
        let repeated = !taken.is_empty();
        let due = if repeated { taken } else { self.due(turn, &wanted, now, mutant) };
        let mut pairs = Vec::new();
        for row in due {
            if mutant == Some(Mutant::KeyAtClaim) && !repeated {
                let at = usize::try_from(row.id - 1).unwrap();
                self.intents[at].idempotency_key = fresh_key();
            }
            pairs.push((row.clone(), self.intent(row.id).clone()));
        }
        let later = |row: &&Row| row.next_at.is_some_and(|at| at > now);
        let of_no_lane = |row: &&Row| !wanted.without.contains(&row.lane);
        let (sent, seen): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().filter(later).partition(|row| row.state.is_open());
        Snapshot {
            now,
            rows,
            recorded,
            next_at: sent.into_iter().filter(of_no_lane).filter_map(|row| row.next_at).min(),
            next_look_at: seen.into_iter().filter_map(|row| row.next_at).min(),
            open: self.rows.iter().any(|row| row.state.is_open()),
            lanes,
            due: pairs,
            repeated,
        }
    }

    fn due(
        &self,
        turn: &Turn,
        wanted: &Wanted,
        now: DateTime<Utc>,
        mutant: Option<Mutant>,
    ) -> Vec<Row> {
        if turn.claim == 0 {
            return Vec::new();
        }
        let is_due = |row: &&Row| row.next_at.is_some_and(|at| at <= now);
        let mut due: Vec<Row> = Vec::new();
        let open = || self.rows.iter().filter(|row| row.state.is_open()).filter(is_due);
        for lane in &wanted.probes {
            due.extend(open().find(|row| row.lane == *lane).cloned());
        }
        due.extend(open().filter(|row| !wanted.without.contains(&row.lane)).cloned());
        let looks = self.rows.iter().filter(|row| row.state == State::Accepted).filter(is_due);
        due.extend(looks.cloned());
        if mutant == Some(Mutant::RetriesReconcile) {
            for row in self.rows.iter().filter(|row| row.state == State::Reconcile) {
                let mut again = row.clone();
                again.state = State::Resend;
                again.first_sent_at = Some(now);
                due.push(again);
            }
        }
        due.truncate(usize::try_from(wanted.rows).unwrap());
        due
    }

    fn write(&mut self, changes: Changes) {
        for row in changes.rows {
            let at = usize::try_from(row.id - 1).unwrap();
            self.rows[at] = row;
        }
        self.attempts.extend(changes.attempts);
        self.audit.extend(changes.audit);
        for id in changes.resumed {
            self.lanes.remove(&id);
        }
        for lane in changes.paused {
            self.lanes.insert(lane.id.clone(), lane);
        }
    }

    /// What an operator does; nothing where it is refused.
    pub(super) fn command(&mut self, id: i64, command: &Command, now: DateTime<Utc>) -> bool {
        let (row, intent) = (self.row(id).clone(), self.intent(id).clone());
        match command.apply(row, &intent, now) {
            Ok((_, changes)) => {
                self.write(changes);
                true
            }
            Err(_) => false,
        }
    }

    /// Changes the rows for which there is something to change.
    pub(super) fn apply(&mut self, what: impl Fn(&Row, &Record) -> Option<Changes>) {
        for at in 0..self.rows.len() {
            if let Some(changes) = what(&self.rows[at], &self.intents[at]) {
                self.write(changes);
            }
        }
    }

    pub(super) fn evidence(&self, id: i64) -> Evidence {
        Evidence {
            row: self.row(id).clone(),
            intent: self.intent(id).clone(),
            links: self.audit.iter().filter(|link| link.outbox_id == id).cloned().collect(),
            attempts: self.attempts.iter().filter(|it| it.outbox_id == id).cloned().collect(),
            read_at: DateTime::UNIX_EPOCH,
        }
    }
}
