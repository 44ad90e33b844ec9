//! CSV as people, ERPs and spreadsheets write it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{BANK, FROM, HEADER, TO, csv_row, error, errors, options, payments};
use qbank_files::{Kind, ReadOptions, Request, read_all};

#[test]
fn each_column_becomes_a_part_of_the_request() {
    let file = format!(
        "{HEADER}INV-1,,{FROM},,\"ACME, Inc\",{BANK},0012345678,1000.5,2026-12-01,PO 7\n\
         INV-2,ach,{FROM},{TO},,,,20,,\n\
         INV-3,wire,{FROM},,ACME,{BANK},99,0.01,,W-3\n"
    );
    let [first, second, third] = payments(file).try_into().unwrap();
    assert_eq!((first.row, first.line, first.payment_id.as_str()), (1, 2, "INV-1"));
    assert_eq!(first.kind(), Kind::Ach);
    assert_eq!(first.amount().to_string(), "1000.50");
    assert_eq!(first.source_account().to_string(), FROM);
    assert_eq!(first.recipient_name(), Some("ACME, Inc"));
    assert_eq!(first.account(), "5678");
    assert_eq!(first.reference(), Some("PO 7"));
    assert_eq!(first.effective_date.unwrap().to_string(), "2026-12-01");
    let Request::Ach(ach) = &first.request else { panic!("{first:?}") };
    assert_eq!(ach.effective_date, first.effective_date);
    assert_eq!(second.recipient_name(), None);
    assert_eq!(second.account(), "3021");
    assert_eq!((third.kind(), third.account().as_str()), (Kind::Wire, ""));
    assert_eq!(third.reference(), Some("W-3"));
    let shown = format!("{first:?}{third:?}");
    assert!(!shown.contains("12345678") && !shown.contains("PO 7,"), "{shown}");
}

#[test]
fn order_separators_line_ends_and_a_byte_order_mark_do_not_matter() {
    let columns = ["amount", "Payment ID", "destination_account_id", "source_account_id"];
    let cells = ["12.50", "INV-7", TO, FROM];
    for separator in [",", ";"] {
        for end in ["\n", "\r\n", "\r"] {
            for mark in ["", "\u{feff}"] {
                let file = format!(
                    "{mark}{}{end}{end}{}{end}",
                    columns.join(separator),
                    cells.join(separator)
                );
                let [payment] = payments(&file).try_into().unwrap();
                assert_eq!((payment.payment_id.as_str(), payment.line), ("INV-7", 3), "{file:?}");
            }
        }
    }
}

#[test]
fn further_columns_are_kept_and_a_line_break_in_a_cell_is_one_of_the_file() {
    let file = format!(
        "note,payment_id,destination_account_id,amount,\"due; by\"\r\n\
         \"two\r\nlines, \"\"quoted\"\"\",INV-1,{TO},1.00,now\r\n\
         ,INV-2,{TO},x,\r\n"
    );
    let mut rows = qbank_files::read(file.as_bytes(), &options());
    let first = rows.next().unwrap().unwrap();
    assert_eq!(first.line, 2);
    assert_eq!(first.more(), [("note", "two\nlines, \"quoted\""), ("due; by", "now")]);
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!((error.line, error.column.as_deref()), (Some(4), Some("amount")));
    assert!(rows.next().is_none());
}

#[test]
fn a_column_is_named_as_the_header_names_it() {
    let file = format!("Payment ID;Amount;Destination-Account-ID\nINV-1;1,50;{TO}\n");
    assert_eq!(error(file), "line 2, Amount: has a decimal comma: write a point, such as 1234.50");
}

