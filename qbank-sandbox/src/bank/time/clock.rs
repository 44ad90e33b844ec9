//! The bank's time: the outer world's, plus what was advanced.

use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use http::HeaderValue;

/// A little before the year 9999 ends: every moment the bank computes, batches
/// of the following days included, is still a date that can be written.
const LATEST: Duration = Duration::from_secs(253_370_764_800);

/// Never runs backwards, whatever the outer clock does: a final state that was
/// seen once must stay.
#[derive(Debug)]
pub(crate) struct Clock {
    now: Duration,
    advanced: Duration,
    date: (u64, HeaderValue),
}

impl Clock {
    pub(crate) fn new(start: Duration) -> Self {
        let now = start.min(LATEST);
        Self { now, advanced: Duration::ZERO, date: (now.as_secs(), http_date(now)) }
    }

    /// The bank's time at the last thing that happened.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Takes over the outer world's time.
    pub(crate) fn observe(&mut self, outer: Duration) {
        self.now = outer.saturating_add(self.advanced).min(LATEST).max(self.now);
    }

    pub(crate) fn advance(&mut self, outer: Duration, by: Duration) {
        self.observe(outer);
        self.advanced = self.advanced.saturating_add(by).min(LATEST);
        self.observe(outer);
    }

    /// The `Date` of a response, formatted once a second.
    pub(crate) fn date_header(&mut self) -> HeaderValue {
        let second = self.now.as_secs();
        if self.date.0 != second {
            self.date = (second, http_date(self.now));
        }
        self.date.1.clone()
    }
}

/// Audit fields: UTC with millisecond precision.
pub(crate) fn timestamp(moment: Duration) -> String {
    date_time(moment).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The calendar date (UTC) of a moment.
pub(crate) fn date(moment: Duration) -> NaiveDate {
    date_time(moment).date_naive()
}

/// The first multiple of `step` after `moment`.
pub(crate) fn next_boundary(moment: Duration, step: Duration) -> Duration {
    let step = step.as_secs().max(1);
    Duration::from_secs((moment.as_secs() / step).saturating_add(1).saturating_mul(step))
}

/// `hour` o'clock (UTC) on a day.
pub(crate) fn hour_of(day: NaiveDate, hour: u64) -> Duration {
    let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp();
    let midnight = u64::try_from(midnight).unwrap_or_default();
    Duration::from_secs(midnight.saturating_add(hour * 60 * 60))
}

fn date_time(moment: Duration) -> DateTime<Utc> {
    let seconds = i64::try_from(moment.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, moment.subsec_nanos()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn http_date(moment: Duration) -> HeaderValue {
    let text = httpdate::fmt_http_date(UNIX_EPOCH + moment);
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_runs_backwards() {
        let mut clock = Clock::new(Duration::from_secs(1_000));
        clock.observe(Duration::from_secs(900));
        assert_eq!(clock.now(), Duration::from_secs(1_000));
        clock.advance(Duration::from_secs(1_000), Duration::from_secs(50));
        assert_eq!(clock.now(), Duration::from_secs(1_050));
        clock.observe(Duration::from_secs(1_001));
        assert_eq!(clock.now(), Duration::from_secs(1_051));
    }

    #[test]
    fn no_moment_is_too_far_to_be_written() {
        let mut clock = Clock::new(Duration::MAX);
        clock.advance(Duration::MAX, Duration::MAX);
        let later = hour_of(date(clock.now()), 9);
        assert!(timestamp(later).starts_with("9999-"));
        assert!(!clock.date_header().is_empty());
    }

    #[test]
    fn a_boundary_is_always_in_the_future() {
        let quarter = Duration::from_secs(900);
        assert_eq!(next_boundary(Duration::from_secs(899), quarter), quarter);
        assert_eq!(next_boundary(quarter, quarter), 2 * quarter);
    }
}
