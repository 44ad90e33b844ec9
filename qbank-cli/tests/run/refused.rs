//! What is found before anything is sent: one of each, through the program.

use std::fmt::Write as _;

use crate::program::folder::{HEADER, invoice, invoices, refused, result, rows};
use crate::program::{Folder, OPERATING};
use qbank_proto::calendar::{bank_day_from, is_bank_day, new_york_day};
use qbank_proto::chrono::{Days, NaiveDate, Utc};
use serde_json::json;

/// The only mistake of a file with this name.
#[track_caller]
fn mistake(folder: &Folder, name: &str, content: &str, options: &str) -> String {
    folder.write(name, content);
    let ended = folder.run(&format!("{name} --yes {options}")).run();
    let rows = rows(&ended);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert!(refused(&ended).contains("nothing was sent"), "{ended:?}");
    rows.into_iter().next().unwrap()
}

#[track_caller]
fn nothing_was_done(folder: &Folder) {
    assert_eq!(folder.bank.requests().len(), 0);
    let left = folder.names();
    assert!(!left.iter().any(|name| name.contains(".results.csv")), "{left:?}");
    assert!(!left.iter().any(|name| name.contains(".db") && !name.contains(".lock")), "{left:?}");
}

#[test]
fn one_bad_row_and_nothing_is_sent() {
    let folder = Folder::new();
    let bad = format!("INV-3,{OPERATING},Three,21000021,70000003,3.00,R\n");
    let worse = format!("INV-4,{OPERATING},,021000021,1.23E+11,4.001,R\n");
    folder.write("p.csv", invoices(1..=2) + &bad + &worse);
    let ended = folder.run("p.csv --yes").run();
    let found = rows(&ended);
    let told = [
        "4 bank_id: a leading zero is missing, as spreadsheets drop it",
        "5 recipient_name: is missing",
        "5 account_number: a spreadsheet wrote this as a number",
        "5 amount: ",
    ];
    assert_eq!(found.len(), told.len(), "{found:#?}");
    for told in told {
        assert!(found.iter().any(|row| row.starts_with(told)), "{told}: {found:#?}");
    }
    assert!(refused(&ended).contains("p.csv is not paid: nothing was sent"), "{ended:?}");
    nothing_was_done(&folder);
    // For people, too.
    let ended = folder.run("p.csv --yes --output table").run();
    assert!(ended.stderr.contains("\nline 4, bank_id: a leading zero"), "{ended:?}");
    // A name of a column, which is the file's own, begins no line of its own.
    let header = HEADER.replace("reference", "\"amuont\nline 9: all is well\"");
    folder.write("q.csv", header.replace("amount", "total") + &invoice(1));
    let ended = folder.run("q.csv --yes --output table").run();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(!ended.stderr.contains("\nline 9"), "{ended:?}");
    // Corrected under the same name, it is paid.
    folder.write("p.csv", invoices(1..=4));
    result(&folder.run("p.csv --yes").run(), 0);
}

#[test]
fn each_check_of_a_csv() {
    let folder = Folder::new();
    let row =
        |id: &str, amount: &str| format!("{id},{OPERATING},A,021000021,70000001,{amount},R\n");
    let file = |rows: &str| format!("{HEADER}{rows}");
    for (content, options, told) in [
        (file(&row("", "1.00")), "", "2 payment_id: is missing"),
        (file(&row("A", "1.00")).replace(OPERATING, "acc"), "", "2 source_account_id: "),
        (file(&row("A", "0.00")), "", "2 amount: "),
        (file(&row("A", "\"1,50\"")), "", "2 amount: has a decimal comma"),
        (file(&row("A", "1.00").replace("021000021", "021000022")), "", "2 bank_id: "),
        (file(&(row("A", "1.00") + &row("A", "2.00"))), "", "3 payment_id: is that of row 1 too"),
        (
            file(&(row("A", "1.00") + &row("B", "1.00"))),
            "",
            "3: pays the same payee the same amount",
        ),
        (
            file(&row("A", "1.00")).replace("amount", "amuont"),
            "",
            "1 amuont: is not known, and may be",
        ),
        (file(&row("A", "7.00")), "--max-row 5", "2 amount: is more than 5.00"),
        (file(&row("A", "7.00")), "--max-total 5", "the total is 7.00, and 5.00 is the most"),
        (
            file(&row("A", "7.00")),
            "--expect-count 2",
            "the file has 1 payments, and 2 are expected",
        ),
        (file(&row("A", "7.00")), "--expect-total 7.01", "the total is 7.00, and 7.01 is expected"),
        (file(""), "", "the file has a header, and no payment"),
        (String::new(), "", "this is no payment file: found an empty file"),
        ("PK\u{3}\u{4}".to_owned(), "", "this is no payment file: found an Excel workbook"),
    ] {
        // A header that is wrong in one place is told of in another, too.
        folder.write("p.csv", &content);
        let ended = folder.run(&format!("p.csv --yes {options}")).run();
        let found = rows(&ended);
        assert!(found.iter().any(|row| row.starts_with(told)), "{told}: {found:#?}");
    }
    nothing_was_done(&folder);
}

