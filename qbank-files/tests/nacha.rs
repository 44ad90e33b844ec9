//! NACHA files: every field that is checked, spoiled once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{Entry, FROM, error, errors, lines, nacha, options, payments, put};
use qbank_files::{Kind, ReadOptions, read_all};

fn good() -> Vec<String> {
    nacha(&[Entry::new("INV-1", 125_000), Entry::new("INV-2", 50)])
}

#[test]
fn an_entry_becomes_an_ach_payment() {
    let mut savings = Entry::new("INV-2", 7);
    savings.code = "32";
    let [first, second] =
        payments(lines(&nacha(&[Entry::new("INV-1", 125_050), savings]))).try_into().unwrap();
    assert_eq!((first.row, first.line, first.kind()), (1, 3, Kind::Ach));
    assert_eq!(first.payment_id, "INV-1");
    assert_eq!(first.reference(), Some("INV-1"));
    assert_eq!(first.amount().to_string(), "1250.50");
    assert_eq!(first.recipient_name(), Some("ACME Inc"));
    assert_eq!(first.account(), "5678");
    assert_eq!(first.source_account().to_string(), FROM);
    assert_eq!(first.effective_date.unwrap().to_string(), "2026-12-01");
    assert_eq!((second.row, second.line), (2, 4));
}

#[test]
fn records_are_lines_of_any_kind_or_one_block() {
    let file = good();
    let block = file.concat();
    for text in [
        file.join("\n"),
        file.join("\r\n"),
        format!("{}\r\n\r\n", file.join("\r\n")),
        block.clone(),
        format!("{block}\n"),
        format!("\u{feff}{}", lines(&file)),
    ] {
        assert_eq!(payments(&text).len(), 2, "{text}");
    }
    let mut block = block;
    block.replace_range(94 * 2 + 1..94 * 2 + 3, "27");
    assert!(errors(block)[0].starts_with("line 3, Transaction Code: is a debit"));
}

#[test]
fn no_account_that_pays_is_a_mistake() {
    let errors = read_all(lines(&good()).as_bytes(), &ReadOptions::new()).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "line 3, source account: names no account that pays: fill it in, or use --from"
    );
}

