//! What is checked over all rows of a file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{BANK, Entry, FROM, HEADER, TO, lines, nacha, options, pain001, payments, transfer};
use qbank_files::{
    CheckOptions, Checks, Earlier, Payment, Request, Roll, RowError, Summary, validate,
};
use qbank_proto::chrono::NaiveDate;
use qbank_proto::{Money, parse_day};

/// A Monday.
const TODAY: &str = "2026-11-30";

fn day(text: &str) -> NaiveDate {
    parse_day(text).unwrap()
}

fn run(
    file: &str,
    set: impl FnOnce(&mut CheckOptions),
) -> (Result<Summary, Vec<RowError>>, Vec<Payment>) {
    let mut options = CheckOptions::new(day(TODAY));
    set(&mut options);
    run_with(file, &mut Checks::new(options))
}

fn run_with(file: &str, checks: &mut Checks) -> (Result<Summary, Vec<RowError>>, Vec<Payment>) {
    let mut payments = Vec::new();
    let result = validate(file.as_bytes(), &options(), checks, |payment| payments.push(payment));
    (result, payments)
}

fn told(file: &str, set: impl FnOnce(&mut CheckOptions)) -> Vec<String> {
    let errors = run(file, set).0.unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

/// Rows of id, account number, amount and day.
fn csv(rows: &[(&str, &str, &str, &str)]) -> String {
    rows.iter().fold(HEADER.to_owned(), |file, (id, account, amount, day)| {
        format!("{file}{id},ach,{FROM},,ACME,{BANK},{account},{amount},{day},\n")
    })
}

#[test]
fn ids_are_unique_in_every_format() {
    let csv = csv(&[("A", "1", "1.00", ""), ("B", "2", "1.00", ""), ("A", "3", "1.00", "")]);
    assert_eq!(told(&csv, |_| {}), ["line 4, payment_id: is that of row 1 too, on line 2"]);
    let mut other = Entry::new("A", 200);
    other.account = "77".to_owned();
    let nacha = lines(&nacha(&[Entry::new("A", 100), other]));
    assert_eq!(
        told(&nacha, |_| {}),
        ["line 4, Individual Identification Number: is that of row 1 too, on line 3"]
    );
    let message = pain001(&[transfer("A", "1.00"), transfer("A", "2.00")], 2, "3.00");
    let one_line = message.replace('\n', "");
    assert_eq!(
        told(&one_line, |_| {}),
        ["line 1, PmtInf/CdtTrfTxInf/PmtId/EndToEndId: is that of row 1 too, on line 1"]
    );
}

#[test]
fn the_same_payee_and_amount_within_seven_days_is_refused_or_allowed() {
    let file = csv(&[
        ("A", "0012345678", "5.00", "2026-12-01"),
        ("B", "12345678", "5.00", "2026-12-08"),
        ("C", "12345678", "5.00", "2026-12-16"),
        ("D", "12345678", "5.01", "2026-12-01"),
        ("E", "99", "5.00", "2026-12-01"),
    ]);
    assert_eq!(
        told(&file, |_| {}),
        [
            "line 3: pays the same payee the same amount within seven days as A on line 2: if that is \
          meant, --allow-duplicate B"
        ]
    );
    assert!(run(&file, |it| it.allow_duplicates = true).0.is_ok());
    assert!(run(&file, |it| it.allowed_duplicates = ["A".to_owned()].into()).0.is_err());
    let summary = run(&file, |it| it.allowed_duplicates = ["B".to_owned()].into()).0.unwrap();
    assert_eq!(summary.duplicates.count, 1);
    let pair = &summary.duplicates.first[0];
    assert_eq!((pair.payment_id.as_str(), pair.of.as_str(), pair.of_line), ("B", "A", Some(2)));
    assert!(pair.allowed);
}

#[test]
fn rows_without_a_day_are_of_today() {
    let file = csv(&[("A", "1", "5.00", "2026-12-07"), ("B", "1", "5.00", "")]);
    assert_eq!(told(&file, |_| {}).len(), 1);
    let file = csv(&[("A", "1", "5.00", "2026-12-08"), ("B", "1", "5.00", "")]);
    assert!(run(&file, |_| {}).0.is_ok());
}

#[test]
fn payments_of_earlier_runs_count_and_a_payment_is_not_its_own_duplicate() {
    let file = csv(&[("A", "1", "5.00", "2026-12-01")]);
    let payment = run(&file, |_| {}).1.remove(0);
    let earlier = |id: &str, day_of: &str, cents: i64| Earlier {
        payment_id: id.to_owned(),
        payee_hash: payment.payee_hash(),
        amount: Money::from_cents(cents),
        day: day(day_of),
    };
    let with = |earlier: Earlier| {
        let mut checks = Checks::new(CheckOptions::new(day(TODAY)));
        checks.earlier(earlier);
        run_with(&file, &mut checks).0
    };
    let errors = with(earlier("OLD-9", "2026-11-24", 500)).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "line 2: pays the same payee the same amount within seven days as OLD-9, which was paid \
         before: if that is meant, --allow-duplicate A"
    );
    assert!(with(earlier("OLD-9", "2026-11-23", 500)).is_ok());
    assert!(with(earlier("OLD-9", "2026-11-24", 501)).is_ok());
    assert!(with(earlier("A", "2026-11-30", 500)).is_ok());
    let nobody = Earlier { payee_hash: "no digest".to_owned(), ..earlier("B", TODAY, 500) };
    assert!(with(nobody).is_ok());
}

