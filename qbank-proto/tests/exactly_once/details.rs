//! What a result carries besides kind and fate: the last response, the transport's own
//! error, and words that say what was known.

use std::error::Error as _;

use qbank_proto::endpoint::RawRead;
use qbank_proto::{
    BodyMode, Call, CallOptions, ErrorKind, Fate, FaultKind, Machine, OpenList, Step,
    WaitForPayment,
};

use crate::bed::*;

#[test]
fn a_payment_that_failed_in_its_response_carries_that_response_and_stays_refused() {
    let mut bed = Bed::with_ready_token();
    let failed = says(201).json(&payment_json("WIRE", "25.00", "P_FAILED"));
    let mut call = bed.call(wire(), options());
    let Step::Send(exchange) = call.poll(bed.now, std::task::Waker::noop()) else {
        panic!("sends")
    };
    call.settle(bed.now, exchange.ticket, failed.result().unwrap());
    let Step::Done(Err(error)) = call.poll(bed.now, std::task::Waker::noop()) else {
        panic!("has failed")
    };
    expect(&error, ErrorKind::PaymentFailed, Fate::Refused, 1);
    assert_eq!(error.status().unwrap(), 201);
    assert!(error.response().unwrap().body().starts_with(b"{\"paymentId\""));
    // The bank accepted the request, and its record says that nothing has moved: a later
    // poll must not say otherwise.
    for _ in 0..2 {
        let Step::Done(Err(again)) = call.poll(bed.now, std::task::Waker::noop()) else {
            panic!("is over")
        };
        assert_eq!(again.fate(), Fate::Refused);
    }
}

#[test]
fn a_refusal_whose_body_broke_off_carries_the_transports_error() {
    let mut bed = Bed::new().bank([cut_off(refuses(422), FaultKind::Disconnected)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::InvalidRequest, Fate::Refused, 1);
    assert_eq!(error.source().unwrap().to_string(), "os error 104");
}

#[test]
fn an_error_for_developers_tells_where_the_money_is() {
    let refused = refuses(422).json(r#"{"error_code":"ERR_ACH_007","message":"Not today"}"#);
    let mut bed = Bed::new().bank([
        breaks(FaultKind::Timeout),
        cut_off(says(503), FaultKind::Disconnected),
        refused,
    ]);
    let error = bed.send(ach()).unwrap_err();
    let (key, first_sent) = (error.key().unwrap(), error.first_sent().unwrap());
    assert_eq!(
        format!("{error:?}"),
        format!(
            "Error {{ kind: invalid_request, fate: unknown, message: {error}, \
             error code: ERR_ACH_007, key: {key}, first sent: {first_sent:?}, \
             attempt: no complete response came in time: unknown, \
             attempt: 503: the connection broke before a complete response: unknown, \
             attempt: 422: refused }}"
        )
    );
}

#[test]
fn a_success_that_broke_off_carries_its_head_and_the_transports_error() {
    let mut bed = Bed::new().bank([cut_off(says(201), FaultKind::Disconnected)]);
    let error = bed.send_with(wire(), retries(0)).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 1);
    assert_eq!(error.response().unwrap().status(), 201);
    assert_eq!(error.source().unwrap().to_string(), "os error 104");
}

#[test]
fn a_refused_token_carries_the_endpoints_status_and_names_no_payment() {
    let refused = says(400).json(&format!(
        r#"{{"error":"invalid_client","transaction_id":"{PAYMENT}","instance":"/v1/payments/{PAYMENT}"}}"#
    ));
    let mut bed = Bed::new().tokens([refused]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
    assert_eq!(error.status().unwrap(), 400);
    assert_eq!(error.transaction_id(), None);
}

#[test]
fn a_deadline_says_what_came_before_it_and_nothing_if_nothing_did() {
    let mut bed = Bed::new().tokens([good_token("late").after(secs(90))]);
    let short = with(|options| options.deadline = Some(secs(20)));
    let error = bed.send_with(ach(), short.clone()).unwrap_err();
    assert!(!error.to_string().contains("before that"), "{error}");
    let mut bed = Bed::new().bank([refuses(429).header("retry-after", "7")]);
    let call = bed.call(ach(), short);
    let call = bed.start(call);
    bed.pass(secs(2));
    let error = bed.abandon(call).unwrap_err();
    assert!(error.to_string().contains("; before that, the bank answered 429"), "{error}");
}

#[test]
fn a_key_that_is_too_old_is_named_with_its_age_in_hours() {
    let mut bed = Bed::new();
    let error = bed.send_with(ach(), resumed(26 * 3600)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("first sent 26 h ago") && text.contains("after 24 h"), "{text}");
}

#[test]
fn a_wait_that_ends_early_carries_the_last_response_that_saw_the_payment() {
    let mut bed = Bed::new().always(record("ACH", "1000.50", "P_PROCESSING"));
    let short = with(|options| options.deadline = Some(secs(3))).of_call();
    let machine = WaitForPayment::new(&bed.session, payment_id(), short, 7);
    let error = bed.drive(machine).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::DeadlineExceeded, Fate::InProgress));
    assert_eq!(error.status().unwrap(), 200);
    assert!(error.response().unwrap().body().starts_with(b"{\"paymentId\""));
}

