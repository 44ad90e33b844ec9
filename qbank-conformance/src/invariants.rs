//! What holds in every scenario, whatever it expects.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Call, Log, Outcome, Party, Target, failure::shown, server::TOKEN_PREFIX};

/// Every invariant that was broken.
pub(crate) fn broken(target: &Target, call: &Call, outcome: &Outcome, log: &Log) -> Vec<String> {
    let mut broken = Vec::new();
    one_intent(outcome, log, &mut broken);
    every_request(log, &mut broken);
    first_send(call, outcome, log, &mut broken);
    if log.elsewhere_connections > 0 {
        broken.push(format!("nothing goes to another host: {}", log.elsewhere_connections));
    }
    // After this fate a caller may pay again. `PRI` is HTTP/2, of which the server reads no more.
    let received = log.api.iter().filter(|request| request.method != "PRI").count();
    if outcome.fate == "never_sent" && received > 0 {
        broken.push(format!("never sent means that no byte arrived, not {received} requests"));
    }
    if outcome.ok && outcome.kind.is_some() {
        broken.push("a value has no error kind".to_owned());
    }
    if !call.operation.is_write() && outcome.idempotency_key.is_some() {
        broken.push("a read has no key".to_owned());
    }
    for secret in secrets(target, call) {
        if shows(&outcome.message, &secret) {
            broken.push("no secret is in a message".to_owned());
        }
    }
    broken
}

/// One key and one body, however often they are sent.
fn one_intent(outcome: &Outcome, log: &Log, broken: &mut Vec<String>) {
    let mut keys: Vec<&str> = Vec::new();
    let mut bodies: Vec<&str> = Vec::new();
    // One that was cut short may hold a part of its key.
    for write in log.api.iter().filter(|request| request.method == "POST" && request.complete) {
        bodies.push(&write.body_sha256);
        match write.header("idempotency-key") {
            Some(key) => keys.push(key),
            None => broken.push("a write has a key".to_owned()),
        }
    }
    keys.dedup();
    bodies.dedup();
    if keys.len() > 1 || bodies.len() > 1 {
        broken.push(format!("one key and one body: keys {keys:?}, bodies {bodies:?}"));
    }
    let Some(key) = keys.first().copied() else {
        return;
    };
    if !is_key(key) {
        broken.push(format!("a key is a bare lower-case UUID v4, not {key}"));
    }
    if outcome.idempotency_key.as_deref() != Some(key) {
        let reported = shown(outcome.idempotency_key.as_deref());
        broken.push(format!("the result carries the key {key}, not {reported}"));
    }
}

fn every_request(log: &Log, broken: &mut Vec<String>) {
    // `PRI` is HTTP/2, of which the server reads no more.
    for request in log.api.iter().filter(|request| request.complete && request.method != "PRI") {
        if request.token().is_none() {
            broken.push(format!("{} {} has a bearer token", request.method, request.target));
        }
        if request.header("user-agent").is_none_or(str::is_empty) {
            broken.push(format!("{} {} has a user-agent", request.method, request.target));
        }
        if request.method == "POST" {
            let media = request.header("content-type").unwrap_or_default();
            if !media.starts_with("application/json") {
                broken.push(format!("a write is application/json, not {media:?}"));
            }
        } else if request.header("idempotency-key").is_some() {
            broken.push("a read carries no key".to_owned());
        }
    }
    for request in log.token.iter().filter(|request| request.complete) {
        let media = request.header("content-type").unwrap_or_default();
        if !media.starts_with("application/x-www-form-urlencoded") {
            broken.push(format!("a token request is a form, not {media:?}"));
        }
        if request.token().is_some() {
            broken.push("no token goes to the token endpoint".to_owned());
        }
    }
}

/// The result carries the moment of the first send.
fn first_send(call: &Call, outcome: &Outcome, log: &Log, broken: &mut Vec<String>) {
    let Some(reported) = outcome.first_sent_unix else {
        return;
    };
    if log.api.is_empty() && call.options.resume.is_none() {
        return;
    }
    let ago = call.options.resume.map_or(0, |resume| resume.first_sent_seconds_ago);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let off = now.saturating_sub(ago).abs_diff(reported);
    if off > 60 {
        broken.push(format!("the moment of the first send is right: {off} s off"));
    }
}

fn secrets(target: &Target, call: &Call) -> Vec<String> {
    let arguments = call.arguments();
    let account = |party: Option<Party>| party.map(|party| party.account_number);
    let mut secrets = vec![target.client_secret.clone(), TOKEN_PREFIX.to_owned()];
    secrets.extend(call.options.access_token.clone());
    secrets.extend(account(arguments.recipient_details));
    secrets.extend(account(arguments.beneficiary_details));
    secrets
}

/// Eight characters in a row of a secret are too many.
fn shows(message: &str, secret: &str) -> bool {
    let ends: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    let parts = ends.windows(9).filter_map(|it| secret.get(*it.first()?..*it.last()?));
    message.contains(secret) || parts.into_iter().any(|part| message.contains(part))
}

/// A hyphenated, lower-case UUID of version 4 and the RFC's variant.
fn is_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'4',
            19 => b"89ab".contains(byte),
            _ => b"0123456789abcdef".contains(byte),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_bare_lower_case_uuid_v4() {
        assert!(is_key("7f1d2c3b-0a4e-4c6d-8e9f-00112233aabb"));
        assert!(!is_key("7F1d2c3b-0a4e-4c6d-8e9f-00112233aabb"));
        assert!(!is_key("7f1d2c3b-0a4e-1c6d-8e9f-00112233aabb"));
        assert!(!is_key("\"7f1d2c3b-0a4e-4c6d-8e9f-00112233aab\""));
    }
}
