//! Amounts are exact, over the whole range and in every spelling.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use qbank_proto::{Amount, AmountError, Money};

/// Dollars of cents, by integers alone.
fn text_of(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = i128::from(cents).abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// The same value with its point moved by an exponent.
fn with_exponent(cents: i64, exponent: i32) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let digits = i128::from(cents).abs().to_string();
    // cents × 10^-2 = digits × 10^(-2 - exponent) × 10^exponent
    let shift = -2 - exponent;
    if shift >= 0 {
        let zeros = "0".repeat(usize::try_from(shift).unwrap());
        // A number must not begin with a zero that is not its only digit.
        let all = if digits == "0" { digits } else { digits + &zeros };
        return format!("{sign}{all}e{exponent}");
    }
    let decimals = usize::try_from(-shift).unwrap();
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    format!("{sign}{whole}.{fraction}E{exponent:+}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn money_goes_through_json_with_its_exact_text(cents in any::<i64>()) {
        let money = Money::from_cents(cents);
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(&json, &text_of(cents));
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        prop_assert_eq!(json.parse::<Money>().unwrap().cents(), cents);
        let quoted = format!("\"{json}\"");
        prop_assert_eq!(serde_json::from_str::<Money>(&quoted).unwrap(), money);
    }

    #[test]
    fn an_amount_is_the_same_and_positive(cents in any::<i64>()) {
        match Amount::from_cents(cents) {
            Ok(amount) => {
                prop_assert!(cents > 0);
                let json = serde_json::to_string(&amount).unwrap();
                prop_assert_eq!(&json, &text_of(cents));
                prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
            }
            Err(error) => {
                prop_assert!(cents <= 0);
                prop_assert_eq!(error, AmountError::NotPositive);
                prop_assert_eq!(text_of(cents).parse::<Amount>(), Err(AmountError::NotPositive));
                prop_assert!(serde_json::from_str::<Amount>(&text_of(cents)).is_err());
            }
        }
    }

    #[test]
    fn every_exponent_spells_the_same_amount(cents in any::<i64>(), exponent in -40_i32..40) {
        let spelled = with_exponent(cents, exponent);
        prop_assert_eq!(spelled.parse::<Money>().map(Money::cents), Ok(cents), "{}", spelled);
        prop_assert_eq!(serde_json::from_str::<Money>(&spelled).unwrap().cents(), cents);
    }

    #[test]
    fn trailing_zeros_change_nothing(cents in any::<i64>(), zeros in 0_usize..60) {
        let spelled = text_of(cents) + &"0".repeat(zeros);
        prop_assert_eq!(spelled.parse::<Money>().map(Money::cents), Ok(cents));
    }

    #[test]
    fn a_third_decimal_is_refused(cents in any::<i64>(), third in 1_u8..=9, zeros in 0_usize..9) {
        let spelled = format!("{}{}{third}", text_of(cents), "0".repeat(zeros));
        prop_assert_eq!(spelled.parse::<Money>(), Err(AmountError::TooPrecise));
        prop_assert_eq!(spelled.parse::<Amount>(), Err(AmountError::TooPrecise));
    }

    #[test]
    fn beyond_the_range_is_refused_and_never_wraps(
        whole in 92_233_720_368_547_759_u128..u128::MAX,
        negative in any::<bool>(),
    ) {
        let spelled = format!("{}{whole}", if negative { "-" } else { "" });
        prop_assert_eq!(spelled.parse::<Money>(), Err(AmountError::OutOfRange));
    }

    #[test]
    fn any_text_is_an_amount_or_an_error_and_never_a_panic(text in "\\PC{0,40}|[-+0-9.eE]{0,30}") {
        if let Ok(money) = text.parse::<Money>() {
            // What is read is a number to any JSON reader.
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok()
                || text.contains(['e', 'E']));
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }
    }

    #[test]
    fn order_is_that_of_cents(a in any::<i64>(), b in any::<i64>()) {
        prop_assert_eq!(Money::from_cents(a).cmp(&Money::from_cents(b)), a.cmp(&b));
    }
}

#[test]
fn nothing_goes_through_a_float() {
    for (text, cents) in [
        ("0.1", 10),
        ("0.2", 20),
        ("0.3", 30),
        ("0.29", 29),
        ("1.10", 110),
        ("1.15", 115),
        ("4.35", 435),
        ("1001.65", 100_165),
        ("2.675e2", 26_750),
        // 2^53 + 1 cents, which a double cannot hold.
        ("90071992547409.93", 9_007_199_254_740_993),
        ("9007199254740993e-2", 9_007_199_254_740_993),
        ("92233720368547758.07", i64::MAX),
        ("-92233720368547758.08", i64::MIN),
    ] {
        assert_eq!(text.parse::<Money>().map(Money::cents), Ok(cents), "{text}");
        assert_eq!(serde_json::from_str::<Money>(text).unwrap().cents(), cents);
    }
    // 0.1 + 0.2, as a float prints it, is no amount.
    assert_eq!("0.30000000000000004".parse::<Money>(), Err(AmountError::TooPrecise));
}

#[test]
fn an_amount_refuses_zero_negative_and_fractions_of_a_cent() {
    for zero in ["0", "0.00", "-0", "-0.00"] {
        assert_eq!(zero.parse::<Amount>(), Err(AmountError::NotPositive), "{zero}");
    }
    for negative in ["-0.01", "-1", "-1000"] {
        assert_eq!(negative.parse::<Amount>(), Err(AmountError::NotPositive));
    }
    for fine in ["0.001", "1.005", "0.009999"] {
        assert_eq!(fine.parse::<Amount>(), Err(AmountError::TooPrecise));
    }
    // Read from a bank exactly; typed by a person, more likely a typo.
    for exponent in ["1e3", "1E3", "0e9", "-1e3", "1e-3"] {
        assert_eq!(exponent.parse::<Amount>(), Err(AmountError::NotANumber));
    }
    assert_eq!("0.01".parse::<Amount>().map(Amount::cents), Ok(1));
    assert_eq!("0.010".parse::<Amount>().map(Amount::cents), Ok(1));
}

#[test]
fn what_is_no_json_number_is_no_amount() {
    for text in [
        "", " ", "1 ", " 1", "+1", "01", "-01", "1.", ".1", "1e", "1e+", "0x10", "1_000", "1,00",
        "$1", "1.0.0", "--1", "Infinity", "NaN", "١", "1e1e1", "null", "true", "\"1\"",
    ] {
        assert_eq!(text.parse::<Money>(), Err(AmountError::NotANumber), "{text:?}");
    }
}

#[test]
fn an_absurd_exponent_takes_no_time() {
    for text in ["1e999999999999999999999", "1e-999999999999999999999", "0e999999999999999999999"] {
        let _ = text.parse::<Money>();
    }
    let long = format!("0.{}1", "0".repeat(1_000_000));
    assert_eq!(long.parse::<Money>(), Err(AmountError::TooPrecise));
    let long = format!("1{}e-1000000", "0".repeat(1_000_000));
    assert_eq!(long.parse::<Money>().map(Money::cents), Ok(100));
}
