//! A scenario that was not met, with all that is needed to understand it without another run.

use std::fmt;

use crate::{Log, Outcome, ReceivedRequest};

/// What was not as expected.
#[derive(Debug)]
pub struct Failure {
    /// The scenario's name.
    pub scenario: String,
    /// The row or paragraph that it proves.
    pub row: String,
    /// The transport's name.
    pub transport: String,
    /// Each expectation that was not met.
    pub unmet: Vec<String>,
    /// What the client reported.
    pub outcome: Outcome,
    /// The requests that the server received.
    pub log: Log,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} over {}", self.scenario, self.transport)?;
        writeln!(f, "  proves: {}", self.row)?;
        for unmet in &self.unmet {
            writeln!(f, "  - {unmet}")?;
        }
        self.client(f)?;
        writeln!(f, "  on the wire:")?;
        for (place, requests) in
            [("token", &self.log.token), ("api", &self.log.api), ("ELSEWHERE", &self.log.elsewhere)]
        {
            for request in requests {
                line(f, place, request)?;
            }
        }
        write!(f, "    {} connections to the api", self.log.api_connections)
    }
}

impl Failure {
    fn client(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { ok, kind, fate, http_status, attempts, followed, message, .. } =
            &self.outcome;
        let result = if *ok { "a value" } else { kind.as_deref().unwrap_or("an error, no kind") };
        write!(
            f,
            "  the client reported: {result}, {fate}, status {}",
            shown(http_status.as_ref())
        )?;
        write!(f, ", {attempts} attempts{}", if *followed { ", followed" } else { "" })?;
        for (name, value) in [
            ("payment", &self.outcome.payment_id),
            ("transaction", &self.outcome.transaction_id),
            ("code", &self.outcome.error_code),
            ("request", &self.outcome.request_id),
            ("key", &self.outcome.idempotency_key),
        ] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        writeln!(f, "\n    {message:?}")
    }
}

fn line(f: &mut fmt::Formatter<'_>, place: &str, request: &ReceivedRequest) -> fmt::Result {
    let part = if request.complete { "" } else { " (cut short)" };
    write!(f, "    {place} {} {}{part}", request.method, request.target)?;
    write!(f, ", connection {}", request.connection)?;
    if place != "token" {
        write!(f, ", token {}", shown(request.token()))?;
        write!(f, ", key {}", shown(request.header("idempotency-key")))?;
        write!(f, ", body {}", request.body_sha256.get(..8).unwrap_or("none"))?;
    }
    writeln!(f)
}

/// The value, or "none".
pub(crate) fn shown<T: fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}
