//! Compares what came of a call with what the scenario expects.

use std::{fmt::Display, time::Duration};

use serde_json::Value;

use crate::{Expect, ExpectedResult, Log, Outcome, ReceivedRequest, Wire, failure::shown};

/// What the client reports and should not, or the reverse.
pub(crate) fn outcome(expect: &Expect, outcome: &Outcome, elapsed: Duration) -> Vec<String> {
    let mut unmet = Unmet::default();
    if let Some(expected) = expect.outcome {
        let actual = if outcome.ok { ExpectedResult::Ok } else { ExpectedResult::Error };
        unmet.unless(expected == actual, || format!("a result {expected:?}, not {actual:?}"));
    }
    if let Some(kind) = &expect.kind {
        let actual = outcome.kind.as_deref().unwrap_or("none");
        unmet.unless(kind.allows(actual), || format!("kind {kind}, not {actual}"));
    }
    if let Some(fate) = &expect.fate {
        unmet.unless(fate.allows(&outcome.fate), || format!("fate {fate}, not {}", outcome.fate));
    }
    unmet.same("attempts", expect.attempts, outcome.attempts);
    unmet.same("followed", expect.followed, outcome.followed);
    unmet.optional("http_status", expect.http_status, outcome.http_status);
    unmet.optional("payment_id", text(&expect.payment_id), outcome.payment_id.as_deref());
    let id = text(&expect.transaction_id);
    unmet.optional("transaction_id", id, outcome.transaction_id.as_deref());
    unmet.optional("error_code", text(&expect.error_code), outcome.error_code.as_deref());
    unmet.optional("request_id", text(&expect.request_id), outcome.request_id.as_deref());
    unmet.optional("retry_after_s", expect.retry_after_s, outcome.retry_after_s);
    for part in &expect.message_contains {
        unmet.unless(part.within(&outcome.message), || format!("a message with {part}"));
    }
    for part in &expect.message_excludes {
        let within = outcome.message.to_lowercase().contains(&part.to_lowercase());
        unmet.unless(!within, || format!("a message without {part:?}"));
    }
    if let (Some(members), Some(value)) = (&expect.value, &outcome.value) {
        unmet.members("value", members, value);
    }
    unmet.took(expect, elapsed);
    unmet.0
}

/// What should have arrived and did not, or the reverse.
pub(crate) fn wire(expect: &Wire, log: &Log) -> Vec<String> {
    let mut unmet = Unmet::default();
    let writes: Vec<&ReceivedRequest> =
        log.api.iter().filter(|request| request.method == "POST").collect();
    unmet.same("api requests", expect.api_requests, log.api.len());
    unmet.same("writes", expect.writes, writes.len());
    unmet.same("token requests", expect.token_requests, log.token.len());
    unmet.same("connections", expect.connections, log.api_connections);
    unmet.same("requests elsewhere", expect.elsewhere_requests, log.elsewhere.len());
    unmet.list("tokens", expect.tokens.as_ref(), &log.api, |r| r.token().unwrap_or("none"));
    unmet.list("methods", expect.methods.as_ref(), &log.api, |r| &r.method);
    unmet.list("targets", expect.targets.as_ref(), &log.api, |request| {
        request.target.strip_prefix("/v1").unwrap_or(&request.target)
    });
    for after in &expect.fresh_connection_after {
        let pair = log.api.get(after.saturating_sub(1)).zip(log.api.get(*after));
        let fresh = pair.is_some_and(|(before, next)| before.connection != next.connection);
        unmet.unless(fresh, || format!("a fresh connection after request {after}"));
    }
    for write in writes {
        if let Some(key) = &expect.idempotency_key {
            let actual = write.header("idempotency-key");
            unmet.unless(actual == Some(key), || format!("key {key}, not {}", shown(actual)));
        }
        unmet.optional(
            "x-fapi-auth-date",
            text(&expect.auth_date),
            write.header("x-fapi-auth-date"),
        );
        if let Some(members) = &expect.body {
            let body = serde_json::from_str(&write.body).unwrap_or(Value::Null);
            unmet.members("the request's body", members, &body);
        }
    }
    for part in &expect.token_body_contains {
        let all = log.token.iter().all(|request| request.body.contains(part.as_str()));
        unmet.unless(all && !log.token.is_empty(), || format!("token requests with {part:?}"));
    }
    unmet.0
}

#[allow(clippy::option_option, clippy::ref_option)]
fn text(expected: &Option<Option<String>>) -> Option<Option<&str>> {
    expected.as_ref().map(Option::as_deref)
}

/// 2500, 2500.0 and 2500.00 are one number.
fn same(expected: &Value, found: &Value) -> bool {
    expected == found || expected.as_f64().is_some_and(|number| found.as_f64() == Some(number))
}

/// Expectations that were not met.
#[derive(Default)]
struct Unmet(Vec<String>);

impl Unmet {
    fn unless(&mut self, met: bool, expected: impl FnOnce() -> String) {
        if !met {
            self.0.push(format!("expected {}", expected()));
        }
    }

    fn same<T: PartialEq + Display + Copy>(&mut self, what: &str, expected: Option<T>, actual: T) {
        if let Some(expected) = expected {
            self.unless(expected == actual, || format!("{what} {expected}, not {actual}"));
        }
    }

    /// The outer `None` expects nothing, the inner one expects none.
    #[allow(clippy::option_option)]
    fn optional<T>(&mut self, what: &str, expected: Option<Option<T>>, actual: Option<T>)
    where
        T: PartialEq + Display,
    {
        if let Some(expected) = expected {
            let met = expected == actual;
            self.unless(met, || format!("{what} {}, not {}", shown(expected), shown(actual)));
        }
    }

    fn list<'a>(
        &mut self,
        what: &str,
        expected: Option<&Vec<String>>,
        requests: &'a [ReceivedRequest],
        of: impl Fn(&'a ReceivedRequest) -> &'a str,
    ) {
        let actual: Vec<&str> = requests.iter().map(of).collect();
        if let Some(expected) = expected {
            self.unless(*expected == actual, || format!("{what} {expected:?}, not {actual:?}"));
        }
    }

    fn members(&mut self, of: &str, expected: &serde_json::Map<String, Value>, actual: &Value) {
        for (pointer, expected) in expected {
            let found = actual.pointer(pointer).unwrap_or(&Value::Null);
            self.unless(same(expected, found), || {
                format!("{of} {pointer} {expected}, not {found}")
            });
        }
    }

    fn took(&mut self, expect: &Expect, elapsed: Duration) {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        if let Some(min) = expect.min_elapsed_ms {
            self.unless(ms >= min, || format!("at least {min} ms, not {ms}"));
        }
        if let Some(max) = expect.max_elapsed_ms {
            self.unless(ms <= max, || format!("at most {max} ms, not {ms}"));
        }
    }
}
