//! Every form in which the bank may write a value, and what becomes of one that is there
//! and cannot be read.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking, and uses a part of the bed"
)]

mod bed;

use std::fmt::Debug;

use qbank_proto::endpoint::{
    Account, AchAccepted, Balance, CheckException, CheckIssueAccepted, Endpoint, GetBalance,
    ListAccounts, ListCheckExceptions, ListTransactions, Payment, Transaction, TransferAccepted,
};
use qbank_proto::{Error, ErrorKind, Fate, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;

use bed::*;

fn read<E: Endpoint>(
    endpoint: E,
    body: impl Into<bytes::Bytes>,
) -> Result<Reply<E::Output>, Error> {
    Bed::with_ready_token().bank([says(200).body(body)]).send(endpoint)
}

fn transaction(members: &str) -> Result<Transaction, Error> {
    let body = format!(r#"[{{"transactionId":"{PAYMENT}",{members}}}]"#);
    read(ListTransactions::new(), body).map(|reply| reply.value.into_iter().next().unwrap())
}

#[test]
fn a_moment_is_read_with_any_offset_and_without_one() {
    for text in [
        "2026-01-05T09:30:00Z",
        "2026-01-05T09:30:00+0000",
        "2026-01-05T09:30:00+00",
        "2026-01-05T09:30:00",
        "2026-01-05 10:30:00.000+01:00",
    ] {
        let read = transaction(&format!(r#""posting_date":"{text}""#)).unwrap();
        assert_eq!(read.posting_date.unwrap().to_rfc3339(), "2026-01-05T09:30:00+00:00", "{text}");
    }
}

#[test]
fn a_date_time_where_a_date_is_documented_is_its_date_as_written() {
    for text in ["2026-01-05", "2026-01-05T23:30:00-08:00", "2026-01-05T00:30:00+0900"] {
        let read = transaction(&format!(r#""value_date":"{text}""#)).unwrap();
        assert_eq!(read.value_date.unwrap().to_string(), "2026-01-05", "{text}");
        let body = format!(r#"[{{"exceptionId":"{PAYMENT}","presentment_date":"{text}"}}]"#);
        let exception = read_one(ListCheckExceptions, body);
        assert_eq!(exception.presentment_date.unwrap().to_string(), "2026-01-05");
    }
}

fn read_one<T: Debug, E: Endpoint<Output = Vec<T>>>(endpoint: E, body: String) -> T {
    read(endpoint, body).unwrap().value.remove(0)
}

#[test]
fn an_amount_is_a_number_or_a_string_of_one() {
    for json in ["-10.10", "\"-10.10\"", "-1.01e1"] {
        let read = transaction(&format!(r#""amount":{json}"#)).unwrap();
        assert_eq!(read.amount.unwrap().cents(), -1010);
    }
}

#[test]
fn a_number_where_a_text_is_documented_is_its_digits() {
    let digits = "00000000012345678901234567890123456789";
    for number in ["1001", "12345678901234567890123456789", "1e400"] {
        let body = format!(r#"[{{"exceptionId":"{PAYMENT}","check_number":{number}}}]"#);
        assert_eq!(read_one(ListCheckExceptions, body).check_number.as_deref(), Some(number));
    }
    let body = format!(r#"[{{"exceptionId":"{PAYMENT}","check_number":"{digits}"}}]"#);
    assert_eq!(read_one(ListCheckExceptions, body).check_number.as_deref(), Some(digits));
    let mut bed = Bed::with_ready_token().bank([says(422).body(r#"{"error_code":4711}"#)]);
    assert_eq!(bed.send(ach()).unwrap_err().error_code(), Some("4711"));
}

#[test]
fn a_byte_order_mark_before_any_body_is_no_part_of_it() {
    let body = format!("\u{feff}[{{\"accountId\":\"{FROM}\"}}]");
    assert_eq!(read(ListAccounts, body).unwrap().value.len(), 1);
    let body = format!("\u{feff}{}", payment_json("WIRE", "25.00", "P_COMPLETED"));
    assert!(Bed::new().bank([says(201).body(body)]).send(wire()).is_ok());
    let marked = says(202).body("\u{feff}");
    assert_eq!(Bed::new().bank([marked]).send(ach()).unwrap().fate, Fate::Accepted);
    let mut bed = Bed::new().bank([says(422).body("\u{feff}{\"error_code\":\"E\"}")]);
    assert_eq!(bed.send(ach()).unwrap_err().error_code(), Some("E"));
    let token = says(200).body("\u{feff}{\"access_token\":\"t\",\"token_type\":\"Bearer\"}");
    assert!(Bed::new().tokens([token]).bank([accepted()]).send(ach()).is_ok());
}

#[test]
fn one_lone_surrogate_does_not_end_a_list() {
    let body = format!(
        r#"[{{"transactionId":"{PAYMENT}","description":"a\ud800","\udc00":1}},{{"transactionId":"{PAYMENT}"}}]"#
    );
    let list = read(ListTransactions::new(), body).unwrap().value;
    assert_eq!(list.len(), 2);
    assert_eq!(list[0].description.as_deref(), Some("a\u{fffd}"));
}

#[test]
fn a_value_that_a_read_cannot_read_is_an_error_that_names_it_and_not_the_value() {
    for (member, path) in [
        (r#""amount":"s3cr3t""#, "[1].amount"),
        (r#""amount":10.125"#, "[1].amount"),
        (r#""description":["s3cr3t"]"#, "[1].description"),
        (r#""transaction_date":"s3cr3t""#, "[1].transaction_date"),
        (r#""value_date":"2026-02-30""#, "[1].value_date"),
        (r#""posting_date":7"#, "[1].posting_date"),
        (r#""status":{}"#, "[1].status"),
        (r#""timestamp":"s3cr3t""#, "[1].timestamp"),
        (r#""request_id":"s3cr3t""#, "[1].request_id"),
    ] {
        let body = format!(
            r#"[{{"transactionId":"{PAYMENT}"}},{{"transactionId":"{PAYMENT}",{member}}}]"#
        );
        let error = read(ListTransactions::new(), body).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
        assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
    let refused = |error: Error, path: &str| {
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
        assert!(error.to_string().contains(path), "{error}");
    };
    let balance = format!(r#"{{"accountId":"{FROM}","availableBalance":"much"}}"#);
    let balance = read(GetBalance::new(FROM.parse().unwrap()), balance);
    refused(balance.unwrap_err(), "`availableBalance`");
    let account = format!(r#"[{{"accountId":"{FROM}","accountType":7}}]"#);
    refused(read(ListAccounts, account).unwrap_err(), "`[0].accountType`");
    let payment = format!(r#"{{"paymentId":"{PAYMENT}","creationDate":"soon"}}"#);
    refused(read(get_payment(), payment).unwrap_err(), "`creationDate`");
    let twice = format!(r#"[{{"accountId":"{FROM}","status":"Active","status":"Closed"}}]"#);
    refused(read(ListAccounts, twice).unwrap_err(), "`[0]`");
}

#[test]
fn of_two_spellings_the_first_counts_unless_it_is_null() {
    let account = |members: &str| {
        let body = format!("[{{{members}}}]").replace("FROM", FROM).replace("TO", TO);
        read(ListAccounts, body).map(|reply| reply.value[0].account_id.to_string())
    };
    assert_eq!(account(r#""account_id":"TO","accountId":"FROM""#).unwrap(), FROM);
    assert_eq!(account(r#""account_id":"TO","accountId":null"#).unwrap(), TO);
    assert!(account(r#""account_id":"TO","accountId":7"#).is_err());
}

#[test]
fn an_encoded_response_is_decided_by_its_status_and_named() {
    let gzip = |act: Act| act.header("content-encoding", "gzip").body(vec![0x1f, 0x8b, 8, 0]);
    let named = |error: &Error| assert!(error.to_string().contains("gzip"), "{error}");
    let error = Bed::new().always(gzip(says(201))).send(wire()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    named(&error);
    let error = Bed::new().always(gzip(says(201))).send(transfer()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    let error = Bed::new().always(gzip(says(200))).send(accounts()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
    named(&error);
    let reply = Bed::new().bank([gzip(accepted())]).send(ach()).unwrap();
    assert_eq!((reply.fate, reply.value.payment_id), (Fate::Accepted, Some(payment_id())));
    let error = Bed::new().bank([gzip(says(409))]).send(transfer()).unwrap_err();
    assert_eq!(error.fate(), Fate::InProgress);
    let error = Bed::new().bank([gzip(says(422))]).send(ach()).unwrap_err();
    expect(&error, ErrorKind::InvalidRequest, Fate::Refused, 1);
    let identity = says(201).header("content-encoding", "identity").body(payment_json(
        "WIRE",
        "25.00",
        "P_COMPLETED",
    ));
    assert!(Bed::new().bank([identity]).send(wire()).is_ok());
}

/// What is written is read as the same, from a text, from bytes that come, and from a value.
fn goes_round<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    assert_eq!(&serde_json::from_reader::<_, T>(text.as_bytes()).unwrap(), value);
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value);
}

#[test]
fn resources_are_written_and_read() {
    const AUDIT: &str = r#""timestamp":"2026-01-05T01:00:00.123Z","actor":"c","request_id":"9d2f6a51-1111-4222-8333-444455556666""#;
    let bank = |body: &str| body.replace("ID", PAYMENT).replace("AUDIT", AUDIT);
    goes_round(
        &serde_json::from_str::<Account>(&bank(
            r#"{"account_id":"ID","friendly_name":"Ops","account_type":"Gold","status":"Active",AUDIT}"#,
        ))
        .unwrap(),
    );
    goes_round(
        &serde_json::from_str::<Balance>(&bank(
            r#"{"accountId":"ID","available_balance":-10.1,"ledger_balance":"1234567890.07","last_updated_timestamp":"2026-01-05T01:00:00"}"#,
        ))
        .unwrap(),
    );
    goes_round(
        &serde_json::from_str::<Transaction>(&bank(
            r#"{"transaction_id":"ID","amount":0.1,"description":"é\n","transaction_date":"2026-01-05T09:00:00Z","value_date":"2026-01-06","status":"POSTED",AUDIT}"#,
        ))
        .unwrap(),
    );
    goes_round(
        &serde_json::from_str::<Payment>(&bank(
            r#"{"payment_id":"ID","type":"ACH","amount":1e3,"status":"P_FAILED","creation_date":"2026-01-05T09:00:00Z","source_account_id":"ID",AUDIT}"#,
        ))
        .unwrap(),
    );
    goes_round(
        &serde_json::from_str::<CheckException>(&bank(
            r#"{"exceptionId":"ID","check_number":1001,"presented_amount":9,"presentment_date":"2026-01-05","reason_code":"NEW",AUDIT}"#,
        ))
        .unwrap(),
    );
    goes_round(&AchAccepted::new(Some(payment_id())));
    goes_round(&TransferAccepted::new());
    goes_round(&CheckIssueAccepted::new(PAYMENT.parse().unwrap()));
    goes_round(&Account::new(FROM.parse().unwrap()));
    goes_round(&Balance::new(FROM.parse().unwrap()));
    goes_round(&Transaction::new(PAYMENT.parse().unwrap()));
    goes_round(&CheckException::new(PAYMENT.parse().unwrap()));
    goes_round(&Payment::new(payment_id()));
    goes_round(&qbank_proto::Scope::PaymentsRead);
    goes_round(&qbank_proto::IdempotencyKey::from_entropy([7; 16]));
    goes_round(&"021000021".parse::<qbank_proto::RoutingNumber>().unwrap());
}

#[test]
fn a_resource_that_cannot_be_read_says_so_without_its_value() {
    let json = format!(r#"{{"transactionId":"{PAYMENT}","amount":"s3cr3t"}}"#);
    let error = serde_json::from_str::<Transaction>(&json).unwrap_err().to_string();
    assert!(error.contains("`amount`") && !error.contains("s3cr3t"), "{error}");
    assert!(serde_json::from_str::<Account>(&format!(r#"["{FROM}"]"#)).is_err());
}

#[test]
fn a_followed_payment_of_another_account_is_not_ours() {
    let conflict = says(409)
        .json(&format!(r#"{{"type":"x/idempotency-conflict","transaction_id":"{PAYMENT}"}}"#));
    let payment = payment_json("WIRE", "25.00", "P_PROCESSING");
    let of = |account: &str| {
        says(200).json(&payment.replacen('{', &format!(r#"{{"source_account_id":"{account}","#), 1))
    };
    let follow = |found: Act| Bed::new().bank([reset(), conflict.clone(), found]).send(wire());
    assert!(follow(of(FROM)).unwrap().followed);
    assert!(follow(of("masked")).unwrap().followed);
    let error = follow(of(OTHER_PAYMENT)).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::IdempotencyConflict, Fate::InProgress));
}
