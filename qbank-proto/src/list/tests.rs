use proptest::prelude::*;

use super::*;
use crate::endpoint::{ListTransactions, Transaction};

const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

/// Everything that comes out of these chunks, and then the end.
fn read(chunks: &[&[u8]]) -> (Vec<Transaction>, Option<Error>) {
    let mut list = ListDecoder::new(&ListTransactions::new());
    let mut items = Vec::new();
    for chunk in chunks {
        list.push(chunk);
        while let Some(next) = list.next() {
            match next {
                Ok(item) => items.push(item),
                Err(error) => return (items, Some(error)),
            }
        }
    }
    list.end();
    match list.next() {
        Some(Err(error)) => (items, Some(error)),
        Some(Ok(_)) => panic!("an item came after all was taken"),
        None => {
            assert!(list.is_complete());
            (items, None)
        }
    }
}

fn transaction(description: &str, cents: i64) -> String {
    let amount = crate::Money::from_cents(cents);
    let description = serde_json::to_string(description).unwrap();
    format!(
        r#"{{"transactionId":"{ID}","amount":{amount},"description":{description},"x":[{{"}}":"]"}}]}}"#
    )
}

#[test]
fn an_empty_list_is_a_list() {
    for text in ["[]", " [ ] ", "\n[\t]\r\n"] {
        let (items, error) = read(&[text.as_bytes()]);
        assert!(items.is_empty() && error.is_none(), "{text}");
    }
}

#[test]
fn what_was_before_a_break_has_been_given_out() {
    let whole = format!("[{},{}]", transaction("one", 1), transaction("two", 2));
    for cut in 0..whole.len() {
        let (items, error) = read(&[&whole.as_bytes()[..cut]]);
        let error = error.expect("a list without its bracket is torn");
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert_eq!(error.fate(), Fate::NotApplicable);
        let first = 1 + transaction("one", 1).len();
        let second = first + 1 + transaction("two", 2).len();
        let (complete, offset) = match cut {
            _ if cut < first => (0, cut.min(1)),
            _ if cut < second => (1, if cut == first { first } else { first + 1 }),
            _ => (2, second),
        };
        assert_eq!(items.len(), complete, "cut at {cut}");
        assert_eq!(error.offset(), Some(offset as u64), "cut at {cut}");
    }
}

#[test]
fn a_malformed_item_names_its_byte() {
    let good = transaction("one", 1);
    for (bad, what) in [
        ("{\"transactionId\":7}", "`[1].transactionId` must be a uuid"),
        ("{\"a\":1,\"a\":2}", "`[1].transactionId` is missing"),
        ("{\"amount\":1,\"amount\":2}", "`[1]`: the JSON is not of the expected shape"),
        ("{]", "valid JSON"),
        ("7", "not an object"),
        ("null", "not an object"),
        ("nothing", "not an object"),
        ("<html>", "valid JSON"),
    ] {
        let text = format!("[{good}, {bad}, {good}]");
        let (items, error) = read(&[text.as_bytes()]);
        let error = error.unwrap();
        assert_eq!(items.len(), 1, "{bad}");
        assert_eq!(error.offset(), Some(good.len() as u64 + 3), "{bad}: {error}");
        assert!(error.to_string().contains(what), "{bad}: {error}");
    }
}

/// What comes out of these chunks, errors included, in its order.
fn all(chunks: &[&[u8]]) -> Vec<Result<Transaction, Error>> {
    let mut list = ListDecoder::new(&ListTransactions::new());
    let mut all = Vec::new();
    for chunk in chunks {
        list.push(chunk);
        all.extend(std::iter::from_fn(|| list.next()));
    }
    list.end();
    all.extend(std::iter::from_fn(|| list.next()));
    all
}

