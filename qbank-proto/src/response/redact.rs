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

/// Replaces secrets, any eight characters in a row of one, and either however it is
/// punctuated: `4417-9988-7766-5` and `4417 9988 7766 5` are the number 4417998877665.
///
/// Made once for all the texts of a response.
#[derive(Default)]
pub(crate) struct Redactor {
    parts: Vec<Parts>,
}

/// The parts of all secrets in one spelling and of one length, in characters.
struct Parts {
    spelling: Spelling,
    length: usize,
    /// Fingerprints, sorted once: a long text and a long token stay linear. Two parts with
    /// one fingerprint hide a little more.
    sorted: Vec<u64>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[&str]) -> Self {
        let mut parts = Vec::new();
        for spelling in [Spelling::AsWritten, Spelling::WithoutPunctuation] {
            let known: Vec<Vec<char>> = secrets
                .iter()
                .map(|secret| spelling.of(secret).map(|(_, c)| c).collect())
                .collect();
            for length in SHORTEST..=WINDOW {
                // A heap sort: 2 KB less of the npm package, gzipped, than a quick sort.
                let heap: BinaryHeap<u64> = known
                    .iter()
                    .filter(|secret| secret.len() >= SHORTEST && secret.len().min(WINDOW) == length)
                    .flat_map(|secret| secret.windows(length).map(fingerprint))
                    .collect();
                if !heap.is_empty() {
                    parts.push(Parts { spelling, length, sorted: heap.into_sorted_vec() });
                }
            }
        }
        Self { parts }
    }

    pub(crate) fn redact(&self, text: String) -> String {
        // Of each byte whether it is part of a secret.
        let mut hidden = vec![false; text.len()];
        for parts in self.parts.chunk_by(|one, next| one.spelling == next.spelling) {
            let Some(first) = parts.first() else { continue };
            let (places, letters): (Vec<_>, Vec<_>) = first.spelling.of(&text).unzip();
            for Parts { length, sorted, .. } in parts {
                for (at, part) in letters.windows(*length).enumerate() {
                    if sorted.binary_search(&fingerprint(part)).is_ok()
                        && let (Some(first), Some(last)) =
                            (places.get(at), places.get(at + length - 1))
                    {
                        let end = last + part.last().map_or(0, |c| c.len_utf8());
                        hidden.get_mut(*first..end).unwrap_or_default().fill(true);
                    }
                }
            }
        }
        if hidden.contains(&true) { without(&text, &hidden) } else { text }
    }

    /// The same for a text that an error keeps: of bounded length.
    pub(crate) fn bounded(&self, mut text: String) -> String {
        if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT) {
            text.truncate(cut);
            text.push('…');
        }
        self.redact(text)
    }

    /// An error as a source that repeats no secret: itself where nothing in its
    /// chain does, so that it can be downcast, and its redacted text otherwise.
    pub(crate) fn source(&self, source: BoxError) -> BoxError {
        let mut shown = String::new();
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
        while let Some(error) = next {
            // Writing to a string does not fail.
            let _ = write!(shown, "{error} {error:?} ");
            next = error.source();
        }
        if self.redact(shown.clone()) == shown {
            source
        } else {
            Box::new(Message::new(self.bounded(source.to_string())))
        }
    }
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
    /// The characters that count, and where they are. All that is not ASCII is punctuation:
    /// dashes, spaces and invisible characters lie in many places of Unicode.
    fn of(self, text: &str) -> impl Iterator<Item = (usize, char)> {
        text.char_indices()
            .filter(move |(_, c)| self == Self::AsWritten || c.is_ascii_alphanumeric())
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: [&str; 2] = ["correct-horse-battery", "00 1234 5678"];

    fn hidden(text: &str) -> String {
        Redactor::new(&SECRETS).redact(text.to_owned())
    }

    #[test]
    fn whole_secrets_and_parts_of_them_are_replaced() {
        assert_eq!(hidden("is correct-horse-battery wrong"), "is [secret] wrong");
        assert_eq!(hidden("starts correct-hor..."), "starts [secret]...");
        assert_eq!(hidden("ends rse-battery"), "ends [secret]");
        assert_eq!(hidden("correct-h, battery, t-horse-b"), "[secret], battery, [secret]");
        assert_eq!(hidden("number 0012345678"), "number [secret]");
        assert_eq!(hidden("correcthorsebattery"), "[secret]");
        for spelled in [
            "00-1234-5678",
            "0012 3456 78",
            "00.12.34.56.78",
            "0 0 1 2 3 4 5 6 7 8",
            "00\u{2013}1234\u{2212}5678",
            "0012\u{a0}3456\u{3000}78",
            "0012\u{ff0d}34\u{fffd}56\u{301}78",
            "00\u{ad}12\u{200b}34\u{feff}56\u{fe63}78",
        ] {
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
        assert!(Redactor::new(&[&token]).redact(text).starts_with(HIDDEN));
    }

    #[test]
    fn a_text_of_any_length_is_bounded() {
        let long = "é".repeat(1_000_000);
        assert_eq!(Redactor::new(&SECRETS).bounded(long).chars().count(), LONGEST_TEXT + 1);
    }
}
