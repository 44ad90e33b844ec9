//! Exact dollars: [`Amount`] for what is paid, [`Money`] for what is read.
//!
//! Both hold whole cents. JSON numbers are read from their digits and written
//! as digits; nothing here, and nothing that uses it, goes through a float.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A signed amount of US dollars, exact to the cent.
///
/// This is what the bank reports: balances and transactions may be negative.
/// It reads every JSON spelling of an exact amount (`10.1`, `1e3`, `-0.50`,
/// `"12.00"`) and always writes two decimals.
///
/// ```
/// use qbank_proto::Money;
/// let money: Money = "1e3".parse()?;
/// assert_eq!(money.cents(), 100_000);
/// assert_eq!(money.to_string(), "1000.00");
/// # Ok::<(), qbank_proto::AmountError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// From whole cents; negative is a debit.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// Whole cents; negative is a debit.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Whether it is less than zero: a debit.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or `None` where it is out of range.
    ///
    /// ```
    /// use qbank_proto::Money;
    /// let (one, two) = (Money::from_cents(150), Money::from_cents(-25));
    /// assert_eq!(one.checked_add(two), Some(Money::from_cents(125)));
    /// assert_eq!(Money::checked_sum([one, two, two]), Some(Money::from_cents(100)));
    /// assert_eq!(Money::from_cents(i64::MAX).checked_add(one), None);
    /// ```
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// The difference, or `None` where it is out of range.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// The same with the other sign, or `None` where it is out of range.
    #[must_use]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// The sum of all, zero of none, or `None` where it gets out of range on the way.
    #[must_use]
    pub fn checked_sum(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().try_fold(Self(0), Self::checked_add)
    }
}

impl FromStr for Money {
    type Err = AmountError;

    /// Reads a JSON number: an optional minus, digits, an optional fraction and
    /// an optional exponent.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        cents(text).map(Self)
    }
}

impl fmt::Display for Money {
    /// Writes dollars with two decimals and no grouping: `-1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut [0; MOST_DIGITS]))
    }
}

/// Of `i64::MIN`, with its sign and its point.
const MOST_DIGITS: usize = 21;

impl Money {
    fn digits(self, room: &mut [u8; MOST_DIGITS]) -> &str {
        let mut rest = self.0.unsigned_abs();
        let mut at = room.len();
        let mut digits = 0;
        while rest > 0 || digits < 3 {
            if digits == 2 {
                at -= 1;
                room[at] = b'.';
            }
            at -= 1;
            room[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            digits += 1;
        }
        if self.0 < 0 {
            at -= 1;
            room[at] = b'-';
        }
        std::str::from_utf8(&room[at..]).unwrap_or_default()
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut room = [0; MOST_DIGITS];
        let digits = self.digits(&mut room);
        let raw: &RawValue = serde_json::from_str(digits).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Owned: neither a reader nor a `serde_json::Value` can lend it.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json(raw.get()).map_err(serde::de::Error::custom)
    }
}

impl Money {
    /// Reads a JSON number or a JSON string that holds one.
    pub(crate) fn from_json(json: &str) -> Result<Self, AmountError> {
        json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json).parse()
    }
}

/// A positive amount of US dollars, exact to the cent: what a payment moves.
///
/// Zero, negative and sub-cent amounts cannot be made.
///
/// ```
/// use qbank_proto::{Amount, AmountError};
/// let amount: Amount = "1000.50".parse()?;
/// assert_eq!(amount.cents(), 100_050);
/// assert_eq!("0.001".parse::<Amount>(), Err(AmountError::TooPrecise));
/// assert_eq!("0".parse::<Amount>(), Err(AmountError::NotPositive));
/// # Ok::<(), AmountError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Money);

impl Amount {
    /// From whole cents, which must be more than zero.
    pub const fn from_cents(cents: i64) -> Result<Self, AmountError> {
        if cents > 0 { Ok(Self(Money(cents))) } else { Err(AmountError::NotPositive) }
    }

    /// Whole cents, always more than zero.
    pub const fn cents(self) -> i64 {
        self.0.0
    }

