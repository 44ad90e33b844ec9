//! The shapes of the documents that scripts rely on.

use serde_json::Value;

const SUCCESS: [&str; 6] =
    ["result", "status", "attempts", "fate", "idempotency_key", "followed_conflict"];

const KINDS: [&str; 16] = [
    "invalid_request",
    "unauthenticated",
    "permission_denied",
    "not_found",
    "request_timeout",
    "idempotency_conflict",
    "conflict",
    "rate_limited",
    "server",
    "unavailable",
    "unexpected_response",
    "transport",
    "deadline_exceeded",
    "payment_failed",
    "invalid_input",
    "invalid_signature",
];

const FAILED_FATES: [&str; 5] =
    ["never_sent", "refused", "in_progress", "unknown", "not_applicable"];

/// A success document with exactly its members; gives the result.
#[track_caller]
pub(crate) fn success(document: &Value) -> &Value {
    assert_members(document, &SUCCESS);
    assert!(document["status"].is_null() || document["status"].is_u64());
    assert!(document["attempts"].is_u64(), "{document}");
    assert!(document["fate"].is_string(), "{document}");
    assert!(or_null(&document["idempotency_key"], is_uuid), "{document}");
    assert!(document["followed_conflict"].is_boolean(), "{document}");
    &document["result"]
}

type Holds<'a> = &'a dyn Fn(&Value) -> bool;

/// Every member, each of its type.
#[track_caller]
pub(crate) fn assert_error(document: &Value) {
    assert_members(document, &["error"]);
    let error = &document["error"];
    let text = |value: &Value| value.is_string();
    let rules: [(&str, Holds<'_>); 13] = [
        ("kind", &|it| KINDS.iter().any(|kind| it == kind)),
        ("fate", &|it| FAILED_FATES.iter().any(|fate| it == fate)),
        ("message", &|it| it.as_str().is_some_and(|it| !it.is_empty())),
        ("http_status", &|it| or_null(it, Value::is_u64)),
        ("error_code", &|it| or_null(it, text)),
        ("request_id", &|it| or_null(it, is_uuid)),
        ("title", &|it| or_null(it, text)),
        ("detail", &|it| or_null(it, text)),
        ("transaction_id", &|it| or_null(it, is_uuid)),
        ("idempotency_key", &|it| or_null(it, is_uuid)),
        ("first_sent", &|it| or_null(it, is_moment)),
        ("attempts", &Value::is_u64),
        ("retry_after_s", &|it| or_null(it, Value::is_u64)),
    ];
    for (name, holds) in rules {
        let value = error.get(name).unwrap_or_else(|| panic!("{name}: {error}"));
        assert!(holds(value), "{name}: {error}");
    }
    let sometimes =
        ["payment", "offset", "rows"].iter().filter(|it| error.get(it).is_some()).count();
    let count = error.as_object().map(serde_json::Map::len);
    assert_eq!(count, Some(rules.len() + sometimes), "{error}");
}

/// Exactly these, in any order.
#[track_caller]
pub(crate) fn assert_members(object: &Value, names: &[&str]) {
    let mut found: Vec<&str> = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"))
        .keys()
        .map(String::as_str)
        .collect();
    let mut names = names.to_vec();
    found.sort_unstable();
    names.sort_unstable();
    assert_eq!(found, names, "{object}");
}

pub(crate) fn or_null(value: &Value, holds: impl Fn(&Value) -> bool) -> bool {
    value.is_null() || holds(value)
}

pub(crate) fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 36
            && text.char_indices().all(|(at, c)| match at {
                8 | 13 | 18 | 23 => c == '-',
                _ => matches!(c, '0'..='9' | 'a'..='f'),
            })
    })
}

/// RFC 3339, UTC.
pub(crate) fn is_moment(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.ends_with('Z') && qbank_blocking::chrono::DateTime::parse_from_rfc3339(text).is_ok()
    })
}
