//! The texts and numbers in a JSON document whose members are not known: what the bank may
//! repeat, and no error may.

/// Every text of four characters or more and every number of as many digits, at any depth.
/// Names of members are left out. It splits and does not parse: what is not JSON has
/// leaves as well, and only hides more.
pub(crate) fn leaves(json: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut text: Option<String> = None;
    let mut pieces = json.split('"').peekable();
    while let Some(piece) = pieces.next() {
        match &mut text {
            // Between two texts: numbers and punctuation.
            None => {
                let numbers = piece.split(|c: char| !c.is_ascii_digit());
                found.extend(numbers.map(ToOwned::to_owned));
                text = Some(String::new());
            }
            Some(inside) => {
                inside.push_str(piece);
                let escapes = piece.bytes().rev().take_while(|byte| *byte == b'\\').count();
                if escapes % 2 == 1 {
                    // The quotation mark was part of the text.
                    inside.push('"');
                    continue;
                }
                let is_name = pieces.peek().is_some_and(|next| next.trim_start().starts_with(':'));
                found.extend(text.take().filter(|_| !is_name));
            }
        }
    }
    found.retain(|text| text.chars().count() >= SHORTEST);
    found
}

const SHORTEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_found_at_any_depth_and_names_are_not() {
        let json = r#"{"name":"ACME Inc","n":[{"iban":"DE1234"},12345,7,true,null,"abc"]}"#;
        assert_eq!(leaves(json), ["ACME Inc", "DE1234", "12345"]);
        assert_eq!(leaves(r#"{"a":"say \"12\"","b":"c:\\"}"#), [r#"say \"12\""#, r"c:\\"]);
        assert!(leaves("no json").is_empty());
    }
}
