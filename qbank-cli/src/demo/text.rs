//! How the demo writes what it shows.

use std::fmt;
use std::time::Duration;

use qbank_proto::IdempotencyKey;

use crate::failure::Failure;
use crate::output::print;

/// Ids cut to their first part: enough to tell them apart.
pub(super) fn short_path(path: &str) -> String {
    let part = |part: &str| match part.get(..8) {
        Some(start) if part.len() == 36 => format!("{start}…"),
        _ => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The first bytes of a digest: enough to tell bodies apart.
pub(super) struct Digest<'a>(pub(super) &'a [u8]);

impl fmt::Display for Digest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

pub(super) fn shown(key: Option<IdempotencyKey>) -> String {
    key.map(|key| key.to_string()).unwrap_or_default()
}

pub(super) fn human(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "no time".to_owned(),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

pub(super) fn title(text: &str) {
    print(&format!("\n{text}"));
}

pub(super) fn check(holds: bool, claim: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(does_not_hold(claim)) }
}

pub(super) fn does_not_hold(claim: &str) -> Failure {
    Failure::Local(format!("this does not hold: {claim}"))
}