/// A line, a column, what stands there instead, and what is told.
#[test]
fn each_mistake_is_told_by_line_and_field() {
    for (line, column, text, told) in [
        (1, 2, "02", "line 1, Priority Code: must be 01"),
        (1, 38, "09", "line 1, Blocking Factor: must be 10"),
        (1, 40, "2", "line 1, Format Code: must be 1"),
        (2, 2, "225", "line 2, Service Class Code: 225 is a batch of debits: a run only pays"),
        (2, 2, "280", "line 2, Service Class Code: must be 220 (credits) or 200 (mixed)"),
        (2, 51, "IAT", "line 2, Standard Entry Class Code: IAT is an international payment"),
        (2, 51, "CTX", "line 2, Standard Entry Class Code: CTX has remittance records"),
        (2, 51, "COR", "line 2, Standard Entry Class Code: COR is a notification of change"),
        (2, 51, "WEB", "line 2, Standard Entry Class Code: this class is of debits"),
        (2, 51, "ARC", "line 2, Standard Entry Class Code: this class collects checks"),
        (2, 51, "   ", "line 2, Standard Entry Class Code: must be PPD or CCD"),
        (2, 70, "261301", "line 3, Effective Entry Date: must be a day of the calendar as YYMMDD"),
        (2, 80, "0210000X", "line 2, Originating DFI Identification: must be digits"),
        (2, 88, "000000X", "line 2, Batch Number: must be digits"),
        (3, 2, "27", "line 3, Transaction Code: is a debit, and a run only pays; the offset entry"),
        (3, 2, "23", "line 3, Transaction Code: is a prenote, which tests an account"),
        (3, 2, "21", "line 3, Transaction Code: is a return or a notification of change"),
        (3, 2, "24", "line 3, Transaction Code: is an entry of zero dollars"),
        (3, 2, "42", "line 3, Transaction Code: credits a general ledger or a loan"),
        (3, 2, "99", "line 3, Transaction Code: must be 22 (credit to checking) or 32"),
        (3, 4, "02100003", "line 3, Receiving DFI Identification: fails the ABA checksum"),
        (3, 12, "2", "line 3, Receiving DFI Identification: fails the ABA checksum"),
        (3, 13, " 0012345678", "line 3, DFI Account Number: must not begin or end with a blank"),
        (3, 13, "                 ", "line 3, DFI Account Number: is missing"),
        (3, 30, "0000000000", "line 3, Amount: must be more than zero"),
        (3, 30, "00000012.5", "line 3, Amount: must be ten digits of cents"),
        (3, 40, "               ", "line 3, Individual Identification Number: is missing"),
        (3, 55, "                      ", "line 3, Individual Name: is missing"),
        (3, 79, "2", "line 3, Addenda Record Indicator: must be 0"),
        (3, 79, "1", "line 4, Addenda Record Indicator: the entry before says that an addenda"),
        (3, 80, "12345678", "line 3, Trace Number: must begin with the batch's Originating DFI"),
        (4, 88, "0000001", "line 4, Trace Number: must be larger than that of the entry before"),
        (4, 88, "000000X", "line 4, Trace Number: must be digits"),
        (5, 2, "200", "line 5, Service Class Code: is not that of the batch's header"),
        (5, 5, "000003", "line 5, Entry/Addenda Count: is 3, and the records before it have 2"),
        (
            5,
            11,
            "0004200005",
            "line 5, Entry Hash: is 0004200005, and the records before it have 0004200004",
        ),
        (5, 21, "000000000001", "line 5, Total Debit Entry Dollar Amount: is 0.01, and the"),
        (
            5,
            33,
            "000000125051",
            "line 5, Total Credit Entry Dollar Amount: is 1250.51, and the records before it have \
             1250.50",
        ),
        (5, 33, "00000012505X", "line 5, Total Credit Entry Dollar Amount: must be digits"),
        (5, 45, "2123456789", "line 5, Company Identification: is not that of the batch's header"),
        (5, 80, "12345678", "line 5, Originating DFI Identification: is not that of the batch's"),
        (5, 88, "0000002", "line 5, Batch Number: is not that of the batch's header"),
        (6, 2, "000002", "line 6, Batch Count: is 2, and the records before it have 1"),
        (6, 8, "000002", "line 6, Block Count: is 2, and the records before it have 1"),
        (6, 14, "00000001", "line 6, Entry/Addenda Count: is 1, and the records before it have 2"),
        (6, 22, "0004200005", "line 6, Entry Hash: is 0004200005, and the records before it have"),
        (6, 32, "000000000001", "line 6, Total Debit Entry Dollar Amount: is 0.01"),
        (6, 44, "000000000001", "line 6, Total Credit Entry Dollar Amount: is 0.01"),
        (10, 1, "1", "line 10: after the file control record there are only lines of 9s"),
    ] {
        let mut file = good();
        put(&mut file[line - 1], column, text);
        let all = errors(lines(&file));
        assert!(all.iter().any(|it| it.starts_with(told)), "{line}:{column} {text}: {all:#?}");
        assert!(all.iter().all(|it| !it.contains("12345678")), "{all:#?}");
    }
}

#[test]
fn a_wrong_hash_or_count_is_the_only_mistake_that_is_told() {
    let mut file = good();
    put(&mut file[4], 11, "0004200005");
    assert_eq!(
        error(lines(&file)),
        "line 5, Entry Hash: is 0004200005, and the records before it have 0004200004"
    );
}

