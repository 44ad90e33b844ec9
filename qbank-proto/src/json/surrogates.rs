//! Escapes such as `\ud800` that are half of a pair: no text has them, and yet some
//! systems write them.

/// The JSON with U+FFFD for each lone surrogate in it; `None` where it has none.
pub(super) fn replaced(json: &str) -> Option<String> {
    let mut result = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + found;
        at = match (unit(json, escape), unit(json, escape + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => escape + 12,
            (Some(0xd800..=0xdfff), _) => {
                result.push_str(json.get(copied..escape)?);
                result.push_str("\\ufffd");
                copied = escape + 6;
                copied
            }
            // The backslash, and what it escapes, which may be another.
            _ => escape + 1 + json.get(escape + 1..)?.chars().next().map_or(0, char::len_utf8),
        };
    }
    if copied == 0 {
        return None;
    }
    result.push_str(json.get(copied..)?);
    Some(result)
}

/// The number of a `\uXXXX` that begins here.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if all { u16::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for (json, expected) in [
            (r#""\ud800""#, Some(r#""\ufffd""#)),
            (r#""a\uDFFFb""#, Some(r#""a\ufffdb""#)),
            (r#""\ud83e\udd80""#, None),
            (r#""\udd80\ud83e""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83e\ud83e\udd80""#, Some(r#""\ufffd\ud83e\udd80""#)),
            (r#""\\ud800""#, None),
            (r#""\\\ud800""#, Some(r#""\\\ufffd""#)),
            (r#""\u00e9 é \n""#, None),
            (r#""\ud8"#, None),
            ("\\é\\", None),
            ("", None),
        ] {
            assert_eq!(replaced(json).as_deref(), expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_left_alone_and_the_rest_becomes_readable(
            inner in r#"([a-c]|é|\\[nrt"\\]|\\u[dD][89a-fA-F][0-9a-f]{2}|\\u00e9){0,8}"#,
        ) {
            let json = format!("\"{inner}\"");
            if serde_json::from_str::<String>(&json).is_ok() {
                prop_assert_eq!(replaced(&json), None);
            } else {
                let fixed = replaced(&json).unwrap();
                let text = serde_json::from_str::<String>(&fixed).unwrap();
                let replaced = text.contains(char::REPLACEMENT_CHARACTER);
                prop_assert!(replaced);
            }
        }
    }
}