    /// The sum, or `None` where it is out of range.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where nothing would be left.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) if rest.0 > 0 => Some(Self(rest)),
            _ => None,
        }
    }

    /// The sum of all, or `None` where there are none or it is out of range.
    #[must_use]
    pub fn checked_sum(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().try_fold(None, |sum: Option<Self>, amount| match sum {
            Some(sum) => sum.checked_add(amount).map(Some),
            None => Some(Some(amount)),
        })?
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl TryFrom<Money> for Amount {
    type Error = AmountError;

    fn try_from(money: Money) -> Result<Self, AmountError> {
        Self::from_cents(money.cents())
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads plain decimals. An exponent is how machines write: in what a person
    /// typed, `1e3` is more likely a typo than a thousand dollars.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.bytes().any(|byte| byte == b'e' || byte == b'E') {
            return Err(AmountError::NotANumber);
        }
        text.parse::<Money>()?.try_into()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Money::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AmountError {
    /// Not a JSON number.
    NotANumber,
    /// More than two decimals that are not zero.
    TooPrecise,
    /// Outside ±92,233,720,368,547,758.07 dollars.
    OutOfRange,
    /// Zero or negative, where a payment needs more than zero.
    NotPositive,
}

impl AmountError {
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::NotANumber => "must be a decimal number such as 1000.50",
            Self::TooPrecise => "must have at most two decimals",
            Self::OutOfRange => "is larger than any amount of dollars this library can hold",
            Self::NotPositive => "must be more than zero",
        }
    }
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule())
    }
}

impl std::error::Error for AmountError {}

/// Reads the JSON number grammar straight into cents.
fn cents(text: &str) -> Result<i64, AmountError> {
    match plain_cents(text) {
        Some(cents) => Ok(cents),
        None => any_cents(text),
    }
}

/// Most amounts: digits, and at most two behind a point.
fn plain_cents(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let (whole, fraction) = match digits {
        [whole @ .., b'.', tenths, cents] => (whole, [*tenths, *cents]),
        [whole @ .., b'.', tenths] => (whole, [*tenths, b'0']),
        whole => (whole, [b'0'; 2]),
    };
    // So many cannot overflow; a zero before others is no JSON.
    if !(1..=15).contains(&whole.len()) || whole.len() > 1 && whole[0] == b'0' {
        return None;
    }
    let cents = whole.iter().chain(&fraction).try_fold(0, |cents, byte| {
        byte.is_ascii_digit().then(|| cents * 10 + i64::from(byte - b'0'))
    })?;
    Some(if negative { -cents } else { cents })
}