#[test]
fn addenda_and_returns_are_refused_by_name() {
    for (code, told) in [
        ("05", "is an addenda record, whose text the bank's API cannot send: leave it out"),
        ("98", "is a notification of change"),
        ("99", "is a return"),
        ("10", "is an addenda record, which the bank's API cannot send"),
    ] {
        let mut file = good();
        put(&mut file[2], 79, "1");
        file.insert(3, format!("7{code}{:<80}00010000001", "a text"));
        file.pop();
        for (line, column) in [(5, 5), (6, 16)] {
            put(&mut file[line], column, "000003");
        }
        let told = format!("line 4, Addenda Type Code: {told}");
        let error = error(lines(&file));
        assert!(error.starts_with(&told), "{error}");
    }
}

#[test]
fn a_batch_that_is_refused_is_told_once_and_its_entries_are_counted() {
    let mut file = good();
    put(&mut file[1], 51, "IAT");
    assert!(error(lines(&file)).contains("IAT is an international payment"));
}

#[test]
fn records_of_another_length_or_alphabet_are_told() {
    let with = |line: usize, text: &str| {
        let mut file = good();
        text.clone_into(&mut file[line - 1]);
        lines(&file)
    };
    assert_eq!(
        error(with(4, good()[3].get(..80).unwrap())),
        "line 4: has 80 columns, and a NACHA record has 94: an editor may have stripped blanks at \
         its end, or the file was cut off"
    );
    assert_eq!(
        error(with(4, &format!("{}  ", good()[3]))),
        "line 4: has 96 columns, and a NACHA record has 94"
    );
    assert_eq!(
        error(with(3, &good()[2].replace("ACME Inc", "ACMÉ Inc"))),
        "line 3: column 58 is not printable ASCII, as NACHA wants it"
    );
    let errors = errors(with(1, good()[0].get(..90).unwrap()));
    assert!(errors[0].starts_with("line 1: has 90 columns"), "{errors:?}");
    let long = with(4, &"6".repeat(1 << 20));
    assert_eq!(error(long), "line 4: has 65536 columns, and a NACHA record has 94");
}

#[test]
fn records_come_in_order() {
    for (line, told) in [
        (2, "line 2: a batch begins with its header, type 5"),
        (5, "line 5: a batch has records of type 6 and 7, and ends with its control record"),
    ] {
        let mut file = good();
        file.remove(line - 1);
        let all = errors(lines(&file));
        assert!(all[0].starts_with(told), "{all:#?}");
    }
    let first = good().split_off(1);
    let options = options().format(qbank_files::Format::Nacha);
    let told = read_all(lines(&first).as_bytes(), &options).unwrap_err();
    assert_eq!(
        told[0].to_string(),
        "line 1: a NACHA file begins with its file header, record type 1"
    );
    let mut twice = good();
    twice.extend(good());
    assert!(error(lines(&twice)).contains("one file at a time is read"));
}

#[test]
fn a_file_that_is_cut_off_or_not_blocked_is_told() {
    let file = good();
    assert_eq!(
        error(lines(&file[..5])),
        "line 5: the file ends without its file control record, type 9: it was probably cut off"
    );
    assert_eq!(
        error(lines(&file[..8])),
        "line 8: the file has 8 records, and they come in blocks of ten: 2 lines of 9s are missing \
         at the end"
    );
}

#[test]
fn batches_ascend_and_add_up() {
    // A second batch after the first.
    let mut file = good();
    let mut batch: Vec<String> = file[1..5].to_vec();
    for line in [0, 3] {
        put(&mut batch[line], 88, "0000002");
    }
    file.splice(5..5, batch);
    let control = &mut file[9];
    put(control, 2, "000002");
    put(control, 14, "00000004");
    put(control, 22, "0008400008");
    put(control, 44, "000000250100");
    file.truncate(10);
    assert_eq!(payments(lines(&file)).len(), 4);
    for line in [5, 8] {
        put(&mut file[line], 88, "0000001");
    }
    assert_eq!(
        error(lines(&file)),
        "line 6, Batch Number: must be larger than that of the batch before"
    );
}