#[test]
fn a_wait_that_never_saw_the_payment_reports_its_latest_trouble() {
    let mut bed = Bed::new().bank([refuses(404), refuses(500)]).always(refuses(503));
    let short = with(|options| options.deadline = Some(secs(30))).of_call();
    let machine = WaitForPayment::new(&bed.session, payment_id(), short, 7);
    assert_eq!(bed.drive(machine).unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn only_the_good_response_to_a_list_is_left_to_the_caller() {
    let mut bed = Bed::with_ready_token();
    let waker = std::task::Waker::noop();
    let head = |act: Act| act.result().unwrap().unwrap().into_parts().0;
    let mut list = Call::new(&bed.session, OpenList(accounts()), CallOptions::new(), 1);
    let mut write = bed.call(ach(), options());
    let Step::Send(listing) = list.poll(bed.now, waker) else { panic!("sends") };
    let Step::Send(writing) = write.poll(bed.now, waker) else { panic!("sends") };
    let (good, bad) = (head(says(200)), head(refuses(503)));
    assert_eq!(list.head(bed.now, &listing.ticket, &good), BodyMode::Stream);
    assert_eq!(list.head(bed.now, &listing.ticket, &bad), BodyMode::Buffer);
    assert_eq!(list.head(bed.now, &writing.ticket, &good), BodyMode::Buffer, "not its own");
    assert_eq!(write.head(bed.now, &writing.ticket, &good), BodyMode::Buffer);
    assert_eq!(write.head(bed.now, &writing.ticket, &bad), BodyMode::Buffer);
}

#[test]
fn a_call_shows_its_operation_and_its_key() {
    let mut bed = Bed::new();
    let call = bed.call(ach(), options());
    let shown = format!("{call:?}");
    assert!(shown.contains("POST /payments/ach"), "{shown}");
    assert!(shown.contains(&call.key().unwrap().to_string()), "{shown}");
}

#[test]
fn an_error_names_the_path_that_was_called_without_its_query() {
    let error = Bed::new().bank([refuses(404)]).send(get_payment()).unwrap_err();
    let called = format!("GET /payments/{}: ", payment_id());
    assert!(error.to_string().starts_with(&called), "{error}");
    // What an application puts into a path may be secret.
    let raw = RawRead::new("/cards/4417998877665?pin=1234");
    let error = Bed::new().bank([refuses(404)]).send(raw).unwrap_err();
    assert!(error.to_string().starts_with("GET /{raw}: "), "{error}");
    let error = Bed::new().bank([refuses(404)]).send(ach()).unwrap_err();
    assert!(error.to_string().starts_with("POST /payments/ach: "), "{error}");
}

#[test]
fn each_attempt_tells_its_fault_in_words_a_person_reads() {
    let mut bed = Bed::new().bank([breaks_unsent(FaultKind::Connect), reset(), refuses(422)]);
    let error = bed.send(ach()).unwrap_err();
    let told: Vec<_> = error.attempts().into_iter().map(|attempt| attempt.fault).collect();
    assert_eq!(told, [Some(FaultKind::Connect), Some(FaultKind::Disconnected), None]);
    assert_eq!(FaultKind::Connect.to_string(), "no connection could be made");
    let key = error.key().unwrap();
    assert_eq!(format!("{key:?}"), format!("IdempotencyKey({key})"));
}
