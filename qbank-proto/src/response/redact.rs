//! Keeps secrets out of texts that a bank, a proxy or a transport wrote.

use std::fmt::Write as _;

use crate::types::{BoxError, Message};

const HIDDEN: &str = "[secret]";

/// As much of a secret as may show.
const WINDOW: usize = 8;

/// As much of a bank's text as an error keeps.
const LONGEST_TEXT: usize = 2_000;

/// Replaces the secrets, any eight characters in a row of one, and either
/// without its punctuation.
pub(crate) fn redact(mut text: String, secrets: &[&str]) -> String {
    let bare: Vec<String> = secrets
        .iter()
        .map(|secret| secret.chars().filter(|c| c.is_alphanumeric()).collect())
        .collect();
    let all: Vec<&str> = secrets
        .iter()
        .copied()
        .chain(bare.iter().map(String::as_str))
        .filter(|secret| secret.len() >= 4)
        .collect();
    for secret in &all {
        if text.contains(secret) {
            text = text.replace(secret, HIDDEN);
        }
    }
    hide_parts(text, &all)
}

/// The same for a text that an error keeps: of bounded length.
pub(crate) fn redact_bounded(mut text: String, secrets: &[&str]) -> String {
    if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(cut);
        text.push('…');
    }
    redact(text, secrets)
}

fn hide_parts(text: String, secrets: &[&str]) -> String {
    let ends: Vec<usize> =
        text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len())).collect();
    let mut shown = String::new();
    // Everything before `done` is in `shown`; `hidden` is where a run of parts ends.
    let (mut done, mut hidden) = (0, None);
    for window in ends.windows(WINDOW + 1) {
        let (&[start, ..], &[.., end]) = (window, window) else { continue };
        let Some(part) = text.get(start..end) else { continue };
        if !secrets.iter().any(|secret| secret.contains(part)) {
            continue;
        }
        if hidden.is_none_or(|until| start > until) {
            shown.push_str(text.get(done.max(hidden.unwrap_or(0))..start).unwrap_or_default());
            shown.push_str(HIDDEN);
        }
        hidden = Some(end);
        done = end;
    }
    match hidden {
        None => text,
        Some(until) => {
            shown.push_str(text.get(until..).unwrap_or_default());
            shown
        }
    }
}

/// An error as a source that repeats no secret: itself where nothing in its
/// chain does, so that it can be downcast, and its redacted text otherwise.
pub(crate) fn redact_source(source: BoxError, secrets: &[&str]) -> BoxError {
    let mut shown = String::new();
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
    while let Some(error) = next {
        // Writing to a string does not fail.
        let _ = write!(shown, "{error} {error:?} ");
        next = error.source();
    }
    if redact(shown.clone(), secrets) == shown {
        source
    } else {
        Box::new(Message::new(redact_bounded(source.to_string(), secrets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: [&str; 2] = ["correct-horse-battery", "00 1234 5678"];

    fn hidden(text: &str) -> String {
        redact(text.to_owned(), &SECRETS)
    }

    #[test]
    fn whole_secrets_and_parts_of_them_are_replaced() {
        assert_eq!(hidden("is correct-horse-battery wrong"), "is [secret] wrong");
        assert_eq!(hidden("starts correct-hor..."), "starts [secret]...");
        assert_eq!(hidden("ends rse-battery"), "ends [secret]");
        assert_eq!(hidden("correct-h, battery, t-horse-b"), "[secret], battery, [secret]");
        assert_eq!(hidden("number 0012345678"), "number [secret]");
        assert_eq!(hidden("correcthorsebattery"), "[secret]");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["", "short", "a horse in a battery", "übergroße Zahlen: 1234 5", "[secret]"]
        {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_text_of_any_length_is_bounded() {
        let long = "é".repeat(1_000_000);
        assert_eq!(redact_bounded(long, &SECRETS).chars().count(), LONGEST_TEXT + 1);
    }
}