#[test]
fn an_item_that_cannot_be_read_is_an_error_and_the_list_goes_on() {
    let good = transaction("one", 1);
    for (bad, path) in [
        (format!(r#"{{"transactionId":"{ID}","amount":"s3cr3t"}}"#), "`[1].amount`"),
        (format!(r#"{{"transactionId":"{ID}","status":{{"a":[1,"}}"]}}}}"#), "`[1].status`"),
        (format!(r#"{{"transactionId":"{ID}","value_date":"s3cr3t"}}"#), "`[1].value_date`"),
        (format!(r#"{{"transactionId":"{ID}","actor":true}}"#), "`[1].actor`"),
        (r#"{"transactionId":"s3cr3t"}"#.to_owned(), "`[1].transactionId`"),
        ("{}".to_owned(), "`[1].transactionId`"),
        (r#"{"amount":1,"x":"}","amount":2}"#.to_owned(), "`[1]`"),
    ] {
        let whole = format!("[{good}, {bad} ,{good},{bad}]");
        for size in [1, 7, whole.len()] {
            let chunks: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
            let all = all(&chunks);
            assert_eq!(all.len(), 4, "{bad}");
            assert!(all[0].is_ok() && all[2].is_ok(), "{bad}");
            let error = all[1].as_ref().unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
            assert_eq!(error.offset(), Some(good.len() as u64 + 3), "{error}");
            let last = all[3].as_ref().unwrap_err().to_string();
            assert!(last.contains("`[3]"), "{last}");
        }
    }
}

#[test]
fn a_lone_surrogate_does_not_end_a_list() {
    let odd = format!(r#"{{"transactionId":"{ID}","description":"a\ud800b","\udc00":1}}"#);
    let whole = format!("\u{feff}[{odd},{}]", transaction("two", 2));
    for size in [1, 2, 5, whole.len()] {
        let chunks: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
        let (items, error) = read(&chunks);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].description.as_deref(), Some("a\u{fffd}b"));
    }
}

#[test]
fn a_mark_is_only_a_mark_before_everything() {
    let one = transaction("one", 1);
    let (items, error) = read(&[format!("\u{feff} [{one}]").as_bytes()]);
    assert!(items.len() == 1 && error.is_none(), "{error:?}");
    for text in [format!("\u{feff}\u{feff}[{one}]"), format!(" \u{feff}[{one}]")] {
        let (items, error) = read(&[text.as_bytes()]);
        assert!(items.is_empty() && error.is_some());
    }
    let (items, error) = read(&[format!("[{one}]\u{feff}").as_bytes()]);
    assert!(items.len() == 1 && error.is_some());
}

#[test]
fn what_is_no_list_and_what_follows_one_are_refused() {
    for (text, offset) in [("{}", 0), ("<html>", 0), ("[] x", 3), ("[,]", 1), ("[{}]", 1)] {
        let (items, error) = read(&[text.as_bytes()]);
        assert!(items.is_empty());
        assert_eq!(error.unwrap().offset(), Some(offset), "{text}");
    }
    let text = format!("[{},]", transaction("one", 1));
    let (items, error) = read(&[text.as_bytes()]);
    assert_eq!((items.len(), error.is_some()), (1, true));
}

#[test]
fn a_number_that_is_cut_after_its_point_is_read_on() {
    for cut in ["-", "-1.", "-1.5e", "-1.5e+", "[-1.", "tru", "\"\\u00"] {
        let head = format!("[{{\"transactionId\":\"{ID}\",\"x\":{cut}");
        let mut list = ListDecoder::new(&ListTransactions::new());
        list.push(head.as_bytes());
        assert!(list.next().is_none(), "{cut}");
    }
    let whole = format!("[{}]", transaction("one", -150));
    for cut in 0..whole.len() {
        let (items, error) = read(&[&whole.as_bytes()[..cut], &whole.as_bytes()[cut..]]);
        assert!(items.len() == 1 && error.is_none(), "cut at {cut}");
    }
}

#[test]
fn a_character_may_come_in_parts() {
    let whole = format!("[{},{}]", transaction("é€🦀", 1), transaction("🦀", 2));
    for size in 1..5 {
        let chunks: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
        let (items, error) = read(&chunks);
        assert!(error.is_none(), "{size}: {error:?}");
        let description = |item: &Transaction| item.description.clone().unwrap();
        assert_eq!(items.iter().map(description).collect::<Vec<_>>(), ["é€🦀", "🦀"]);
    }
}

#[test]
fn what_is_no_unicode_comes_after_what_is() {
    let good = transaction("one", 1);
    for invalid in [&b"\xff"[..], b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80"] {
        let head = format!("[{good},{{\"description\":\"");
        let whole = [head.as_bytes(), invalid, b"\"}]"].concat();
        for size in [1, 2, 3, whole.len()] {
            let chunks: Vec<&[u8]> = whole.chunks(size).collect();
            let (items, error) = read(&chunks);
            assert_eq!(items.len(), 1);
            let error = error.unwrap();
            assert_eq!(error.offset(), Some(good.len() as u64 + 2), "{error}");
            assert!(error.to_string().contains("UTF-8"), "{error}");
        }
    }
    for invalid in [&b"[]\xff"[..], b"[] \xc3"] {
        let (items, error) = read(&[invalid]);
        assert!(items.is_empty() && error.is_some());
    }
}

#[test]
fn an_item_that_is_too_long_is_refused_however_it_comes() {
    let long = "a".repeat(LONGEST_ITEM);
    for id in ["6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10", "no uuid"] {
        let body = format!(r#"[{{"transactionId":"{id}","description":"{long}"}}]"#);
        for chunk in [body.len(), 10_000] {
            let mut list = ListDecoder::new(&ListTransactions::new());
            let mut chunks = body.as_bytes().chunks(chunk);
            let error = chunks.find_map(|chunk| {
                list.push(chunk);
                list.next()
            });
            let error = error.expect("it is refused").unwrap_err();
            assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
        }
    }
}

#[test]
fn an_item_without_end_does_not_fill_the_memory() {
    for (head, byte) in [("\"", b'}'), ("\"", b'a'), ("", b' '), ("[", b'['), ("\"", b'\\')] {
        let mut list = ListDecoder::new(&ListTransactions::new());
        list.push(format!("[{{\"description\":{head}").as_bytes());
        let chunk = vec![byte; 64 << 10];
        let refused = (0..40).find_map(|_| {
            list.push(&chunk);
            assert!(list.buffer.len() <= LONGEST_ITEM + 2 * chunk.len());
            list.next()
        });
        let error = refused.expect("it took more than 2 MiB for one item").unwrap_err();
        assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    }
}

#[test]
fn an_item_that_comes_byte_by_byte_is_not_read_again_for_each() {
    let braces = "}{".repeat(50_000);
    let whole = format!("[{{\"transactionId\":\"{ID}\",\"description\":\"\\\"{braces}\"}}]");
    let begun = std::time::Instant::now();
    let chunks: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
    let (items, error) = read(&chunks);
    assert!(items.len() == 1 && error.is_none());
    // Read from its beginning for each brace that could be the last, it takes far longer.
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_broken_connection_says_why_once() {
    let mut list = ListDecoder::new(&ListTransactions::new());
    list.push(b"[");
    assert!(list.next().is_none());
    list.broken("connection reset");
    let error = list.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("at byte 1: the response broke off: connection reset"));
    assert!(list.next().is_none());
    list.push(b"{}");
    assert!(list.next().is_none());
}

proptest! {
    /// However the bytes are cut, the items are those of the whole.
    #[test]
    fn chunks_do_not_matter(
        texts in prop::collection::vec((".{0,12}", -1_000_000_i64..1_000_000), 0..6),
        blank in "[ \t\r\n]{0,2}",
        cuts in prop::collection::vec(0_usize..2000, 0..40),
    ) {
        let all: Vec<String> = texts.iter().map(|(text, cents)| transaction(text, *cents)).collect();
        let whole = format!("{blank}[{blank}{}{blank}]{blank}", all.join(&format!("{blank},{blank}")));
        let bytes = whole.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&bytes[from..cut]);
            from = cut;
        }
        chunks.push(&bytes[from..]);
        let (items, error) = read(&chunks);
        prop_assert!(error.is_none(), "{:?}", error);
        let wanted: Vec<Transaction> = serde_json::from_slice(bytes).unwrap();
        prop_assert_eq!(items, wanted);
    }

    /// Whatever comes, it ends, and the offset lies inside.
    #[test]
    fn hostile_bytes_end(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let length: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        if let (_, Some(error)) = read(&chunks) {
            prop_assert!(error.offset().unwrap() <= length as u64);
        }
    }
}
