//! Bodies in either spelling, with more or less than expected, and bodies that
//! mean harm.
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
    AccountStatus, AccountType, Endpoint, GetBalance, ListAccounts, ListCheckExceptions,
    ListTransactions, PaymentStatus, PaymentType, ReasonCode, TransactionStatus,
};
use qbank_proto::{Error, ErrorKind, Fate, FaultKind, Reply};

use bed::*;

fn read<E: Endpoint>(
    endpoint: E,
    body: impl Into<bytes::Bytes>,
) -> Result<Reply<E::Output>, Error> {
    Bed::with_ready_token().bank([says(200).body(body)]).send(endpoint)
}

fn same<E: Endpoint + Clone>(endpoint: &E, spellings: [&str; 2]) -> E::Output
where
    E::Output: PartialEq,
{
    let [first, second] = spellings.map(|body| {
        let body = body.replace("ID", PAYMENT).replace("FROM", FROM).replace("REQ", REQUEST);
        read(endpoint.clone(), body).unwrap().value
    });
    assert_eq!(first, second);
    first
}

#[test]
fn an_account_reads_the_same_in_both_spellings() {
    let accounts = same(
        &ListAccounts,
        [
            r#"[{"accountId":"ID","accountName":"Ops","accountType":"Treasury","currency":"USD","status":"Closed",
            "timestamp":"2026-01-05T01:00:00.123Z","actor":"client-7","request_id":"REQ"}]"#,
            r#"[{"account_id":"ID","friendly_name":"Ops","account_type":"Treasury","currency":"USD","status":"Closed",
            "timestamp":"2026-01-05T02:00:00.123+01:00","actor":"client-7","requestId":"REQ"}]"#,
        ],
    );
    let account = &accounts[0];
    assert_eq!(account.account_name.as_deref(), Some("Ops"));
    assert_eq!(account.account_type, Some(AccountType::Treasury));
    assert_eq!(account.status, Some(AccountStatus::Closed));
    assert_eq!(account.currency.as_deref(), Some("USD"));
    assert_eq!(account.audit.request_id.unwrap().to_string(), REQUEST);
    assert_eq!(account.audit.timestamp.unwrap().timestamp_subsec_millis(), 123);
}

#[test]
fn a_balance_reads_the_same_in_both_spellings() {
    let balance = same(
        &GetBalance::new(FROM.parse().unwrap()),
        [
            r#"{"accountId":"FROM","availableBalance":-10.1,"currentBalance":1e3,"currency":"USD","last_updated_timestamp":"2026-01-05T01:00:00Z"}"#,
            r#"{"account_id":"FROM","available_balance":"-10.10","ledger_balance":1000.00,"currency":"USD","last_updated_timestamp":"2026-01-05T01:00:00.000Z"}"#,
        ],
    );
    assert_eq!(balance.available_balance.unwrap().cents(), -1010);
    assert_eq!(balance.current_balance.unwrap().cents(), 100_000);
    assert!(balance.last_updated.is_some());
}

#[test]
fn a_transaction_reads_the_same_in_both_spellings() {
    let transactions = same(
        &ListTransactions::new(),
        [
            r#"[{"transactionId":"ID","amount":-0.1,"description":"x","transaction_date":"2026-01-05T09:00:00Z",
            "value_date":"2026-01-06","posting_date":"2026-01-07T01:00:00Z","status":"REVERSED"}]"#,
            r#"[{"transaction_id":"ID","amount":-1e-1,"description":"x","transactionDate":"2026-01-05T09:00:00Z",
            "valueDate":"2026-01-06","postingDate":"2026-01-07T01:00:00Z","status":"REVERSED"}]"#,
        ],
    );
    assert_eq!(transactions[0].amount.unwrap().cents(), -10);
    assert_eq!(transactions[0].status, Some(TransactionStatus::Reversed));
    assert!(transactions[0].transaction_date.is_some() && transactions[0].posting_date.is_some());
    assert_eq!(transactions[0].value_date.unwrap().to_string(), "2026-01-06");
}

#[test]
fn a_payment_reads_the_same_in_both_spellings() {
    let payment = same(
        &get_payment(),
        [
            r#"{"paymentId":"ID","type":"WIRE","amount":25.00,"status":"P_COMPLETED","creationDate":"2026-01-05T09:00:00Z","completionDate":"2026-01-06T09:00:00Z"}"#,
            r#"{"payment_id":"ID","type":"WIRE","amount":2.5e1,"status":"P_COMPLETED","creation_date":"2026-01-05T09:00:00Z","completion_date":"2026-01-06T09:00:00Z"}"#,
        ],
    );
    assert_eq!(payment.payment_type, Some(PaymentType::Wire));
    assert_eq!(payment.status, Some(PaymentStatus::Completed));
    assert!(payment.creation_date.is_some() && payment.completion_date.is_some());
}

