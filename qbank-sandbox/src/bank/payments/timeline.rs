//! When a payment is where.
//!
//! ```text
//!  ACH   P_CREATED ─► P_VALIDATED ─► P_SUBMITTED_TO_CORE ─► P_PROCESSING ─► P_COMPLETED
//!           │  200 ms     next quarter hour     17:00, a bank day │   09:00, the settlement day
//!           └─► P_FAILED, by validation                           └─► P_FAILED, by the core, 18:00
//!
//!  wire  P_COMPLETED at once, or P_FAILED at once
//! ```
//! All times are UTC. The settlement day is the first bank day after the one on
//! which the core took the batch, or the first from the payment's effective date
//! on, whichever is later; the core takes it on the bank day before. The
//! whole timeline is decided when a payment is made, so its state follows from the clock;
//! only a rejection cuts it short.

use std::time::Duration;

use chrono::NaiveDate;
use serde::Serialize;

use crate::bank::time::{bank_day_after, bank_day_before, bank_day_from};
use crate::bank::time::{date, hour_of, next_boundary};

/// How long the checks of schema and funds take.
const VALIDATION: Duration = Duration::from_millis(200);
/// How often a batch file is placed.
const BATCH: Duration = Duration::from_secs(15 * 60);
/// When the core takes the day's batches.
const END_OF_DAY: u64 = 17;
/// When the core has rejected those it rejects, on the same day.
const DECISION: u64 = 18;
/// When the core has settled the others, on the settlement day.
const SETTLEMENT: u64 = 9;

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum PaymentStatus {
    /// Received.
    #[serde(rename = "P_CREATED")]
    Created,
    /// Schema and funds are checked.
    #[serde(rename = "P_VALIDATED")]
    Validated,
    /// The batch file is placed.
    #[serde(rename = "P_SUBMITTED_TO_CORE")]
    SubmittedToCore,
    /// The core took it.
    #[serde(rename = "P_PROCESSING")]
    Processing,
    /// Settled. Final.
    #[serde(rename = "P_COMPLETED")]
    Completed,
    /// Rejected by validation or by the core. Final.
    #[serde(rename = "P_FAILED")]
    Failed,
}

impl PaymentStatus {
    pub(crate) const ALL: [Self; 6] = [
        Self::Created,
        Self::Validated,
        Self::SubmittedToCore,
        Self::Processing,
        Self::Completed,
        Self::Failed,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "P_CREATED",
            Self::Validated => "P_VALIDATED",
            Self::SubmittedToCore => "P_SUBMITTED_TO_CORE",
            Self::Processing => "P_PROCESSING",
            Self::Completed => "P_COMPLETED",
            Self::Failed => "P_FAILED",
        }
    }

    /// Whether the payment stays so for good.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// When a payment reaches each of its states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    created: Duration,
    validated: Duration,
    submitted: Duration,
    processing: Duration,
    settled: Duration,
    failed: Option<Duration>,
}

impl Timeline {
    pub(crate) fn of_ach(created: Duration, effective: Option<NaiveDate>) -> Self {
        let validated = created.saturating_add(VALIDATION);
        let submitted = next_boundary(validated, BATCH);
        let settles = settlement_day(submitted, effective);
        let processing = hour_of(bank_day_before(settles), END_OF_DAY);
        let settled = hour_of(settles, SETTLEMENT);
        Self { created, validated, submitted, processing, settled, failed: None }
    }

    pub(crate) fn at_once(now: Duration) -> Self {
        Self {
            created: now,
            validated: now,
            submitted: now,
            processing: now,
            settled: now,
            failed: None,
        }
    }

    /// It ends here, unless it has ended before.
    pub(crate) fn fail(&mut self, at: Duration) {
        self.failed.get_or_insert(at);
    }

    /// The state at `now`, and since when.
    pub(crate) fn at(&self, now: Duration) -> (PaymentStatus, Duration) {
        self.moments()
            .into_iter()
            .rev()
            .flatten()
            .find(|(_, since)| *since <= now)
            .unwrap_or((PaymentStatus::Created, self.created))
    }

