//! What holds for any file, and for any file that was cut off or altered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{BANK, Entry, FROM, HEADER, TO, csv_row, lines, nacha, options, pain001, transfer};
use proptest::collection::vec;
use proptest::prelude::*;
use qbank_files::{
    FailedWriter, Format, Outcome, Payment, ResultRow, ResultsWriter, read, read_all,
};
use qbank_proto::Money;

fn money(cents: u64) -> String {
    Money::from_cents(i64::try_from(cents).unwrap()).to_string()
}

/// What decides about the money: who, how much, under which id, when.
fn paid(payment: &Payment) -> (String, i64, String, Option<String>) {
    let day = payment.effective_date.map(|day| day.to_string());
    (payment.payment_id.clone(), payment.amount().cents(), payment.payee_hash(), day)
}

fn three_files(amounts: &[u64]) -> [String; 3] {
    let id = |row: usize| format!("INV-{row}");
    let csv = amounts.iter().enumerate().map(|(row, cents)| csv_row(&id(row), &money(*cents)));
    let entries: Vec<Entry> =
        amounts.iter().enumerate().map(|(row, cents)| Entry::new(id(row), *cents)).collect();
    let transfers: Vec<String> =
        amounts.iter().enumerate().map(|(row, cents)| transfer(&id(row), &money(*cents))).collect();
    [
        format!("{HEADER}{}", csv.collect::<String>()),
        lines(&nacha(&entries)),
        pain001(&transfers, amounts.len(), &money(amounts.iter().sum())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read_without_a_panic_and_to_an_end(
        bytes in vec(any::<u8>(), 0..400),
        text in "[ -~\\n\r\t<>&\",;é\u{200b}]{0,200}",
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            for format in [Format::Csv, Format::Nacha, Format::Pain001] {
                let rows = read(bytes, &options().format(format)).count();
                prop_assert!(rows <= 1001);
            }
            prop_assert!(read_all(bytes, &options()).is_err());
        }
    }

    /// Rows before the cut are as they were; none is another.
    #[test]
    fn a_file_that_is_cut_off_gives_the_rows_before_or_a_mistake(
        amounts in vec(1_u64..10_000_000_000, 1..6),
        place in any::<prop::sample::Index>(),
    ) {
        for file in three_files(&amounts) {
            let whole: Vec<_> = read_all(file.as_bytes(), &options()).unwrap().iter().map(paid).collect();
            let cut = &file.as_bytes()[..place.index(file.len())];
            let rows: Vec<_> = read(cut, &options()).collect();
            let good: Vec<_> = rows.iter().flatten().map(paid).collect();
            prop_assert_eq!(&good[..], &whole[..good.len()]);
            // Rows of a CSV that end with it cannot be told from a whole file; the others can.
            if file.starts_with('1') || file.starts_with('<') {
                let is_whole = file[cut.len()..].trim_start().is_empty();
                prop_assert_eq!(rows.iter().any(Result::is_err), !is_whole);
            }
        }
    }

    #[test]
    fn a_file_that_is_altered_is_read_without_a_panic(
        amounts in vec(1_u64..10_000_000_000, 1..4),
        alterations in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for file in three_files(&amounts) {
            let format = Format::detect(file.as_bytes()).unwrap();
            let mut bytes = file.into_bytes();
            for (place, byte) in &alterations {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            for row in read(&bytes[..], &options().format(format)) {
                if let Err(error) = row {
                    prop_assert!(!error.to_string().contains("12345678"), "{error}");
                }
            }
        }
    }

    /// The hash, the totals and the counts leave no digit of them alone.
    #[test]
    fn a_digit_of_an_entry_that_changes_is_noticed(
        amounts in vec(1_u64..10_000_000_000, 1..6),
        row in any::<prop::sample::Index>(),
        column in prop_oneof![3_usize..12, 29_usize..39],
        digit in 1_u8..10,
    ) {
        let [_, file, _] = three_files(&amounts);
        let place = (2 + row.index(amounts.len())) * 95 + column;
        let mut bytes = file.into_bytes();
        bytes[place] = b'0' + (bytes[place] - b'0' + digit) % 10;
        prop_assert!(read_all(&bytes[..], &options()).is_err());
    }

    #[test]
    fn an_amount_of_a_message_that_changes_is_noticed(
        amounts in vec(1_u64..10_000_000_000, 1..6),
        row in any::<prop::sample::Index>(),
        more in 1_u64..1_000_000,
    ) {
        let [.., file] = three_files(&amounts);
        let row = row.index(amounts.len());
        let of = |cents: u64| transfer(&format!("INV-{row}"), &money(cents));
        let altered = file.replacen(&of(amounts[row]), &of(amounts[row] + more), 1);
        prop_assert_ne!(&file, &altered);
        prop_assert!(read_all(altered.as_bytes(), &options()).is_err());
    }

    /// However a program writes a CSV, the same payments are read.
    #[test]
    fn a_csv_is_read_however_it_is_written(
        rows in vec(("[A-Z0-9-]{1,12}", "[ -~é]{0,10}[a-z]", 1_u64..1_000_000_000_000, "[ -~\n\"]{0,20}"), 1..8),
        order in Just([0_usize, 1, 2, 3, 4, 5, 6]).prop_shuffle(),
        semicolon: bool,
        crlf: bool,
        always: bool,
        mark: bool,
    ) {
        let columns =
            ["payment_id", "recipient_name", "bank_id", "account_number", "amount", "type", "note"];
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(if semicolon { b';' } else { b',' });
        if crlf {
            builder.terminator(csv::Terminator::CRLF);
        }
        if always {
            builder.quote_style(csv::QuoteStyle::Always);
        }
        let output = if mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        let mut writer = builder.from_writer(output);
        writer.write_record(order.map(|at| columns[at])).unwrap();
        for (id, name, cents, note) in &rows {
            let amount = money(*cents);
            let cells = [id, name, BANK, "0012345678", &amount, "", note];
            writer.write_record(order.map(|at| cells[at])).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let read = read_all(&file[..], &options()).unwrap();
        prop_assert_eq!(read.len(), rows.len());
        for (payment, (id, name, cents, note)) in read.iter().zip(&rows) {
            prop_assert_eq!(&payment.payment_id, id);
            prop_assert_eq!(payment.recipient_name(), Some(name.as_str()));
            prop_assert_eq!(payment.amount().cents(), i64::try_from(*cents).unwrap());
            prop_assert_eq!(payment.more(), [("note", note.as_str())]);
            let start: Vec<&str> = std::str::from_utf8(&file).unwrap().split('\n').collect();
            prop_assert!(usize::try_from(payment.line).unwrap() < start.len());
        }
        // And what is written of it for another run is the same under another id.
        let mut failed = FailedWriter::new(Vec::new());
        for payment in &read {
            failed.write(payment, |_| false).unwrap();
        }
        let again = read_all(&failed.finish().unwrap()[..], &options()).unwrap();
        for (one, other) in read.iter().zip(&again) {
            prop_assert_ne!(&one.payment_id, &other.payment_id);
            prop_assert_eq!(one.more(), other.more());
            prop_assert_eq!(format!("{:?}", one.request), format!("{:?}", other.request));
        }
    }

    /// A reader of CSV finds the cells of the results as they are, but for an apostrophe.
    #[test]
    fn results_are_read_back(message in any::<String>(), name in "[=+@\t -~é-]{0,10}", attempts: u64) {
        let file = format!("{HEADER}A,ach,{FROM},{TO},,,,1.00,,\n");
        let payments = read_all(file.as_bytes(), &options()).unwrap();
        let mut row = ResultRow::new(&payments[0], Outcome::Unknown);
        row.message = Some(message.as_str().into());
        row.recipient_name = Some(name.as_str().into());
        row.attempts = attempts;
        let mut writer = ResultsWriter::new(Vec::new()).unwrap();
        writer.write(&row).unwrap();
        let written = writer.finish().unwrap();
        let record = csv::Reader::from_reader(&written[..]).records().next().unwrap().unwrap();
        prop_assert_eq!(&record[10], attempts.to_string());
        for (cell, text) in [(&record[6], &name), (&record[14], &message)] {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert!(cell == text || cell.strip_prefix('\'') == Some(text.as_str()));
        }
    }
}

#[test]
fn every_cut_of_a_small_file_is_a_mistake_or_the_rows_before() {
    for file in three_files(&[125_050, 7, 99_900]) {
        let whole: Vec<_> =
            read_all(file.as_bytes(), &options()).unwrap().iter().map(paid).collect();
        for at in 0..file.len() {
            let good: Vec<_> =
                read(&file.as_bytes()[..at], &options()).flatten().map(|it| paid(&it)).collect();
            assert_eq!(good[..], whole[..good.len()], "{at}");
        }
    }
}