/// One value of a row that is otherwise good, and what is told.
#[test]
fn each_mistake_of_a_cell_is_told_by_its_rule() {
    let spoiled = |column: &str, value: &str| {
        let good = [
            ("payment_id", "INV-7"),
            ("type", "ach"),
            ("source_account_id", FROM),
            ("destination_account_id", ""),
            ("recipient_name", "ACME Inc"),
            ("bank_id", BANK),
            ("account_number", "0012345678"),
            ("amount", "12.50"),
            ("effective_date", "2026-12-01"),
            ("reference", "PO 7"),
        ];
        assert!(good.iter().any(|(name, _)| *name == column));
        let cells = good.map(|(name, cell)| if name == column { value } else { cell });
        let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        format!("{HEADER}{}\n", quoted.join(","))
    };
    for (column, value, message) in [
        ("payment_id", "", "is missing: each payment needs an id of its own"),
        ("payment_id", " INV-7", "has a blank before or after it: take it away"),
        ("payment_id", "1.23E+11", "a spreadsheet wrote this as a number"),
        ("payment_id", "a\tb", "must not have control characters, and has U+0009"),
        ("type", "cheque", "must be ach or wire"),
        ("source_account_id", "1234", "must be a uuid such as"),
        ("destination_account_id", TO, "is given beside an account at another bank"),
        ("destination_account_id", "ACME", "must be a uuid such as"),
        ("recipient_name", "", "is missing"),
        ("recipient_name", "AC\u{200b}ME", "must not have format characters, and has U+200B"),
        ("recipient_name", "AC\nME", "must not have control characters, and has U+000A"),
        ("bank_id", "", "is missing"),
        ("bank_id", "21000021", "a leading zero is missing, as spreadsheets drop it"),
        ("bank_id", "21000021.0", "a spreadsheet wrote this as a number"),
        ("bank_id", "2.1E+07", "a spreadsheet wrote this as a number"),
        ("bank_id", "021000022", "fails the ABA checksum: a digit is wrong or two are swapped"),
        ("bank_id", "0210000210", "must be nine digits"),
        ("account_number", "", "is missing"),
        ("account_number", "1.23E+11", "a spreadsheet wrote this as a number"),
        ("account_number", "1,23E+11", "a spreadsheet wrote this as a number"),
        ("account_number", "12345678.0", "a spreadsheet wrote this as a number"),
        ("account_number", "#N/A", "a spreadsheet's error stands here instead of a value"),
        ("account_number", "########", "a spreadsheet's error stands here instead of a value"),
        ("account_number", "=\"0012345678\"", "a spreadsheet's formula stands here"),
        ("account_number", "'0012345678", "an apostrophe stands before the value"),
        ("account_number", "0012345678 ", "must not begin or end with a blank"),
        ("account_number", "00123\u{a0}45678", "must be printable ASCII, and has U+00A0"),
        ("amount", "", "is missing"),
        ("amount", "0", "must be more than zero"),
        ("amount", "-5", "must be more than zero"),
        ("amount", "10.005", "must have at most two decimals"),
        ("amount", "ten", "must be a decimal number such as 1000.50"),
        ("amount", "1,234.50", "has a separator of thousands: write 1234.50"),
        ("amount", "1,234,567", "has a separator of thousands: write 1234.50"),
        ("amount", "1234,50", "has a decimal comma: write a point, such as 1234.50"),
        ("amount", "$5", "has a currency sign: write digits alone, such as 1234.50"),
        ("amount", "(5.00)", "is negative, as accountants write it"),
        ("amount", " 5", "has a blank before or after it"),
        ("amount", "1.5E+04", "a spreadsheet wrote this as a number"),
        ("amount", "1e3", "must be a decimal number such as 1000.50"),
        ("amount", "#REF!", "a spreadsheet's error stands here instead of a value"),
        ("amount", "92233720368547758.08", "is larger than any amount"),
        (
            "effective_date",
            "12/01/2026",
            "is a date that is read differently in different countries",
        ),
        ("effective_date", "46357", "a spreadsheet wrote this as the number of a day"),
        ("effective_date", "2026-12-01 00:00:00", "has a time of the day: write the day alone"),
        ("effective_date", "2026-02-30", "must be a day of the calendar such as 2026-01-31"),
        ("effective_date", "2026-12-1", "must be a day of the calendar such as 2026-01-31"),
        ("reference", "PO\u{202e}7", "must not have format characters, and has U+202E"),
        ("reference", "1.23E+11", "a spreadsheet wrote this as a number"),
    ] {
        let told = error(spoiled(column, value));
        assert!(told.starts_with(&format!("line 2, {column}: {message}")), "{value}: {told}");
        assert!(!told.contains("12345678"), "{told}");
    }
}

#[test]
fn a_currency_that_is_not_dollars_is_not_paid_as_dollars() {
    let file = |currency: &str| {
        format!("payment_id,destination_account_id,amount,Currency\nA,{TO},5.00,{currency}\n")
    };
    for dollars in ["", "USD", "usd "] {
        assert_eq!(payments(file(dollars)).len(), 1);
    }
    assert_eq!(error(file("EUR")), "line 2, Currency: must be USD: only dollars are paid");
}

#[test]
fn what_only_looks_like_damage_is_read() {
    let row = |id: &str, reference: &str| {
        format!("payment_id,destination_account_id,amount,reference\n{id},{TO},5.00,{reference}\n")
    };
    for (id, reference) in [("#A", "'t Hooft"), ("##", "1E5"), ("E-12", "#7"), ("2E5", "=1")] {
        assert_eq!(payments(row(id, reference)).len(), 1, "{id}");
    }
}

