//! The descriptions of transactions: what kind of payment, and the payer's reference.

use std::borrow::Cow;

use crate::bank::ledger::LedgerEntry;

/// So many characters of a reference are passed on, as in an ACH addenda record.
const LONGEST_REFERENCE: usize = 80;

/// A reference on one line: letters, digits and ASCII punctuation, single blanks between.
pub(super) fn text(reference: &str) -> Option<Box<str>> {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_punctuation();
    let mut plain = String::new();
    for word in reference.split(|c| !is_plain(c)).filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    if let Some((end, _)) = plain.char_indices().nth(LONGEST_REFERENCE) {
        plain.truncate(end);
    }
    let plain = plain.trim_end();
    (!plain.is_empty()).then(|| plain.into())
}

/// What happened, and the reference of the entry if it has one.
pub(super) fn with_reference<'a>(what: &'a str, entry: &LedgerEntry) -> Cow<'a, str> {
    match &entry.reference {
        Some(reference) => format!("{what} {reference}").into(),
        None => what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_reference_is_bounded_and_on_one_line() {
        for (reference, shown) in [
            ("INV-7", "INV-7"),
            ("  Rent\r\n\u{202e}May\u{0}  2026 ", "Rent May 2026"),
            ("Müller & Söhne", "Müller & Söhne"),
        ] {
            assert_eq!(text(reference).as_deref(), Some(shown), "{reference:?}");
        }
        assert_eq!(text("\u{200b} \t"), None);
        assert_eq!(text(&"ü".repeat(140)).unwrap().chars().count(), 80);
        assert_eq!(text(&format!("{} b", "a".repeat(79))).as_deref(), Some(&*"a".repeat(79)));
    }
}