    /// Every state that it reaches, in order; what a failure cut off is not there.
    pub(crate) fn moments(&self) -> [Option<(PaymentStatus, Duration)>; 6] {
        let before = |status, at: Duration| {
            self.failed.is_none_or(|failed| at < failed).then_some((status, at))
        };
        [
            Some((PaymentStatus::Created, self.created)),
            before(PaymentStatus::Validated, self.validated),
            before(PaymentStatus::SubmittedToCore, self.submitted),
            before(PaymentStatus::Processing, self.processing),
            before(PaymentStatus::Completed, self.settled),
            self.failed.map(|at| (PaymentStatus::Failed, at)),
        ]
    }

    pub(crate) fn is_final(&self, now: Duration) -> bool {
        self.settled <= now || self.failed.is_some_and(|at| at <= now)
    }

    pub(crate) fn created(&self) -> Duration {
        self.created
    }

    pub(crate) fn validated(&self) -> Duration {
        self.validated
    }

    /// When the core rejects it, if it does.
    pub(crate) fn decision(&self) -> Duration {
        hour_of(date(self.processing), DECISION)
    }

    /// When it settles unless it fails.
    pub(crate) fn settled(&self) -> Duration {
        self.settled
    }

    pub(crate) fn failed(&self) -> Option<Duration> {
        self.failed
    }
}

/// The first bank day on which a batch that was placed then can settle.
fn settlement_day(submitted: Duration, effective: Option<NaiveDate>) -> NaiveDate {
    let day = date(submitted);
    let taken = bank_day_from(day);
    // After the end of the core's day the next day takes it.
    let late = taken == day && submitted >= hour_of(day, END_OF_DAY);
    let taken = if late { bank_day_after(day) } else { taken };
    let soonest = bank_day_after(taken);
    effective.map_or(soonest, |date| bank_day_from(date).max(soonest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::time::timestamp;

    fn moment(text: &str) -> Duration {
        let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
        Duration::from_secs(u64::try_from(time.timestamp()).unwrap())
    }

    #[track_caller]
    fn settles(created: &str, effective: Option<&str>, processing: &str, settled: &str) {
        let effective = effective.map(|date| date.parse().unwrap());
        let timeline = Timeline::of_ach(moment(created), effective);
        assert_eq!(timestamp(timeline.processing), format!("{processing}T17:00:00.000Z"));
        assert_eq!(timestamp(timeline.settled), format!("{settled}T09:00:00.000Z"));
    }

    #[test]
    fn it_settles_on_the_next_bank_day() {
        settles("2026-01-05T14:00:00Z", None, "2026-01-05", "2026-01-06");
        // The batch that carries it is placed after the core's day.
        settles("2026-01-05T16:50:00Z", None, "2026-01-06", "2026-01-07");
        settles("2026-01-05T23:59:00Z", None, "2026-01-06", "2026-01-07");
        // Friday, Saturday, Sunday.
        settles("2026-01-09T14:00:00Z", None, "2026-01-09", "2026-01-12");
        settles("2026-01-09T18:00:00Z", None, "2026-01-12", "2026-01-13");
        settles("2026-01-10T03:00:00Z", None, "2026-01-12", "2026-01-13");
        // Martin Luther King Jr. Day is the Monday.
        settles("2026-01-16T14:00:00Z", None, "2026-01-16", "2026-01-20");
        settles("2026-01-19T14:00:00Z", None, "2026-01-20", "2026-01-21");
        // July 4, 2026 is a Saturday: Friday is a bank day. In 2027 it is a Sunday.
        settles("2026-07-02T14:00:00Z", None, "2026-07-02", "2026-07-03");
        settles("2027-07-02T14:00:00Z", None, "2027-07-02", "2027-07-06");
    }

    #[test]
    fn it_does_not_settle_before_its_effective_date() {
        let monday = "2026-01-05T14:00:00Z";
        settles(monday, Some("2025-01-01"), "2026-01-05", "2026-01-06");
        settles(monday, Some("2026-01-05"), "2026-01-05", "2026-01-06");
        settles(monday, Some("2026-01-08"), "2026-01-07", "2026-01-08");
        // A Sunday before a holiday.
        settles(monday, Some("2026-01-18"), "2026-01-16", "2026-01-20");
    }

    #[test]
    fn no_date_is_too_far_for_a_timeline() {
        let timeline = Timeline::of_ach(Duration::from_secs(253_370_764_800), None);
        assert!(timeline.settled > timeline.submitted);
        let far = NaiveDate::MAX;
        let timeline = Timeline::of_ach(Duration::ZERO, Some(far));
        assert!(!timeline.is_final(Duration::from_secs(253_370_764_800)));
    }
}
