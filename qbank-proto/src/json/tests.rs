//! Against serde_json's own maps, lists and strings.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use serde_json::value::RawValue;

use super::cursor::MOST_MEMBERS;
use super::*;

/// What serde_json makes of an object whose names are all different.
struct Oracle(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Oracle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Oracle;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Oracle, A::Error> {
                let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if members.iter().any(|(seen, _)| *seen == name) {
                        return Err(A::Error::custom("duplicate"));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Oracle(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

fn same(ours: &[Member<'_>], oracle: &Oracle) -> bool {
    ours.len() == oracle.0.len()
        && ours
            .iter()
            .zip(&oracle.0)
            .all(|(ours, theirs)| ours.is(&theirs.0) && ours.json() == theirs.1.get())
}

/// Both read it alike, or both refuse it.
fn agree(body: &[u8]) -> Result<(), String> {
    let shown = String::from_utf8_lossy(body);
    match (object(body), serde_json::from_slice::<Oracle>(body)) {
        (Ok(ours), Ok(oracle)) if same(&ours, &oracle) => {}
        (Err(_), Err(_)) => {}
        (ours, oracle) => return Err(format!("{shown}: {ours:?}, {}", oracle.is_ok())),
    }
    let mut ours = Vec::new();
    let read = objects(body, &mut |members| {
        ours.push(members);
        Ok(Vec::new())
    });
    match (read, serde_json::from_slice::<Vec<Oracle>>(body)) {
        (Ok(()), Ok(oracle))
            if ours.len() == oracle.len()
                && ours.iter().zip(&oracle).all(|(ours, theirs)| same(ours, theirs)) => {}
        (Err(_), Err(_)) => {}
        (ours, oracle) => return Err(format!("list {shown}: {ours:?}, {}", oracle.is_ok())),
    }
    let raw = serde_json::from_slice::<&RawValue>(body).map(RawValue::get);
    if let Ok(text) = std::str::from_utf8(body)
        && value(text).ok() != raw.ok()
    {
        return Err(format!("value {shown}: {:?}", value(text)));
    }
    let shown = shown.trim_matches([' ', '\n', '\t', '\r']);
    match (string(shown), serde_json::from_str::<String>(shown)) {
        (Ok(Some(ours)), Ok(oracle)) if ours == oracle => {}
        // It is only asked about what is known to be JSON.
        (_, Err(_)) => {}
        (ours, Ok(_)) => return Err(format!("string {shown}: {ours:?}")),
    }
    Ok(())
}

#[test]
fn every_short_text_is_read_as_serde_json_reads_it() {
    const PARTS: [&str; 13] =
        ["{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "1", "-", " \n", "true", "x"];
    let mut texts = vec![String::new()];
    let mut begin = 0;
    for _ in 0..5 {
        let end = texts.len();
        for at in begin..end {
            for part in PARTS {
                texts.push(format!("{}{part}", texts[at]));
            }
        }
        begin = end;
    }
    for text in texts {
        agree(text.as_bytes()).unwrap();
    }
}

#[test]
fn texts_between_the_lines_are_read_as_serde_json_reads_them() {
    for text in [
        r#"{"a":1"b":2}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1,,"b":2}"#,
        r#"{"a" 1}"#,
        r#"{"a"::1}"#,
        "{a:1}",
        "{1:1}",
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":1e}"#,
        r#"{"a":tru}"#,
        r#"{"a":truee}"#,
        r#"{"a":nullnull}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\u12"}"#,
        "{\"a\":\"\u{1}\"}",
        "\u{feff}{}",
        "{}\u{a0}",
        "{}\0",
        "{\u{b}}",
        r#"{"a":1}x"#,
        r#"{"a":1}{}"#,
        r#"[{"a":1}{}]"#,
        r#"[{"a":1},]"#,
        r#"[,{"a":1}]"#,
        r#"[{"a":1}],"#,
        r#"[{"a":1}"#,
        r#"[{"a":1},"#,
        r#"[{"a":1},3]"#,
        r#" [ { "a" : { "b" : [ 1 , "}" ] } , "\u0061b" : "\"" } , { } ] "#,
        r#"{"a":1,"\u0061":2}"#,
    ] {
        agree(text.as_bytes()).unwrap();
    }
    for bytes in [&b"{\"\xff\":1}"[..], b"{\"a\":\"\xff\"}", b"\xff{}", b"{}\xff", b"{\"a\":\xff}"]
    {
        agree(bytes).unwrap();
    }
}

#[test]
fn an_error_names_its_place() {
    let error = |body: &str| object(body.as_bytes()).unwrap_err().to_string();
    assert_eq!(error(""), "the JSON ends too early (line 1, column 0)");
    assert_eq!(error("{\"a\":1"), "the JSON ends too early (line 1, column 6)");
    assert_eq!(error("\n [1]"), "the JSON is not of the expected shape (line 2, column 1)");
    assert_eq!(error("<html>"), "the body is not valid JSON (line 1, column 1)");
    assert_eq!(error("{\"a\":1,\n\"b\":tru}"), "the body is not valid JSON (line 2, column 8)");
}

fn json() -> impl Strategy<Value = String> {
    let space = || "[ \n\t]{0,2}";
    let text = || {
        prop_oneof![
            "[a-c]{1,2}".prop_map(|text| format!("\"{text}\"")),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            r#"([a-c]|\\[bfnrt/"\\]|\\u[0-9a-fA-F]{4}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|é){0,4}"#
                .prop_map(|text| format!("\"{text}\"")),
        ]
    };
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][-+]?[0-9]{1,3})?",
        "true|false|null",
        text(),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let member = (text(), space(), inner.clone(), space())
            .prop_map(|(name, one, value, two)| format!("{one}{name}{two}:{two}{value}{one}"));
        prop_oneof![
            (prop::collection::vec(member, 0..4), space())
                .prop_map(|(members, space)| format!("{{{space}{}}}{space}", members.join(","))),
            (prop::collection::vec(inner, 0..4), space())
                .prop_map(|(items, space)| format!("{space}[{}{space}]", items.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_json_is_read_as_serde_json_reads_it(text in json()) {
        prop_assert_eq!(agree(text.as_bytes()), Ok(()));
        prop_assert_eq!(agree(format!("[{text}]").as_bytes()), Ok(()));
        prop_assert_eq!(agree(format!("{{\"x\":{text}}}").as_bytes()), Ok(()));
    }

    #[test]
    fn what_is_nearly_json_is_read_as_serde_json_reads_it(
        text in json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0..3_usize,
    ) {
        let mut body = format!("[{{\"x\":{text}}}]").into_bytes();
        let at = at.index(body.len());
        body.splice(at..(at + cut).min(body.len()), [byte]);
        prop_assert_eq!(agree(&body), Ok(()));
        prop_assert_eq!(agree(&body[1..]), Ok(()));
        prop_assert_eq!(agree(&body[1..body.len() - 1]), Ok(()));
    }

    #[test]
    fn objects_that_are_nearly_alike_are_read_as_serde_json_reads_them(
        items in prop::collection::vec(
            prop::collection::vec((0..5_usize, 0..8_usize, 0..12_u8), 0..5), 1..5),
    ) {
        const NAMES: [&str; 8] =
            ["\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"\"", "\"\\u0061\"", "\"é\"", " \"a\" "];
        let object = |members: &Vec<(usize, usize, u8)>| {
            let member = |(place, (odd, other, value)): (usize, &(usize, usize, u8))| {
                let name = if *odd == 0 { NAMES[*other] } else { NAMES[place] };
                match value {
                    0 => format!("{name}:\"\\n\""),
                    1 => format!("{name} : [1]"),
                    2 => format!("{name}:"),
                    _ => format!("{name}:{value}"),
                }
            };
            let members: Vec<String> = members.iter().enumerate().map(member).collect();
            format!("{{{}}}", members.join(","))
        };
        let items: Vec<String> = items.iter().map(object).collect();
        prop_assert_eq!(agree(format!("[{}]", items.join(",")).as_bytes()), Ok(()));
    }

    #[test]
    fn a_string_is_unescaped_as_serde_json_does(
        inner in r#"([a-c]|é|\\[bfnrt/"\\]|\\u[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-f]{2}|\\ud[c-f][0-9a-f]{2}){0,6}"#,
    ) {
        let json = format!("\"{inner}\"");
        let ours = string(&json).ok().flatten().map(Cow::into_owned);
        prop_assert_eq!(ours, serde_json::from_str::<String>(&json).ok());
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(agree(&body), Ok(()));
    }
}

#[test]
fn a_map_of_many_is_cut_short() {
    let names: BTreeMap<String, u8> = (0..=MOST_MEMBERS).map(|n| (n.to_string(), 0)).collect();
    let body = serde_json::to_vec(&names).unwrap();
    assert!(object(&body).is_err());
}

#[test]
fn names_with_escapes_are_not_unescaped_once_for_each_other() {
    let long = "\\n".repeat(10_000);
    let name = |n: usize| format!("\"{long}{n}\":0");
    let members: Vec<String> = (0..MOST_MEMBERS).map(name).collect();
    let begun = std::time::Instant::now();
    let body = format!("{{{}}}", members.join(","));
    assert_eq!(object(body.as_bytes()).unwrap().len(), MOST_MEMBERS);
    let twice = format!("{{{},{}}}", members[..9].join(","), members[4]);
    assert!(object(twice.as_bytes()).is_err());
    // When they were, it took most of a minute.
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}
