//! Amounts, against exact decimal arithmetic written down a second time.

use qbank_proto::{Amount, AmountError, Money};
use serde_json::value::RawValue;

/// Any text is the amount that exact decimal arithmetic says, or the error that
/// fits; what was read is written and read again as itself.
pub fn amount(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let expected = oracle(text);
    let money = text.parse::<Money>();
    assert_eq!(money.map(Money::cents), expected, "{text}");

    let exponent = text.contains(['e', 'E']);
    let payable = match expected {
        _ if exponent => Err(AmountError::NotANumber),
        Ok(cents) if cents <= 0 => Err(AmountError::NotPositive),
        other => other,
    };
    assert_eq!(text.parse::<Amount>().map(Amount::cents), payable, "{text}");

    let Ok(money) = money else { return };
    let written = money.to_string();
    assert_eq!(written.parse(), Ok(money), "{written}");
    assert_eq!(serde_json::to_string(&money).unwrap(), written);
    // As JSON: the number itself, and a string that holds it.
    assert_eq!(serde_json::from_str::<Money>(text).unwrap(), money);
    assert_eq!(serde_json::from_str::<Money>(&format!("\"{text}\"")).unwrap(), money);
    let (dollars, cents) = written.split_once('.').unwrap();
    assert!(cents.len() == 2 && !dollars.is_empty(), "{written}");
}

/// Cents, by way of the shortest coefficient and its power of ten.
fn oracle(text: &str) -> Result<i64, AmountError> {
    // serde_json knows what a JSON number is.
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
    if !is_number {
        return Err(AmountError::NotANumber);
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = clamped(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let negative = whole.starts_with('-');
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let coefficient = all.trim_start_matches('0').trim_end_matches('0');
    if coefficient.is_empty() {
        return Ok(0);
    }
    let trailing = all.len() - all.trim_end_matches('0').len();
    let power =
        exponent - i128::try_from(fraction.len()).unwrap() + i128::try_from(trailing).unwrap() + 2;
    if power < 0 {
        return Err(AmountError::TooPrecise);
    }
    // The longest in range has 19 digits.
    let digits = i128::try_from(coefficient.len()).unwrap() + power;
    if digits > 19 {
        return Err(AmountError::OutOfRange);
    }
    let size = coefficient.parse::<i128>().unwrap() * 10_i128.pow(u32::try_from(power).unwrap());
    i64::try_from(if negative { -size } else { size }).map_err(|_| AmountError::OutOfRange)
}

/// No input is long enough to tell one exponent beyond this from another.
fn clamped(exponent: &str) -> i128 {
    const FAR: i128 = 1 << 60;
    let (negative, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, exponent.trim_start_matches('+')),
    };
    let digits = digits.trim_start_matches('0');
    let size = if digits.len() > 18 { FAR } else { digits.parse().unwrap_or(0) };
    if negative { -size } else { size }
}
