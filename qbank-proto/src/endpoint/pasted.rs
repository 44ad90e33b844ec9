//! What people paste: texts that hold characters which do not show.

use crate::error::Error;
use crate::types::Secret;

/// Checks a name or a reference that the bank needs.
pub(super) fn needed_text(field: &str, text: &str) -> Result<(), Error> {
    if text.chars().all(|c| c.is_whitespace() || is_format(c)) {
        return Err(Error::invalid_input(field, "must not be empty"));
    }
    plain_text(field, text)
}

/// Checks a name or a reference: no control and no format characters.
pub(super) fn plain_text(field: &str, text: &str) -> Result<(), Error> {
    let Some(c) = text.chars().find(|c| c.is_control() || is_format(*c)) else { return Ok(()) };
    let kind = if c.is_control() { "control" } else { "format" };
    let rule = format!("must not have {kind} characters, and has {}", name(c));
    Err(Error::invalid_input(field, rule))
}

/// Checks an account number: printable ASCII, without a blank at either end. The number
/// itself is not shown.
pub(super) fn account_number(number: &Secret) -> Result<(), Error> {
    let (field, number) = ("account number", number.expose());
    if number.is_empty() {
        return Err(Error::invalid_input(field, "must not be empty"));
    }
    if let Some(c) = number.chars().find(|c| !matches!(c, ' '..='~')) {
        let rule = format!("must be printable ASCII, and has {}", name(c));
        return Err(Error::invalid_input(field, rule));
    }
    if number.starts_with(' ') || number.ends_with(' ') {
        return Err(Error::invalid_input(field, "must not begin or end with a blank"));
    }
    Ok(())
}

/// Such as `U+200B`.
fn name(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// Unicode's general category Cf, of version 16.
const fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(checked: Result<(), Error>) -> String {
        checked.unwrap_err().to_string()
    }

    #[test]
    fn an_account_number_with_an_invisible_character_is_refused_by_its_name() {
        for (number, rule) in [
            ("", "must not be empty"),
            ("0012\u{200b}345678", "must be printable ASCII, and has U+200B"),
            ("0012345678\u{a0}", "must be printable ASCII, and has U+00A0"),
            ("\u{ff10}012345678", "must be printable ASCII, and has U+FF10"),
            ("\u{202e}0012345678", "must be printable ASCII, and has U+202E"),
            ("0012345678\n", "must be printable ASCII, and has U+000A"),
            (" 0012345678", "must not begin or end with a blank"),
            ("0012345678 ", "must not begin or end with a blank"),
        ] {
            let error = account_number(&Secret::new(number)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("account number {rule}")), "{error}");
            assert_eq!(error.input_field(), Some("account number"));
            assert!(!format!("{error} {error:?}").contains("12345"), "{error}");
        }
        for number in ["0012345678", "00-1234 5678/9"] {
            assert!(account_number(&Secret::new(number)).is_ok());
        }
    }

    #[test]
    fn a_name_has_no_character_that_does_not_show() {
        for empty in ["", " ", "\u{200b}", "\u{feff} \u{2060}\u{a0}"] {
            assert!(refused(needed_text("name", empty)).starts_with("name must not be empty"));
        }
        for (text, shown) in
            [("AC\u{200b}ME", "U+200B"), ("AC\nME", "U+000A"), ("A\u{85}", "U+0085")]
        {
            assert!(refused(needed_text("name", text)).contains(shown), "{text}");
        }
        for text in ["ACME", "Müller & Söhne", "株式会社", "O\u{2019}Neill"] {
            assert!(needed_text("name", text).is_ok(), "{text}");
        }
        assert!(plain_text("reference", "").is_ok());
    }

    proptest! {
        #[test]
        fn the_table_is_that_of_unicode(format in "\\p{Cf}", other in "[^\\p{Cf}]") {
            prop_assert!(format.chars().all(is_format));
            prop_assert!(!other.chars().any(is_format));
        }
    }
}