#[test]
fn a_check_exception_reads_the_same_in_both_spellings() {
    let exceptions = same(
        &ListCheckExceptions,
        [
            r#"[{"exceptionId":"ID","account_id":"FROM","check_number":"1001","presented_amount":9.9,"presentment_date":"2026-01-05","reason_code":"NO_ISSUE"}]"#,
            r#"[{"exception_id":"ID","accountId":"FROM","checkNumber":"1001","presentedAmount":9.90,"presentmentDate":"2026-01-05T00:00:00Z","reasonCode":"NO_ISSUE"}]"#,
        ],
    );
    assert_eq!(exceptions[0].presented_amount.unwrap().cents(), 990);
    assert_eq!(exceptions[0].reason_code, Some(ReasonCode::NoIssue));
    assert_eq!(exceptions[0].check_number.as_deref(), Some("1001"));
}

#[test]
fn an_unknown_value_of_an_enumeration_survives() {
    let body =
        format!(r#"[{{"accountId":"{FROM}","accountType":"Crypto","status":"Frozen \u00e9"}}]"#);
    let account = read(ListAccounts, body).unwrap().value.remove(0);
    assert_eq!(account.account_type.unwrap().as_str(), "Crypto");
    assert_eq!(account.status.unwrap().to_string(), "Frozen é");
    let body = format!(r#"{{"paymentId":"{PAYMENT}","type":"RTP","status":"P_NEW"}}"#);
    let payment = read(get_payment(), body).unwrap().value;
    let json = serde_json::to_string(&payment).unwrap();
    assert!(json.contains(r#""type":"RTP""#) && json.contains(r#""status":"P_NEW""#));
    assert!(!payment.is_final());
}

#[test]
fn unknown_members_remain_in_the_raw_body() {
    let body = format!(r#"{{ "paymentId":"{PAYMENT}", "fee":0.10, "x":{{"deep":[1,{{}}]}} }}"#);
    let reply = read(get_payment(), body.clone()).unwrap();
    assert_eq!(reply.raw(), body.as_bytes());
}

#[test]
fn a_list_whose_items_have_only_ids_is_a_list() {
    let body = format!(r#"[{{"accountId":"{FROM}"}},{{"account_id":"{TO}","currency":null}}]"#);
    assert_eq!(read(ListAccounts, body).unwrap().value.len(), 2);
}

/// Every reading endpoint takes this body for an error, or for a response.
fn refused_by_all(body: &[u8]) {
    fn refused<T: Debug>(outcome: Result<Reply<T>, Error>) {
        let error = outcome.unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
        assert!(error.response().is_some());
    }
    let body = bytes::Bytes::copy_from_slice(body);
    refused(read(ListAccounts, body.clone()));
    refused(read(GetBalance::new(FROM.parse().unwrap()), body.clone()));
    refused(read(ListTransactions::new(), body.clone()));
    refused(read(get_payment(), body.clone()));
    refused(read(ListCheckExceptions, body.clone()));
    let mut bed = Bed::with_ready_token().always(says(201).body(body));
    let error = bed.send_with(wire(), retries(1)).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 2);
}

#[test]
fn a_body_that_is_no_such_json_is_a_typed_error() {
    for body in [
        &b""[..],
        b" ",
        b"null",
        b"true",
        b"7",
        b"\"text\"",
        b"[1]",
        b"[null]",
        b"[[]]",
        b"{",
        b"}",
        b"[{]",
        b"{\"paymentId\"",
        b"{'paymentId':1}",
        b"{}{}",
        b"<html><body>Login</body></html>",
        b"\0",
        b"\0\0\0\0",
        b"{\"paymentId\":\"\0\"}",
        b"\xff\xfe{\0}\0",
        b"{\"x\":\"\xff\xfe\"}",
        b"[{\"accountId\":\"\xc3\x28\"}]",
        b"{\"\\ud800\":1}",
        b"[{\"\\ud800\":1}]",
        b"{\"a\":1,\"a\":2}",
        b"\x1f\x8b\x08\x00gzip",
    ] {
        refused_by_all(body);
    }
}

#[test]
fn two_ids_are_no_id() {
    let body = format!(r#"{{"paymentId":"{PAYMENT}","paymentId":"{OTHER_PAYMENT}"}}"#);
    refused_by_all(body.as_bytes());
    let escaped = format!(r#"{{"paymentId":"{PAYMENT}","payment\u0049d":"{OTHER_PAYMENT}"}}"#);
    refused_by_all(escaped.as_bytes());
}

#[test]
fn deep_nesting_neither_overflows_the_stack_nor_hides_the_payment() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        refused_by_all(deep.as_bytes());
        refused_by_all(open.repeat(10_000).as_bytes());
        let body = format!(r#"{{"x":{deep},"paymentId":"{PAYMENT}"}}"#);
        assert_eq!(read(get_payment(), body).unwrap().value.payment_id, payment_id());
        let odd = format!(r#"{{"status":{deep},"amount":{deep},"paymentId":"{PAYMENT}"}}"#);
        let mut bed = Bed::with_ready_token().bank([says(201).body(odd.clone())]);
        let payment = bed.send(wire()).unwrap().value;
        assert_eq!((payment.status, payment.amount), (None, None));
        assert!(read(get_payment(), odd).unwrap_err().to_string().contains("`amount`"));
        // As an error, it says what it can.
        let mut bed = Bed::with_ready_token().bank([says(400).body(deep)]);
        expect(&bed.send(ach()).unwrap_err(), ErrorKind::InvalidRequest, Fate::Refused, 1);
    }
}

#[test]
fn a_million_members_are_refused_and_not_compared_with_each_other() {
    let members: Vec<_> = (0..300_000).map(|n| format!("\"m{n}\":{n}")).collect();
    refused_by_all(format!("{{{}}}", members.join(",")).as_bytes());
}

#[test]
fn a_list_of_twenty_megabytes_is_read() {
    let one = format!(
        r#"{{"transactionId":"{PAYMENT}","amount":-12.34,"description":"{}","status":"POSTED"}}"#,
        "x".repeat(400)
    );
    let count = 20_000_000 / one.len() + 1;
    let body = format!("[{}]", vec![one; count].join(","));
    assert!(body.len() > 20_000_000);
    let reply = read(ListTransactions::new(), body.clone()).unwrap();
    assert_eq!(reply.value.len(), count);
    // And cut off it is an error.
    let cut = body[..body.len() - 7].to_owned();
    assert!(read(ListTransactions::new(), cut).is_err());
}

#[test]
fn a_list_of_millions_of_empty_items_ends_with_the_first() {
    // Each would be an item of several hundred bytes in memory.
    let body = format!("[{}{{}}]", "{},".repeat(6_000_000));
    let begun = std::time::Instant::now();
    refused_by_all(body.as_bytes());
    // Not a measurement: reading all of it took minutes.
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn twenty_megabytes_of_nothing_are_a_typed_error() {
    refused_by_all(&vec![b' '; 20_000_000]);
    refused_by_all(&vec![0; 20_000_000]);
    let text = format!("\"{}\"", "x".repeat(20_000_000));
    refused_by_all(text.as_bytes());
}

#[test]
fn a_list_that_broke_off_is_not_taken_for_shorter() {
    let whole = format!(r#"[{{"accountId":"{FROM}"}},{{"accountId":"{TO}"}}]"#);
    for end in 0..whole.len() {
        assert!(read(ListAccounts, whole[..end].to_owned()).is_err(), "{}", &whole[..end]);
    }
    let head = cut_off(says(200), FaultKind::Disconnected);
    let mut bed = Bed::with_ready_token().always(head);
    assert_eq!(bed.send(ListAccounts).unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[test]
fn an_error_response_that_means_harm_says_what_it_can() {
    for body in [
        &br#"{"message":"\ud800","error_code":{"a":1},"request_id":7}"#[..],
        br#"{"message":null,"title":[],"detail":"\u0000"}"#,
        br#"{"message":"a","message":"b"}"#,
        b"\xff\xff\xff",
        b"{\"message\":\"\xff\"}",
        b"[[[[",
    ] {
        let mut bed = Bed::with_ready_token().bank([says(422).body(body)]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::InvalidRequest, Fate::Refused, 1);
        assert!(error.request_id().is_none());
        assert_eq!(error.response().unwrap().body(), body);
    }
}

#[test]
fn decode_errors_do_not_echo_the_body() {
    for body in [r#"{"paymentId":"s3cr3t-4711"}"#, "s3cr3t-4711", r#"{"a":s3cr3t-4711}"#] {
        let error = read(get_payment(), body).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
}
