//! One send of an intent, and all of them in their order.

use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use http::StatusCode;

use crate::types::{Fate, FaultKind};

/// What one send of the intent came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// When it was sent, by the wall clock.
    pub at: DateTime<Utc>,
    /// The status that came back, if one did.
    pub status: Option<StatusCode>,
    /// What broke, if something did.
    pub fault: Option<FaultKind>,
    /// What this attempt alone says of the money.
    pub fate: Fate,
}

/// The sends of one intent in their order: a slice of [`Attempt`]s. The first, which is
/// mostly the only one, takes no memory of its own.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AttemptList {
    only: Option<Attempt>,
    several: Vec<Attempt>,
}

impl AttemptList {
    pub(crate) fn push(&mut self, attempt: Attempt) {
        if self.is_empty() {
            self.only = Some(attempt);
        } else {
            self.several.extend(self.only.take());
            self.several.push(attempt);
        }
    }
}

impl Attempt {
    /// A send at this moment that had this fate alone.
    pub const fn new(at: DateTime<Utc>, fate: Fate) -> Self {
        Self { at, status: None, fault: None, fate }
    }
}

/// What came of it, such as `503: unknown`; of a response that broke off both.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(f, "{}: ", status.as_u16())?;
        }
        if let Some(fault) = self.fault {
            write!(f, "{fault}: ")?;
        }
        self.fate.fmt(f)
    }
}

impl FromIterator<Attempt> for AttemptList {
    fn from_iter<I: IntoIterator<Item = Attempt>>(attempts: I) -> Self {
        let mut list = Self::default();
        attempts.into_iter().for_each(|attempt| list.push(attempt));
        list
    }
}

impl Deref for AttemptList {
    type Target = [Attempt];

    fn deref(&self) -> &[Attempt] {
        if self.only.is_some() { self.only.as_slice() } else { &self.several }
    }
}

impl<'a> IntoIterator for &'a AttemptList {
    type Item = &'a Attempt;
    type IntoIter = std::slice::Iter<'a, Attempt>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for AttemptList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
