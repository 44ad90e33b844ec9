//! Values as people and spreadsheets write them. No message repeats a value.

use chrono::NaiveDate;
use qbank_proto::{AccountId, Amount, RoutingNumber, RoutingNumberError, parse_day};

const AS_TEXT: &str = "format the column as text, and enter the value again";

/// What a spreadsheet made of a value that is an id or digits.
pub(crate) fn damage(text: &str) -> Result<(), String> {
    unreadable(text)?;
    if text.starts_with("=\"") {
        return Err(format!("a spreadsheet's formula stands here instead of a value: {AS_TEXT}"));
    }
    if text.starts_with('\'') {
        return Err("an apostrophe stands before the value, by which a spreadsheet marks a \
                    text: take it away"
            .to_owned());
    }
    Ok(())
}

/// What a spreadsheet made of any value, so that nobody can tell what it was.
pub(crate) fn unreadable(text: &str) -> Result<(), String> {
    if is_scientific(text) {
        return Err(format!("a spreadsheet wrote this as a number: {AS_TEXT}"));
    }
    // A column that is too narrow shows only these.
    let is_narrow = text.len() > 2 && text.bytes().all(|byte| byte == b'#');
    if is_narrow || ERRORS.contains(&text) {
        return Err("a spreadsheet's error stands here instead of a value".to_owned());
    }
    Ok(())
}

const ERRORS: [&str; 8] =
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"];

/// Such as `1.23E+11`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let signed = exponent.strip_prefix('+').or_else(|| exponent.strip_prefix('-'));
    digits(whole) && digits(fraction) && signed.is_some_and(digits)
}

fn no_blanks(text: &str) -> Result<(), String> {
    if text.trim() == text {
        Ok(())
    } else {
        Err("has a blank before or after it: take it away".to_owned())
    }
}

/// The payer's own id, which becomes the intent's.
pub(crate) fn payment_id(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is missing: each payment needs an id of its own".to_owned());
    }
    no_blanks(text)?;
    damage(text)?;
    if text.len() > MOST_ID_BYTES {
        return Err(format!("must have at most {MOST_ID_BYTES} bytes"));
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        let code = u32::from(c);
        return Err(format!("must not have control characters, and has U+{code:04X}"));
    }
    Ok(())
}

/// What the outbox takes.
pub(crate) const MOST_ID_BYTES: usize = 200;

pub(crate) fn account_id(text: &str) -> Result<AccountId, String> {
    no_blanks(text)?;
    text.parse().map_err(|error: qbank_proto::IdError| error.to_string())
}

pub(crate) fn routing_number(text: &str) -> Result<RoutingNumber, String> {
    if text.trim().is_empty() {
        return Err("is missing".to_owned());
    }
    no_blanks(text)?;
    damage(text)?;
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")).unwrap_or(text);
    if whole != text && whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("a spreadsheet wrote this as a number: {AS_TEXT}"));
    }
    text.parse().map_err(|error| match error {
        RoutingNumberError::NotNineDigits
            if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            "a leading zero is missing, as spreadsheets drop it: a routing number has nine \
             digits"
                .to_owned()
        }
        error => error.to_string(),
    })
}

/// Beyond what the request itself checks.
pub(crate) fn account_number(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is missing".to_owned());
    }
    damage(text)?;
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if whole != text && whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("a spreadsheet wrote this as a number: {AS_TEXT}"));
    }
    Ok(())
}

/// Dollars as a person types them.
pub(crate) fn amount(text: &str) -> Result<Amount, String> {
    if text.trim().is_empty() {
        return Err("is missing".to_owned());
    }
    no_blanks(text)?;
    damage(text)?;
    let error = match text.parse::<Amount>() {
        Ok(amount) => return Ok(amount),
        Err(error) => error,
    };
    if text.starts_with('$') || text.ends_with('$') || text.contains("USD") {
        return Err("has a currency sign: write digits alone, such as 1234.50".to_owned());
    }
    if text.starts_with('(') && text.ends_with(')') {
        return Err("is negative, as accountants write it: an amount is more than zero".to_owned());
    }
    if let Some((_, after)) = text.rsplit_once(',') {
        let decimals = after.len() <= 2 && !text.contains('.');
        return Err(if decimals {
            "has a decimal comma: write a point, such as 1234.50".to_owned()
        } else {
            "has a separator of thousands: write 1234.50".to_owned()
        });
    }
    Err(error.to_string())
}

/// A day, in the one form that is read the same everywhere.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    no_blanks(text)?;
    damage(text)?;
    if text.len() == 10
        && let Some(day) = parse_day(text)
    {
        return Ok(day);
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    Err(if text.contains('/') || text.contains('.') {
        "is a date that is read differently in different countries: write 2026-01-31".to_owned()
    } else if text.len() == 5 && digits(text) {
        "a spreadsheet wrote this as the number of a day: write 2026-01-31".to_owned()
    } else if text.len() > 10 && text.get(..10).and_then(parse_day).is_some() {
        "has a time of the day: write the day alone, such as 2026-01-31".to_owned()
    } else {
        "must be a day of the calendar such as 2026-01-31".to_owned()
    })
}
