//! The texts and numbers in a JSON document whose members are not known: what the bank may
//! repeat, and no error may.

use serde_json::Value;

/// Every text of four characters or more and every number of as many, at any depth.
pub(crate) fn leaves(json: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    // Nesting is bounded by the parser.
    if let Ok(value) = serde_json::from_slice(json) {
        collect(&value, &mut found);
    }
    found.retain(|text| text.chars().count() >= SHORTEST);
    found
}

const SHORTEST: usize = 4;

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_found_at_any_depth_and_names_are_not() {
        let json = br#"{"name":"ACME Inc","n":[{"iban":"DE1234"},12345,7,true,null,"abc"]}"#;
        assert_eq!(leaves(json), ["DE1234", "12345", "ACME Inc"]);
        assert!(leaves(b"no json").is_empty());
    }
}