#[test]
fn a_payees_digest_is_that_of_the_outbox() {
    let file = format!(
        "{HEADER}A,ach,{FROM},,ACME,{BANK},0012345678,1.00,,\nB,ach,{FROM},{TO},,,,1.00,,\n\
         C,wire,{FROM},,ACME,{BANK},0099,1.00,,W\n"
    );
    for payment in payments(&file) {
        let hash = payment.payee_hash();
        let request: qbank_outbox::Request = match payment.request {
            Request::Ach(ach) => ach.into(),
            Request::Wire(wire) => wire.into(),
        };
        let intent = qbank_outbox::Intent::new(request).id(payment.payment_id);
        let key = qbank_proto::IdempotencyKey::from_entropy([7; 16]);
        assert_eq!(intent.record(key).unwrap().payee_hash, hash);
    }
}

#[test]
fn a_day_that_is_past_or_no_bank_day_is_refused_or_moved() {
    let file = |day: &str| csv(&[("A", "1", "5.00", day)]);
    let moved = |day: &str, roll: Roll| {
        let (result, payments) = run(&file(day), |it| it.roll_dates = Some(roll));
        let day = payments[0].effective_date.unwrap().to_string();
        let Request::Ach(ach) = &payments[0].request else { panic!("a wire") };
        assert_eq!(ach.effective_date, payments[0].effective_date);
        result.map(|summary| {
            assert_eq!(summary.by_effective_date[0].of.unwrap().to_string(), day);
            (summary.rolled.count, day)
        })
    };
    for good in [TODAY, "2026-12-01", ""] {
        assert!(run(&file(good), |_| {}).0.is_ok(), "{good}");
    }
    assert_eq!(
        told(&file("2026-11-27"), |_| {}),
        [
            "line 2, effective_date: is past: in New York it is 2026-11-30; correct it, or move it by \
          --roll-dates next"
        ]
    );
    assert_eq!(
        told(&file("2026-12-25"), |_| {}),
        ["line 2, effective_date: is no bank day: the one before is 2026-12-24, the next \
          2026-12-28; correct it, or move it by --roll-dates next or previous"]
    );
    assert_eq!(moved("2026-12-25", Roll::Next), Ok((1, "2026-12-28".to_owned())));
    assert_eq!(moved("2026-12-25", Roll::Previous), Ok((1, "2026-12-24".to_owned())));
    assert_eq!(moved("2026-12-01", Roll::Next), Ok((0, "2026-12-01".to_owned())));
    assert_eq!(moved("2026-11-27", Roll::Next), Ok((1, TODAY.to_owned())));
    let told = moved("2026-11-28", Roll::Previous).unwrap_err();
    assert!(told[0].to_string().contains("is past, or the bank day before it is"), "{told:?}");
}

