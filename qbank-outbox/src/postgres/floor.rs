//! Where the search for rows that are due begins.
//!
//! While any transaction of the database is open for long, no row that died since can be removed,
//! and each payment leaves several dead entries at the front of the index of what is due. Under
//! load they would all be read for each claim. So a claim begins where the last one that began at
//! the front found its first row; rows that come in before that are found by the next one that
//! begins at the front.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// A claim begins at the front this often, or where it finds less than it wants.
const AT_LEAST: Duration = Duration::from_secs(1);

/// A moment of the database's clock, and when it was found, by ours.
type Found = (DateTime<Utc>, Instant);

/// Shared by the clones of a store.
#[derive(Debug, Clone, Default)]
pub(super) struct Floor(Arc<Mutex<Option<Found>>>);

impl Floor {
    /// Where to begin, if not at the front.
    pub(super) fn get(&self) -> Option<DateTime<Utc>> {
        let floor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        floor.filter(|(_, since)| since.elapsed() < AT_LEAST).map(|(floor, _)| floor)
    }

    /// What a claim that began at the front found first.
    pub(super) fn set(&self, first: Option<DateTime<Utc>>) {
        let mut floor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *floor = first.map(|first| (first, Instant::now()));
    }
}