#[test]
fn a_row_without_an_account_that_pays_needs_one() {
    let folder = Folder::new();
    let file = invoices(1..=2).replace(&format!(",{OPERATING},"), ",,");
    let told = "source_account_id: ";
    folder.write("p.csv", &file);
    let found = rows(&folder.run("p.csv --yes").run());
    assert!(found.iter().all(|row| row.contains(told)), "{found:#?}");
    let ended = folder.run(&format!("p.csv --yes --from {OPERATING}")).run();
    assert_eq!(result(&ended, 0)["accepted"], 2);
}

fn dated(day: NaiveDate) -> String {
    let header = HEADER.replace("reference", "effective_date,reference");
    header + &invoice(1).replace(",REF 1", &format!(",{day},REF 1"))
}

#[test]
fn effective_dates() {
    let folder = Folder::new();
    let today = new_york_day(Utc::now());
    let past = today - Days::new(30);
    let closed = (1..10).map(|n| today + Days::new(n)).find(|day| !is_bank_day(*day)).unwrap();
    let told = mistake(&folder, "past.csv", &dated(past), "");
    assert!(told.starts_with("2 effective_date: is past: in New York it is"), "{told}");
    let told = mistake(&folder, "closed.csv", &dated(closed), "");
    assert!(told.starts_with("2 effective_date: is no bank day: the one before is"), "{told}");
    let told = mistake(&folder, "past.csv", &dated(past), "--roll-dates previous");
    assert!(told.contains("is past, or the bank day before it is"), "{told}");
    nothing_was_done(&folder);

    let ended = folder.run("closed.csv --yes --roll-dates next").run();
    assert_eq!(result(&ended, 0)["accepted"], 1);
    let moved = format!("INV-1 is moved from {closed} to {}", bank_day_from(closed));
    assert!(ended.stderr.contains(&moved), "{moved}: {ended:?}");
}

#[test]
fn duplicates_are_paid_where_they_are_meant() {
    let folder = Folder::new();
    let twice = invoices(1..=1) + &invoice(1).replacen("INV-1", "INV-1b", 1);
    let told = mistake(&folder, "p.csv", &twice, "");
    assert!(
        told.contains("as INV-1 on line 2: if that is meant, --allow-duplicate INV-1b"),
        "{told}"
    );
    nothing_was_done(&folder);
    let ended = folder.run("p.csv --yes --journal j.db --allow-duplicate INV-1b").run();
    assert_eq!(result(&ended, 0)["accepted"], 2);
    // A second file of the same journal.
    let told = mistake(
        &folder,
        "q.csv",
        &(HEADER.to_owned() + &invoice(1).replacen("INV-1", "INV-1c", 1)),
        "--journal j.db",
    );
    assert!(
        told.contains(", which was paid before: if that is meant, --allow-duplicate"),
        "{told}"
    );
    let ended = folder.run("q.csv --yes --journal j.db --allow-duplicates").run();
    assert_eq!(result(&ended, 0)["accepted"], 1);
    assert_eq!(folder.bank.entries(), 3);
}

