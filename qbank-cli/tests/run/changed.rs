//! Which file a journal is of.

use crate::program::folder::{HEADER, invoice, invoices, refused, result, rows};
use crate::program::{Folder, OPERATING, PAYROLL};
use qbank_files::{ReadOptions, Request, file_digest, read_all};
use qbank_outbox::{Intent, Sqlite, StoreError};
use qbank_proto::calendar::{is_bank_day, new_york_day};
use qbank_proto::chrono::{Days, Utc};

#[test]
fn a_changed_file_is_refused_and_its_rows_are_named() {
    let folder = Folder::of(4);
    result(&folder.run("p.csv --yes").run(), 0);
    let requests = folder.bank.requests().len();
    let changed = invoices([1, 3, 4, 5]).replace("1.03", "9.03");
    folder.write("p.csv", changed);
    let ended = folder.run("p.csv --yes").run();
    let message = refused(&ended);
    assert!(message.contains("not the file whose run is in p.csv.qbank.db"), "{message}");
    let mut found = rows(&ended);
    found.sort();
    assert_eq!(found, ["3: INV-3 was changed", "5: INV-5 is new", "INV-2 is missing"]);
    assert_eq!(folder.bank.requests().len(), requests);
}

#[test]
fn another_file_of_the_same_name_is_told_as_such() {
    let folder = Folder::of(3);
    result(&folder.run("p.csv --yes").run(), 0);
    folder.write("p.csv", invoices(11..=13));
    let message = refused(&folder.run("p.csv --yes").run());
    assert!(message.contains("p.csv.qbank.db is the journal of another file"), "{message}");
    assert!(message.contains("--journal"), "{message}");
}

#[test]
fn the_same_payments_in_another_form_go_on() {
    let folder = Folder::of(4);
    let first = result(&folder.run("p.csv --yes").run(), 0);
    let other = invoices(1..=4).replace('\n', "\r\n").replace(',', ";") + "\r\n\r\n";
    folder.write("p.csv", format!("\u{feff}{other}"));
    assert_eq!(result(&folder.run("p.csv --yes").run(), 0), first);
    assert_eq!(folder.bank.entries(), 4);
}

#[test]
fn the_same_payments_in_another_form_whose_days_were_moved_go_on() {
    let folder = Folder::new();
    let today = new_york_day(Utc::now());
    let closed = (1..10).map(|n| today + Days::new(n)).find(|day| !is_bank_day(*day)).unwrap();
    let header = HEADER.replace("reference", "effective_date,reference");
    let file = header + &invoice(1).replace(",REF 1", &format!(",{closed},REF 1"));
    folder.write("p.csv", &file);
    result(&folder.run("p.csv --yes --roll-dates next").run(), 0);
    folder.write("p.csv", file.replace('\n', "\r\n"));
    for line in ["p.csv --yes --roll-dates next", "p.csv --yes"] {
        result(&folder.run(line).run(), 0);
    }
    assert_eq!(folder.bank.entries(), 1);
}

#[test]
fn another_account_that_pays_is_a_change() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=2).replace(&format!(",{OPERATING},"), ",,"));
    result(&folder.run(&format!("p.csv --yes --from {OPERATING}")).run(), 0);
    let ended = folder.run(&format!("p.csv --yes --from {PAYROLL}")).run();
    assert_eq!(rows(&ended), ["2: INV-1 was changed", "3: INV-2 was changed"]);
    result(&folder.run(&format!("p.csv --yes --from {OPERATING}")).run(), 0);
}

#[test]
fn a_shared_journal_takes_a_second_file() {
    let folder = Folder::of(2);
    folder.write("q.csv", invoices(3..=5));
    result(&folder.run("p.csv --yes --journal j.db").run(), 0);
    let found = result(&folder.run("q.csv --yes --journal j.db").run(), 0);
    assert_eq!((&found["rows"], &found["accepted"]), (&3.into(), &3.into()));
    let found = result(&folder.run("p.csv --yes --journal j.db").run(), 0);
    assert_eq!(found["rows"], 2);
    assert_eq!(folder.results("q.csv")[0].cell("row"), "1");
    assert_eq!(folder.bank.entries(), 5);
}

#[test]
fn control_totals_hold_when_it_is_resumed() {
    let folder = Folder::of(2);
    result(&folder.run("p.csv --yes --expect-count 2 --expect-total 2.03").run(), 0);
    let message = refused(&folder.run("p.csv --yes --expect-count 3").run());
    assert!(message.contains("the run has 2 payments, and 3 are expected"), "{message}");
    let message = refused(&folder.run("p.csv --yes --expect-total 2").run());
    assert!(message.contains("the run has 2.03 dollars, and 2.00 are expected"), "{message}");
}

/// The process was gone for days: what was checked then is not checked by the days of now.
#[test]
fn a_run_goes_on_when_its_effective_dates_are_past() {
    let folder = Folder::new();
    let header = HEADER.replace("reference", "effective_date,reference");
    let file = header + &invoice(1).replace(",REF 1", ",2026-01-06,REF 1");
    folder.write("p.csv", &file);
    assert!(rows(&folder.run("p.csv --yes").run())[0].contains("is past"));
    // As a run of that day has left it.
    let run = file_digest(file.as_bytes()).unwrap();
    let intents = read_all(file.as_bytes(), &ReadOptions::new()).unwrap().into_iter();
    let intents = intents.map(|payment| {
        let Request::Ach(request) = payment.request else { panic!("{payment:?}") };
        Ok::<_, StoreError>(Intent::new(request).id(payment.payment_id).actor("a").run_id(&*run))
    });
    let mut store = Sqlite::migrate(folder.path("p.csv.qbank.db")).unwrap();
    store.enqueue_each(intents).unwrap();
    drop(store);
    assert_eq!(result(&folder.run("p.csv --yes").run(), 0)["accepted"], 1);
}
