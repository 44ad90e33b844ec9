//! Rows of `--output csv`: the members of the JSON by their names, on one line each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use csv::WriterBuilder;
use serde::Serialize;
use serde_json::value::RawValue;

use super::escape::plain;
use super::json;
use super::table::Rows;

/// The names of the members.
pub(super) fn header<T: Rows>() -> String {
    line(T::MEMBERS.iter().map(|name| Cow::Borrowed(*name)))
}

/// An item. What it does not have is an empty cell.
pub(super) fn row<T: Rows + Serialize>(item: &T) -> String {
    let text = json::one_line(item);
    // As they are written: a number keeps its digits.
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
    line(T::MEMBERS.iter().map(|name| members.get(*name).map_or(Cow::Borrowed(""), |it| cell(it))))
}

fn cell(value: &RawValue) -> Cow<'_, str> {
    match value.get() {
        "null" => "".into(),
        raw if raw.starts_with('"') => {
            let text: String = serde_json::from_str(raw).unwrap_or_default();
            harmless(&text).into()
        }
        raw => raw.into(),
    }
}

/// On one line, and no formula: a spreadsheet executes what begins with one of these. An
/// apostrophe makes it a text.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number(text);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("{apostrophe}{}", plain(text))
}

/// A plain decimal number, such as -12.50.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix('-').unwrap_or(text);
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    }
}

fn line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    for cell in cells {
        // Writing to memory does not fail.
        let _ = writer.write_field(cell.as_bytes());
    }
    let _ = writer.write_record(None::<&[u8]>);
    writer.into_inner().ok().and_then(|line| String::from_utf8(line).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_made_a_text_and_a_number_stays() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("-", "'-"),
            ("-12.50", "-12.50"),
            ("-12.", "'-12."),
            ("12", "12"),
            ("a=b\r\nc\u{1b}", "a=b  c "),
        ] {
            assert_eq!(harmless(text), cell, "{text:?}");
        }
    }

    #[derive(Serialize)]
    struct Item {
        amount: Box<RawValue>,
        description: Option<&'static str>,
        status: &'static str,
    }

    impl Rows for Item {
        const COLUMNS: &'static [&'static str] = &[];
        const MEMBERS: &'static [&'static str] = &["status", "amount", "description", "absent"];

        fn cells(&self) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn a_row_has_each_member_as_it_is_written() {
        let amount = || RawValue::from_string("-10.50".to_owned()).unwrap();
        let item = Item { amount: amount(), description: Some("a, \"b\"\nc"), status: "=" };
        assert_eq!(header::<Item>(), "status,amount,description,absent\n");
        assert_eq!(row(&item), "'=,-10.50,\"a, \"\"b\"\" c\",\n");
        let item = Item { amount: amount(), description: None, status: "é" };
        assert_eq!(row(&item), "é,-10.50,,\n");
    }
}
