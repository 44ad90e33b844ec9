//! Keeps secrets out of texts that a bank, a proxy or a transport wrote.

use std::collections::BinaryHeap;
use std::fmt::Write as _;

use crate::types::{BoxError, Message};

const HIDDEN: &str = "[secret]";

/// As much of a secret as may show.
const WINDOW: usize = 8;

/// What is shorter is no secret.
const SHORTEST: usize = 4;

/// As much of a bank's text as an error keeps.
const LONGEST_TEXT: usize = 2_000;

/// Replaces the secrets, any eight characters in a row of one, and either however it is
/// punctuated: `4417-9988-7766-5` and `4417 9988 7766 5` are the number 4417998877665.
pub(crate) fn redact(text: String, secrets: &[&str]) -> String {
    // Of each byte whether it is part of a secret.
    let mut hidden = vec![false; text.len()];
    for reads in [Spelling::AsWritten, Spelling::WithoutPunctuation] {
        let (places, letters): (Vec<_>, Vec<_>) =
            text.char_indices().filter(|(_, c)| reads.counts(*c)).unzip();
        let known: Vec<Vec<char>> = secrets
            .iter()
            .map(|secret| secret.chars().filter(|c| reads.counts(*c)).collect())
            .filter(|secret: &Vec<char>| secret.len() >= SHORTEST)
            .collect();
        // Fingerprints, sorted once: a long text and a long token stay linear. Two parts
        // with one fingerprint hide a little more.
        for length in SHORTEST..=WINDOW {
            let parts: BinaryHeap<u64> = known
                .iter()
                .filter(|secret| secret.len().min(WINDOW) == length)
                .flat_map(|secret| secret.windows(length).map(fingerprint))
                .collect();
            if parts.is_empty() {
                continue;
            }
            let parts = parts.into_sorted_vec();
            for (at, part) in letters.windows(length).enumerate() {
                if parts.binary_search(&fingerprint(part)).is_ok()
                    && let (Some(first), Some(last)) = (places.get(at), places.get(at + length - 1))
                {
                    let end = last + part.last().map_or(0, |c| c.len_utf8());
                    hidden.get_mut(*first..end).unwrap_or_default().fill(true);
                }
            }
        }
    }
    if hidden.contains(&true) { without(&text, &hidden) } else { text }
}

/// FNV-1a over the characters.
fn fingerprint(part: &[char]) -> u64 {
    part.iter().fold(0xcbf2_9ce4_8422_2325, |hash, c| {
        (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// How a text and a secret are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    AsWritten,
    WithoutPunctuation,
}

impl Spelling {
    fn counts(self, c: char) -> bool {
        self == Self::AsWritten || c.is_alphanumeric()
    }
}

/// The text with each run of hidden bytes replaced once.
fn without(text: &str, hidden: &[bool]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = false;
    for (at, c) in text.char_indices() {
        let is_hidden = hidden.get(at) == Some(&true);
        match (is_hidden, before) {
            (true, false) => shown.push_str(HIDDEN),
            (true, true) => {}
            (false, _) => shown.push(c),
        }
        before = is_hidden;
    }
    shown
}

/// The same for a text that an error keeps: of bounded length.
pub(crate) fn redact_bounded(mut text: String, secrets: &[&str]) -> String {
    if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(cut);
        text.push('…');
    }
    redact(text, secrets)
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
        for spelled in ["00-1234-5678", "0012 3456 78", "00.12.34.56.78", "0 0 1 2 3 4 5 6 7 8"] {
            assert_eq!(
                hidden(&format!("account {spelled} is closed")),
                "account [secret] is closed"
            );
        }
        assert_eq!(hidden("00123456 or 0012345678, too"), "[secret] or [secret], too");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["", "short", "a horse in a battery", "übergroße Zahlen: 1234 5", "[secret]"]
        {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_long_text_and_a_long_secret_take_linear_time() {
        // Every window of one against every window of the other would take minutes.
        let (token, text) = ("ab".repeat(30_000), "ba-".repeat(110_000));
        assert!(redact(text, &[&token]).starts_with(HIDDEN));
    }

    #[test]
    fn a_text_of_any_length_is_bounded() {
        let long = "é".repeat(1_000_000);
        assert_eq!(redact_bounded(long, &SECRETS).chars().count(), LONGEST_TEXT + 1);
    }
}