#[test]
fn a_wire_needs_a_reference_and_an_account_elsewhere() {
    let row = |rest: &str| format!("{HEADER}INV-7,WIRE,{FROM},{rest}\n");
    assert_eq!(
        error(row(&format!(",ACME,{BANK},99,1.00,,"))),
        "line 2, reference: is missing: a wire needs one"
    );
    let told = error(row(&format!("{TO},,,,1.00,,W-7")));
    assert!(
        told.starts_with("line 2, destination_account_id: a wire goes to another bank"),
        "{told}"
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_and_good_rows_between_are_read() {
    let file = format!(
        "{HEADER}{}INV-2,ach,x,,,1,,0,,\n{}INV-4,ach,{FROM},,,,,5,,\n",
        csv_row("INV-1", "1.00"),
        csv_row("INV-3", "3.00"),
    );
    let rows: Vec<_> = qbank_files::read(file.as_bytes(), &options()).collect();
    let good: Vec<u64> = rows.iter().flatten().map(|payment| payment.row).collect();
    assert_eq!(good, [1, 3]);
    let told: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
    let columns: Vec<_> = told.iter().map(|error| error.column.as_deref().unwrap()).collect();
    assert_eq!(
        columns,
        [
            "source_account_id",
            "recipient_name",
            "bank_id",
            "account_number",
            "amount",
            "destination_account_id"
        ]
    );
    let json = serde_json::to_value(told[0]).unwrap();
    assert_eq!(json["line"], 3);
    assert_eq!(json["column"], "source_account_id");
    assert!(json["message"].is_string());
}

#[test]
fn too_many_mistakes_end_the_reading() {
    let file = format!("{HEADER}{}", csv_row("INV-1", "0").repeat(50));
    let rows = qbank_files::read(file.as_bytes(), &options().max_errors(10)).count();
    assert_eq!(rows, 11);
}

#[test]
fn the_header_is_checked() {
    for (header, told) in [
        ("payment_id,amount", "line 1, recipient_name: is missing in the header"),
        ("amount,destination_account_id", "line 1, payment_id: is missing in the header"),
        ("payment_id,destination_account_id", "line 1, amount: is missing in the header"),
        (
            "payment_id,amount,Amount,destination_account_id",
            "line 1, Amount: stands twice in the header",
        ),
        (
            "payment_id,amount,destination_account_id,efective_date",
            "line 1, efective_date: is not known, and may be a typo of effective_date: rename it",
        ),
    ] {
        let told_of = errors(format!("{header}\n"));
        assert!(told_of[0].starts_with(told), "{header}: {told_of:?}");
    }
    let no_source = format!("payment_id,amount,destination_account_id\nINV-1,1.00,{TO}\n");
    assert!(read_all(no_source.as_bytes(), &options()).is_ok());
    let told = read_all(no_source.as_bytes(), &ReadOptions::new()).unwrap_err();
    assert_eq!(
        told[0].to_string(),
        "line 1, source_account_id: is missing in the header: add it, or name the account that \
         pays with --from"
    );
    let row = format!("payment_id,amount,destination_account_id,source_account_id\nA,1.00,{TO},\n");
    let told = read_all(row.as_bytes(), &ReadOptions::new()).unwrap_err();
    assert_eq!(
        told[0].to_string(),
        "line 2, source_account_id: names no account that pays: fill it in, or use --from"
    );
}

#[test]
fn what_is_no_header_is_told_from_one() {
    let csv = |text: &str| {
        let options = options().format(qbank_files::Format::Csv);
        let errors = read_all(text.as_bytes(), &options).unwrap_err();
        errors[0].to_string()
    };
    assert!(
        csv("INV-1,5.00,ACME\n").starts_with("line 1: there is no header; the first line must")
    );
    assert!(csv("sep=;\npayment_id;amount\n").starts_with("line 1: Excel's line that names"));
    assert!(csv("payment_id\tamount\n").starts_with("line 1: columns are separated by tabs"));
    assert_eq!(csv(""), "line 1: the file is empty");
    assert_eq!(csv(HEADER), "the file has a header, and no payment");
}

#[test]
fn what_is_no_row_of_the_header_is_told() {
    let file = |rows: &str| format!("{HEADER}{rows}");
    assert_eq!(
        error(file("INV-1,ach\n")),
        "line 2: has 2 cells where the header has 10: quote a value that has the separator or a \
         line break"
    );
    assert_eq!(
        error(file("INV-1,ach")),
        "line 2: has 2 cells where the header has 10: the file may have been cut off"
    );
    assert_eq!(
        error(file("\"INV-1,ach\n1\n2\n")),
        "line 2: a quoted cell of this row is not closed: a quote is missing, or the file was cut \
         off"
    );
    assert!(error(file("\"INV-1\"x,ach\n")).contains("double a quote that is part of the text"));
    assert_eq!(payments(file(&format!("{},,,,,,,,,\n\n", csv_row("A", "1.00")))).len(), 1);
    let long = format!("{HEADER}\"{}", "x".repeat(2 << 20));
    assert!(error(long).starts_with("line 2: this row is longer than 1048576 bytes"));
}

#[test]
fn a_last_cell_that_may_be_cut_off_is_refused() {
    let file = |last: &str| format!("payment_id,destination_account_id,amount\nA,{TO},{last}");
    assert_eq!(
        error(file("100")),
        "line 2, amount: may be cut off, since no line break ends the last line: add one if the \
         file is whole"
    );
    for whole in ["100.00", "\"100\"", "100\n"] {
        assert_eq!(payments(file(whole)).len(), 1, "{whole}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_told_by_its_column() {
    let mut file = format!("{HEADER}INV-7,ach,{FROM},,M").into_bytes();
    file.push(0xfc);
    file.extend(format!("ller,{BANK},0012345678,1.00,,\n").bytes());
    assert_eq!(error(file), "line 2, recipient_name: is not UTF-8: save it as \"CSV UTF-8\"");
}