#[test]
fn a_wire_is_sent_today_or_not_by_this_run() {
    let file = |day: &str| format!("{HEADER}A,wire,{FROM},,ACME,{BANK},77,5.00,{day},W-1\n");
    for good in ["", TODAY] {
        assert!(run(&file(good), |_| {}).0.is_ok(), "{good}");
    }
    let errors = told(&file("2026-12-01"), |_| {});
    assert!(errors[0].starts_with("line 2, effective_date: is later than today, and a wire is"));
    assert!(run(&file("2026-11-27"), |it| it.roll_dates = Some(Roll::Next)).0.is_ok());
}

#[test]
fn limits_and_control_totals_hold() {
    let file = csv(&[("A", "1", "5.00", ""), ("B", "2", "7.50", "")]);
    let money = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        told(&file, |it| it.limits.max_row = money("7.49")),
        ["line 3, amount: is more than 7.49, which is the most for a row (--max-row)"]
    );
    assert_eq!(
        told(&file, |it| it.limits.max_total = money("12.49")),
        ["the total is 12.50, and 12.49 is the most (--max-total)"]
    );
    assert_eq!(
        told(&file, |it| it.limits.expect_count = Some(3)),
        ["the file has 2 payments, and 3 are expected (--expect-count)"]
    );
    assert_eq!(
        told(&file, |it| it.limits.expect_total = money("12.51")),
        ["the total is 12.50, and 12.51 is expected (--expect-total)"]
    );
    let exact = run(&file, |it| {
        it.limits.max_row = money("7.50");
        it.limits.max_total = money("12.50");
        it.limits.expect_total = money("12.5");
        it.limits.expect_count = Some(2);
    });
    assert!(exact.0.is_ok());
    // A row that cannot be read is told, and not that the total differs.
    let broken = format!("{file}C,ach,{FROM},,ACME,{BANK},3,x,,\n");
    assert_eq!(told(&broken, |it| it.limits.expect_count = Some(3)).len(), 1);
}

#[test]
fn a_sum_that_cannot_be_held_is_a_mistake() {
    let most = "92233720368547758.07";
    let file = csv(&[("A", "1", most, ""), ("B", "2", "0.01", "")]);
    assert_eq!(
        told(&file, |_| {}),
        ["line 3, amount: makes the total larger than any amount that can be held"]
    );
}

#[test]
fn the_summary_adds_up_by_type_account_and_day() {
    let file = format!(
        "{HEADER}A,ach,{FROM},,ACME,{BANK},1,1.10,2026-12-01,\n\
         B,wire,{FROM},,ACME,{BANK},2,2.20,,W\n\
         C,ach,{TO},,ACME,{BANK},3,4.40,2026-12-01,\n"
    );
    let summary = run(&file, |_| {}).0.unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "rows": 3,
            "total": "7.70",
            "by_type": [
                {"of": "ach", "rows": 2, "total": "5.50"},
                {"of": "wire", "rows": 1, "total": "2.20"},
            ],
            "by_source_account": [
                {"of": FROM, "rows": 2, "total": "3.30"},
                {"of": TO, "rows": 1, "total": "4.40"},
            ],
            "by_effective_date": [
                {"of": null, "rows": 1, "total": "2.20"},
                {"of": "2026-12-01", "rows": 2, "total": "5.50"},
            ],
            "duplicates": {"count": 0, "first": []},
            "rolled": {"count": 0, "first": []},
            "with_remittance": 0,
        })
    );
    let message = pain001(&[transfer("A", "1.00")], 1, "1.00");
    assert_eq!(run(&message, |_| {}).0.unwrap().with_remittance, 1);
}

#[test]
fn mistakes_of_rows_and_of_the_file_are_bounded_together() {
    let rows = csv(&[("A", "1", "5.00", "")]);
    let row = rows.strip_prefix(HEADER).unwrap();
    let file = format!("{HEADER}{}", row.repeat(50));
    let mut checks = Checks::new(CheckOptions::new(day(TODAY)));
    let result = validate(file.as_bytes(), &options().max_errors(10), &mut checks, |_| {});
    let errors = result.unwrap_err();
    assert!((11..=12).contains(&errors.len()), "{}", errors.len());
    assert!(checks.has("A") && !checks.has("B"));
}
