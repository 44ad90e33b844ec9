//! The ladder and the table once more, written down apart from the code.

use qbank_proto::FaultKind;

use crate::bed::*;

/// The rungs of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    NeverSent,
    Refused,
    Unknown,
    InProgress,
    Accepted,
}

impl Rung {
    pub fn name(self) -> &'static str {
        match self {
            Self::NeverSent => "never_sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::InProgress => "in_progress",
            Self::Accepted => "accepted",
        }
    }
}

/// Whether the table resends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    No,
    Yes,
    WritesOnly,
    WriteOnce,
    AfterRefresh,
}

/// A row of the table: what happens to an ACH payment, what it says of the
/// money, and whether it is resent.
#[derive(Debug, Clone)]
pub struct Row {
    pub act: Act,
    pub rung: Rung,
    pub again: Again,
}

pub fn rows() -> Vec<Row> {
    use FaultKind as F;
    let row = |act, rung, again| Row { act, rung, again };
    let mut rows = vec![
        row(breaks_unsent(F::Certificate), Rung::NeverSent, Again::No),
        row(breaks(F::Certificate), Rung::Unknown, Again::No),
        row(breaks_unsent(F::ClientCertificate), Rung::NeverSent, Again::No),
        row(breaks(F::Redirected), Rung::Unknown, Again::No),
        row(breaks(F::Aborted), Rung::Unknown, Again::No),
        row(lost(), Rung::Unknown, Again::Yes),
        row(breaks(F::BodyTooLarge), Rung::Unknown, Again::WriteOnce),
        row(cut_off(says(202), F::BodyTooLarge), Rung::Unknown, Again::WriteOnce),
        row(cut_off(says(202), F::Disconnected), Rung::Unknown, Again::Yes),
        row(cut_off(says(503), F::Disconnected), Rung::Unknown, Again::Yes),
        row(cut_off(says(400), F::Disconnected), Rung::Refused, Again::No),
        row(cut_off(says(409), F::Disconnected), Rung::InProgress, Again::No),
        row(cut_off(accepted(), F::Timeout), Rung::Accepted, Again::No),
        row(refuses(401), Rung::Refused, Again::AfterRefresh),
        row(refuses(409), Rung::Refused, Again::No),
        row(says(409), Rung::InProgress, Again::No),
        row(conflict(), Rung::InProgress, Again::No),
        row(says(202).body("<html>"), Rung::Unknown, Again::WritesOnly),
        row(says(200), Rung::Unknown, Again::WritesOnly),
        row(says(202), Rung::Accepted, Again::No),
        row(accepted(), Rung::Accepted, Again::No),
        row(accepted().body("{"), Rung::Accepted, Again::No),
    ];
    for kind in [F::Resolve, F::Connect, F::Tls, F::Disconnected, F::Other] {
        rows.push(row(breaks_unsent(kind), Rung::NeverSent, Again::Yes));
    }
    for kind in [F::Timeout, F::Disconnected, F::Protocol, F::Connect, F::Other] {
        rows.push(row(breaks(kind), Rung::Unknown, Again::Yes));
    }
    for status in [400, 402, 403, 404, 405, 422, 451] {
        rows.push(row(refuses(status), Rung::Refused, Again::No));
    }
    for status in [425, 429] {
        rows.push(row(refuses(status), Rung::Refused, Again::Yes));
    }
    for status in [408, 500, 501, 502, 503, 504, 505, 599] {
        rows.push(row(refuses(status), Rung::Unknown, Again::Yes));
    }
    for status in [100, 101, 300, 301, 302, 307, 308, 600] {
        rows.push(row(says(status), Rung::Unknown, Again::No));
    }
    rows
}

/// What a write comes to, by the join, and how often it is sent.
pub fn model(script: &[Row], max_retries: usize, resumed: bool) -> (Rung, usize) {
    let mut join = if resumed { Rung::Unknown } else { Rung::NeverSent };
    let (mut refreshed, mut oversized) = (false, false);
    for (sends, row) in (1..).zip(script) {
        join = join.max(row.rung);
        let again = match row.again {
            Again::No => false,
            Again::Yes | Again::WritesOnly => true,
            Again::WriteOnce => !std::mem::replace(&mut oversized, true),
            Again::AfterRefresh => !std::mem::replace(&mut refreshed, true),
        };
        if !again || sends > max_retries {
            return (join, sends);
        }
    }
    panic!("the script is too short");
}