/// Of one entry, right in every field.
fn nacha(day: NaiveDate, cents: u64, control: u64) -> String {
    let day = day.format("%y%m%d");
    let mut lines = vec![
        format!(
            "{:<94}",
            "101 021000021 1234567892611300900A094101SOME BANK              SOME COMPANY"
        ),
        format!(
            "5220{:<16}{:<20}{:<10}PPD{:<10}{:<6}{day}   102100002{:07}",
            "SOME COMPANY", "", "1123456789", "VENDORS", "", 1
        ),
        format!(
            "622021000021{:<17}{cents:010}{:<15}{:<22}  002100002{:07}",
            "70000001", "INV-1", "ACME Inc", 1
        ),
        format!(
            "8220000001{:010}{:012}{control:012}{:<10}{:<25}02100002{:07}",
            2_100_002, 0, "1123456789", "", 1
        ),
        format!("9{:06}{:06}{:08}{:010}{:012}{control:012}{:<39}", 1, 1, 1, 2_100_002, 0, ""),
    ];
    lines.resize(10, "9".repeat(94));
    lines.join("\n") + "\n"
}

#[test]
fn a_nacha_file() {
    let folder = Folder::new();
    let day = bank_day_from(new_york_day(Utc::now()) + Days::new(1));
    let from = format!("--from {OPERATING}");
    folder.write("p.ach", nacha(day, 500, 600));
    let found = rows(&folder.run(&format!("p.ach --yes {from}")).run());
    let told = "4 Total Credit Entry Dollar Amount: is 6.00, and the records before it have 5.00";
    assert!(found.contains(&told.to_owned()), "{found:#?}");
    let debit = nacha(day, 500, 500).replace("\n622", "\n627");
    folder.write("p.ach", &debit);
    let found = rows(&folder.run(&format!("p.ach --yes {from}")).run());
    assert!(found[0].starts_with("3 Transaction Code: is a debit"), "{found:#?}");
    nothing_was_done(&folder);
    folder.write("p.ach", nacha(day, 500, 500));
    let found = result(&folder.run(&format!("p.ach --yes {from}")).run(), 0);
    assert_eq!((&found["accepted"], &found["total"]), (&json!(1), &json!("5.00")));
    assert_eq!(folder.results("p.ach")[0].payment_id, "INV-1");
}

/// Of one transfer.
fn pain001(day: NaiveDate, count: u32, sum: &str) -> String {
    let mut file = String::new();
    let _ = write!(
        file,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
<CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-30T09:00:00</CreDtTm><NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}</CtrlSum></GrpHdr>
<PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}</CtrlSum>
<PmtTpInf><SvcLvl><Cd>NURG</Cd></SvcLvl></PmtTpInf>
<ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>
<Dbtr><Nm>Some Company</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>{OPERATING}</Id></Othr></Id></DbtrAcct>
<CdtTrfTxInf><PmtId><EndToEndId>INV-1</EndToEndId></PmtId>
<Amt><InstdAmt Ccy="USD">5.00</InstdAmt></Amt>
<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021000021</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>
<Cdtr><Nm>ACME</Nm></Cdtr><CdtrAcct><Id><Othr><Id>70000001</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf></CstmrCdtTrfInitn></Document>
"#
    );
    file
}

#[test]
fn a_pain001_file() {
    let folder = Folder::new();
    let day = bank_day_from(new_york_day(Utc::now()) + Days::new(1));
    for (content, told) in [
        (pain001(day, 2, "5.00"), "NbOfTxs"),
        (pain001(day, 1, "5.01"), "CtrlSum"),
        (pain001(day, 1, "5.00").replace("USD", "EUR"), "InstdAmt"),
        (pain001(day, 1, "5.00").replace("<Document", "<!DOCTYPE a><Document"), "DTD"),
    ] {
        folder.write("p.xml", &content);
        let found = rows(&folder.run("p.xml --yes").run());
        assert!(found.iter().any(|row| row.contains(told)), "{told}: {found:#?}");
    }
    nothing_was_done(&folder);
    folder.write("p.xml", pain001(day, 1, "5.00"));
    assert_eq!(result(&folder.run("p.xml --yes").run(), 0)["accepted"], 1);
}
