//! Writes JSON objects.

use super::scan::plain_until;
use crate::types::{Amount, Id};

/// Writes one JSON object, member by member: the body of an [`Endpoint`] without a
/// float on its way, and with its members in the order they were given.
///
/// [`Endpoint`]: crate::endpoint::Endpoint
///
/// ```
/// use qbank_proto::{Amount, JsonObject};
/// let amount: Amount = "10.5".parse()?;
/// let mut card = JsonObject::new();
/// card.text("holder", "A \"B\" C").amount("limit", amount).json("days", "[1,2]");
/// assert_eq!(card.finish(), r#"{"holder":"A \"B\" C","limit":10.50,"days":[1,2]}"#);
/// # Ok::<(), qbank_proto::AmountError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct JsonObject(String);

impl JsonObject {
    /// An object without members.
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Adds a member that is a text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        push_text(&mut self.0, text);
        self
    }

    /// Adds a member that is an id.
    pub fn id<K>(&mut self, name: &str, id: Id<K>) -> &mut Self {
        self.name(name);
        self.0.push('"');
        id.append_to(&mut self.0);
        self.0.push('"');
        self
    }

    /// Adds a member that is an amount: a number with two decimals.
    pub fn amount(&mut self, name: &str, amount: Amount) -> &mut Self {
        self.name(name);
        amount.append_to(&mut self.0);
        self
    }

    /// Adds a member that is JSON already, such as a list or another object. It
    /// is written as it is.
    pub fn json(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.0.push_str(json);
        self
    }

    fn name(&mut self, name: &str) {
        if self.0.is_empty() {
            self.0.reserve(USUAL_LENGTH);
        }
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_text(&mut self.0, name);
        self.0.push(':');
    }

    /// A text as a JSON string, for a list.
    pub fn quoted(text: &str) -> String {
        let mut json = String::with_capacity(text.len() + 2);
        push_text(&mut json, text);
        json
    }

    /// The text of the object.
    pub fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// Holds a payment.
const USUAL_LENGTH: usize = 256;

/// Appends a JSON string.
fn push_text(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    loop {
        let (plain, escaped) = rest.split_at(plain_until(rest.as_bytes(), 0));
        json.push_str(plain);
        let mut letters = escaped.chars();
        match letters.next() {
            None => break,
            Some('\u{8}') => json.push_str("\\b"),
            Some('\t') => json.push_str("\\t"),
            Some('\n') => json.push_str("\\n"),
            Some('\u{c}') => json.push_str("\\f"),
            Some('\r') => json.push_str("\\r"),
            Some(control) if control < ' ' => {
                json.push_str("\\u00");
                let digit = |value: u32| char::from_digit(value, 16).unwrap_or('0');
                json.push(digit(u32::from(control) / 16));
                json.push(digit(u32::from(control) % 16));
            }
            Some(quoted) => json.extend(['\\', quoted]),
        }
        rest = letters.as_str();
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut object = JsonObject::new();
        object.text(text, text).json("x", "1.0");
        object.finish()
    }

    fn serde(text: &str) -> String {
        let text = serde_json::to_string(text).unwrap();
        format!("{{{text}:{text},\"x\":1.0}}")
    }

    #[test]
    fn every_ascii_letter_is_written_as_serde_json_writes_it() {
        let all: String = ('\0'..='\u{100}').collect();
        assert_eq!(written(&all), serde(&all));
        assert_eq!(JsonObject::new().finish(), "{}");
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in any::<String>()) {
            prop_assert_eq!(written(&text), serde(&text));
        }
    }
}