fn any_cents(text: &str) -> Result<i64, AmountError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.bytes().position(|byte| byte == b'e' || byte == b'E')
    {
        Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(AmountError::NotANumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !digits_only(whole) || !digits_only(fraction) {
        return Err(AmountError::NotANumber);
    }

    // value = digits × 10^(exponent - len(fraction)); cents = value × 100.
    let digits = || whole.bytes().chain(fraction.bytes()).map(|b| i64::from(b - b'0'));
    let mut significant = digits().skip_while(|digit| *digit == 0).count();
    if significant == 0 {
        return Ok(0);
    }
    let fraction_len = i64::try_from(fraction.len()).map_err(|_| AmountError::OutOfRange)?;
    let mut shift = exponent.saturating_sub(fraction_len).saturating_add(2);
    let trailing_zeros = digits_rev(whole, fraction).take_while(|b| *b == b'0').count();
    let mut skip = 0;
    while shift < 0 && skip < trailing_zeros {
        shift += 1;
        skip += 1;
    }
    if shift < 0 {
        return Err(AmountError::TooPrecise);
    }
    significant -= skip;

    // Accumulate negatively: i64::MIN has no positive counterpart.
    let first = whole.len() + fraction.len() - skip - significant;
    let mut total: i64 = 0;
    for digit in digits().skip(first).take(significant) {
        total = push(total, digit)?;
    }
    for _ in 0..shift {
        total = push(total, 0)?;
    }
    if negative { Ok(total) } else { total.checked_neg().ok_or(AmountError::OutOfRange) }
}

fn digits_rev<'a>(whole: &'a str, fraction: &'a str) -> impl Iterator<Item = u8> + 'a {
    fraction.bytes().rev().chain(whole.bytes().rev())
}

fn push(total: i64, digit: i64) -> Result<i64, AmountError> {
    total.checked_mul(10).and_then(|t| t.checked_sub(digit)).ok_or(AmountError::OutOfRange)
}

/// Saturates: an exponent beyond a few dozen is out of range or too precise
/// either way, unless the number is zero.
fn exponent(text: &str) -> Result<i64, AmountError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    let size =
        digits.bytes().fold(0_i64, |n, b| n.saturating_mul(10).saturating_add(i64::from(b - b'0')));
    Ok(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Result<i64, AmountError> {
        text.parse::<Money>().map(Money::cents)
    }

    #[test]
    fn every_spelling_of_a_json_number_is_read_exactly() {
        for (text, cents) in [
            ("0", 0),
            ("-0.00", 0),
            ("0e999999999999999999999", 0),
            ("10.1", 1010),
            ("1e3", 100_000),
            ("1E+3", 100_000),
            ("1000e-3", 100),
            ("1.50000000000000000000000000", 150),
            ("-12.34", -1234),
            ("0.07", 7),
            ("700e-4", 7),
            ("92233720368547758.07", i64::MAX),
            ("-92233720368547758.08", i64::MIN),
        ] {
            assert_eq!(money(text), Ok(cents), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_leads_to_the_same(text in "-?[0-9]{0,17}(\\.[0-9]{0,3})?|[-0-9.eE+]{0,8}") {
            if let Some(cents) = plain_cents(&text) {
                prop_assert_eq!(any_cents(&text), Ok(cents));
            }
        }
    }

    #[test]
    fn what_is_not_exact_dollars_is_refused_by_name() {
        use AmountError::{NotANumber, OutOfRange, TooPrecise};
        for (text, error) in [
            ("", NotANumber),
            ("-", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("01", NotANumber),
            ("+1", NotANumber),
            ("1e", NotANumber),
            ("1,000", NotANumber),
            (" 1", NotANumber),
            ("NaN", NotANumber),
            ("１", NotANumber),
            ("0.001", TooPrecise),
            ("1e-3", TooPrecise),
            ("10.125", TooPrecise),
            ("1e-99999999999999999999", TooPrecise),
            ("92233720368547758.08", OutOfRange),
            ("1e17", OutOfRange),
            ("1e99999999999999999999", OutOfRange),
        ] {
            assert_eq!(money(text), Err(error), "{text}");
        }
    }

    #[test]
    fn every_amount_is_written_with_two_decimals() {
        for (cents, text) in [
            (0, "0.00"),
            (1, "0.01"),
            (-1, "-0.01"),
            (10, "0.10"),
            (99, "0.99"),
            (-100, "-1.00"),
            (123_456_789, "1234567.89"),
            (i64::MAX, "92233720368547758.07"),
            (i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(Money::from_cents(cents).to_string(), text);
        }
        assert_eq!(
            format!("{:>8}|{:<7}|", Money::from_cents(150), Money::from_cents(-5)),
            "    1.50|-0.05  |"
        );
    }

    #[test]
    fn sums_are_exact_or_none() {
        let money = Money::from_cents;
        assert_eq!(money(10).checked_add(money(20)), Some(money(30)));
        assert_eq!(money(10).checked_sub(money(20)), Some(money(-10)));
        assert!(money(-1).is_negative() && !money(0).is_negative());
        assert_eq!(money(i64::MAX).checked_add(money(1)), None);
        assert_eq!(money(i64::MIN).checked_sub(money(1)), None);
        assert_eq!(money(i64::MIN).checked_neg(), None);
        assert_eq!(money(5).checked_neg(), Some(money(-5)));
        assert_eq!(Money::checked_sum([]), Some(money(0)));
        assert_eq!(Money::checked_sum([money(i64::MAX), money(1), money(-2)]), None);
        let amount = |cents| Amount::from_cents(cents).unwrap();
        assert_eq!(amount(10).checked_add(amount(20)), Some(amount(30)));
        assert_eq!(amount(10).checked_sub(amount(10)), None);
        assert_eq!(amount(10).checked_sub(amount(9)), Some(amount(1)));
        assert_eq!(Amount::checked_sum([]), None);
        assert_eq!(Amount::checked_sum([amount(1), amount(2)]), Some(amount(3)));
        assert_eq!(Amount::checked_sum([amount(i64::MAX), amount(1)]), None);
    }

    #[test]
    fn money_is_read_out_of_whatever_holds_json() {
        let money = Money::from_cents(1010);
        assert_eq!(serde_json::from_reader::<_, Money>(&b"10.1"[..]).unwrap(), money);
        assert_eq!(serde_json::from_value::<Money>(serde_json::json!("10.10")).unwrap(), money);
    }

    #[test]
    fn an_amount_is_written_as_a_json_number_with_two_decimals() {
        let amount: Amount = "1000.5".parse().unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), "1000.50");
        let back: Money = serde_json::from_str("\"1000.50\"").unwrap();
        assert_eq!(back, amount.into());
    }
}
