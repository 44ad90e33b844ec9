//! Answers that promise success: what counts as accepted, and what does not.

use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::{ErrorKind, Fate, FaultKind};

use crate::bed::*;

fn at(location: &str) -> Act {
    says(202).header("location", location)
}

#[test]
fn a_documented_success_with_an_empty_body_is_accepted() {
    let mut bed = Bed::new().bank([accepted(), says(202), says(201), says(202)]);
    let reply = bed.send(ach()).unwrap();
    assert_eq!(reply.value.payment_id, Some(payment_id()));
    assert_eq!((reply.fate, reply.followed), (Fate::Accepted, false));
    assert_eq!(reply.status().as_u16(), 202);
    assert_eq!(bed.send(ach()).unwrap().value.payment_id, None);
    assert_eq!(bed.send(transfer()).unwrap().fate, Fate::Accepted);
    assert_eq!(bed.send(check_issue()).unwrap().fate, Fate::Accepted);
    assert_eq!(bed.sent.len(), 4);
}

#[test]
fn a_wire_without_a_payment_in_its_body_is_unknown_and_resent() {
    for body in ["", "{}", "[]", "null", "<html>ok</html>", r#"{"paymentId":"7"}"#, "{\"paym"] {
        let mut bed = Bed::new().always(says(201).json(body));
        let error = bed.send(wire()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
        assert_eq!(error.status().unwrap().as_u16(), 201);
        assert_eq!(error.response().unwrap().body(), body);
        bed.one_intent();

        let mut bed = Bed::new().bank([says(201).json(body), wired()]);
        assert_eq!(bed.send(wire()).unwrap().fate, Fate::Accepted);
    }
}

#[test]
fn a_malformed_response_to_a_write_is_unknown_and_resent() {
    for body in ["<html>", "[]", "{\"a\":", "ok", "\u{0}"] {
        let mut bed = Bed::new().always(says(202).body(body));
        expect(&bed.send(ach()).unwrap_err(), ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
        let mut bed = Bed::new().always(says(201).body(body));
        expect(&bed.send(transfer()).unwrap_err(), ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
        let mut bed = Bed::new().always(says(202).body(body));
        expect(
            &bed.send(check_issue()).unwrap_err(),
            ErrorKind::UnexpectedResponse,
            Fate::Unknown,
            3,
        );
    }
}

#[test]
fn a_malformed_response_to_a_read_is_not_asked_for_again() {
    let mut bed = Bed::new().bank([says(200).json("{}")]);
    let error = bed.send(accounts()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
}

#[test]
fn an_ach_payment_with_a_usable_location_is_accepted_whatever_its_body() {
    for act in [
        accepted().body("<html>"),
        accepted().body("{\"pay"),
        accepted().body("[]"),
        accepted().body(vec![0xff, 0x00]),
        cut_off(accepted(), FaultKind::Disconnected),
        cut_off(accepted(), FaultKind::Timeout),
        cut_off(accepted(), FaultKind::Protocol),
        cut_off(accepted(), FaultKind::BodyTooLarge),
    ] {
        let mut bed = Bed::new().bank([act]);
        let reply = bed.send(ach()).unwrap();
        assert_eq!(reply.value.payment_id, Some(payment_id()));
        assert_eq!((reply.fate, reply.attempts.len()), (Fate::Accepted, 1));
    }
}

#[test]
fn an_ach_payment_cut_off_without_a_usable_location_is_unknown() {
    for act in [says(202), at("https://evil.example/v1/payments/x")] {
        let mut bed = Bed::new().always(cut_off(act, FaultKind::Disconnected));
        expect(&bed.send(ach()).unwrap_err(), ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    }
}

#[test]
fn another_success_than_documented_is_accepted_if_it_names_the_payment() {
    let body = payment_json("ACH", "1000.50", "P_CREATED");
    for status in [200, 201, 203, 207] {
        let mut bed = Bed::new().bank([says(status).json(&body), says(status)]).always(accepted());
        let reply = bed.send(ach()).unwrap();
        assert_eq!(reply.value.payment_id, Some(payment_id()));
        assert_eq!(reply.value.status, Some(PaymentStatus::Created));
        assert_eq!(reply.attempts.len(), 1);
        // Without either it is not known what was done.
        assert_eq!(bed.send(ach()).unwrap().attempts.len(), 2);
    }
    let wire_body = payment_json("WIRE", "25.00", "P_COMPLETED");
    let mut bed = Bed::new().bank([says(200).json(&wire_body), says(202).json(&wire_body)]);
    assert_eq!(bed.send(wire()).unwrap().value.payment_id, payment_id());
    assert_eq!(bed.send(wire()).unwrap().value.payment_id, payment_id());
}

#[test]
fn a_success_over_an_error_body_is_not_believed() {
    let maintenance = r#"{"message":"down","error_code":"ERR_MNT"}"#;
    for status in [200, 201, 202] {
        let lies = says(status).json(maintenance);
        let mut bed = Bed::new().always(lies);
        let expected = (ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
        for error in [
            bed.send(transfer()).unwrap_err(),
            bed.send(check_issue()).unwrap_err(),
            bed.send(ach()).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.fate(), error.attempts().len()), expected);
        }
    }
    // Only an ACH payment is accepted by its Location whatever the body.
    let elsewhere = format!("/v1/payments/{}", payment_id());
    let html = says(201).header("location", &elsewhere).body("<html>");
    let error = Bed::new().always(html).send(transfer()).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
}

#[test]
fn another_success_than_documented_needs_a_payload_where_there_is_no_id() {
    for status in [200, 202, 204] {
        let mut bed = Bed::new().bank([says(status).json("{\"any\":1}"), says(status), says(201)]);
        assert_eq!(bed.send(transfer()).unwrap().attempts.len(), 1);
        assert_eq!(bed.send(transfer()).unwrap().attempts.len(), 2);
    }
    for status in [200, 201, 204] {
        let mut bed = Bed::new().bank([says(status).json("{\"any\":1}"), says(status), says(202)]);
        assert_eq!(bed.send(check_issue()).unwrap().attempts.len(), 1);
        assert_eq!(bed.send(check_issue()).unwrap().attempts.len(), 2);
    }
}

#[test]
fn a_204_without_an_id_is_unknown() {
    let mut bed = Bed::new().always(says(204));
    expect(&bed.send(ach()).unwrap_err(), ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    let mut bed =
        Bed::new().bank([says(204).header("location", &format!("/v1/payments/{PAYMENT}"))]);
    assert_eq!(bed.send(ach()).unwrap().value.payment_id, Some(payment_id()));
}

#[test]
fn a_body_over_the_cap_is_unknown_resent_once_and_named() {
    let mut bed = Bed::new().always(cut_off(says(201), FaultKind::BodyTooLarge));
    let error = bed.send_with(wire(), retries(5)).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 2);
    assert!(error.to_string().contains("33554432"), "{error}");
    assert_eq!(bed.sent[0].max_body, 32 << 20);
    bed.one_intent();

    let mut bed = Bed::new().always(cut_off(says(200), FaultKind::BodyTooLarge));
    let error = bed.send(accounts()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::NotApplicable, 1);
}

#[test]
fn a_location_that_is_no_uuid_under_our_own_payments_is_no_id_and_never_fetched() {
    for location in [
        "https://evil.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "http://bank.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "https://bank.example:444/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "https://bank.example@evil.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40/status",
        "/v1/payments/ach/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "/v1/payments/0b9e3c5e8f0e4a8e9a546b7c1d2e3f40",
        "/v1/payments/42",
        "/v1/transfers/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "not a url",
        "",
    ] {
        let mut bed = Bed::new().bank([at(location)]);
        let reply = bed.send(ach()).unwrap();
        assert_eq!(reply.value.payment_id, None, "{location}");
        assert_eq!((reply.fate, bed.sent.len()), (Fate::Accepted, 1));
    }
}

#[test]
fn a_location_in_any_form_that_names_our_payment_is_its_id() {
    for location in [
        "https://bank.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "HTTPS://BANK.example:443/v1/payments/0B9E3C5E-8F0E-4A8E-9A54-6B7C1D2E3F40",
        "//bank.example/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
        "../payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
    ] {
        let mut bed = Bed::new().bank([at(location)]);
        let reply = bed.send(ach()).unwrap();
        assert_eq!(reply.value.payment_id, Some(payment_id()), "{location}");
    }
}

#[test]
fn in_a_payment_only_the_id_is_essential() {
    for odd in [
        r#""creationDate":"yesterday""#,
        r#""creationDate":7,"completionDate":{}"#,
        r#""status":null,"type":[1],"amount":"much""#,
        r#""status":"P_BRAND_NEW","type":"RTP","amount":1e999"#,
        r#""actor":{"deep":true},"request_id":"no uuid","timestamp":0"#,
        r#""actor":"\ud800","type":"\udc00","status":"\ud800x","creationDate":"\ud800""#,
        r#""a":1"#,
    ] {
        let body = format!(r#"{{"paymentId":"{PAYMENT}",{odd}}}"#);
        let mut bed = Bed::new().bank([says(201).json(&body)]);
        let reply = bed.send(wire()).unwrap();
        assert_eq!(reply.value.payment_id, payment_id(), "{body}");
        assert_eq!(reply.raw(), body.as_bytes());
    }
}

const OTHER: &str = "11111111-8f0e-4a8e-9a54-6b7c1d2e3f40";

fn body_of(id: &str, kind: &str, amount: &str, status: &str) -> String {
    format!(r#"{{"paymentId":"{id}","type":"{kind}","amount":{amount},"status":"{status}"}}"#)
}

/// The `Location` of our payment over a wire's status.
fn at_payment() -> Act {
    says(201).header("location", &format!("/v1/payments/{PAYMENT}"))
}

#[test]
fn a_body_about_another_payment_does_not_decide_over_a_location() {
    for status in ["P_FAILED", "P_CREATED", "P_COMPLETED"] {
        for body in [
            body_of(OTHER, "ACH", "1000.50", status),
            body_of(PAYMENT, "ACH", "1000.51", status),
            body_of(PAYMENT, "WIRE", "1000.50", status),
            format!(r#"{{"status":"{status}","source_account_id":"{OTHER}"}}"#),
            format!(r#"{{"status":"{status}","destinationAccountId":"{OTHER}"}}"#),
        ] {
            let mut bed = Bed::new().bank([accepted().json(&body)]);
            let reply = bed.send(ach()).unwrap();
            assert_eq!(reply.fate, Fate::Accepted, "{body}");
            // The state of another payment is not ours.
            assert_eq!(reply.value.payment_id, Some(payment_id()), "{body}");
            assert_eq!(reply.value.status, None, "{body}");
        }
    }
}

#[test]
fn a_body_about_something_else_leaves_it_unknown_where_it_is_all_there_is() {
    let unknown = |error: qbank_proto::Error| {
        expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
        assert!(error.to_string().contains("than this request"), "{error}");
    };
    for status in ["P_FAILED", "P_CREATED"] {
        for body in [
            body_of(PAYMENT, "ACH", "25.00", status),
            body_of(PAYMENT, "WIRE", "26.00", status),
            body_of(PAYMENT, "ACH", "99.00", status),
            format!(
                r#"{{"paymentId":"{PAYMENT}","status":"{status}","source_account_id":"{OTHER}"}}"#
            ),
        ] {
            unknown(Bed::new().always(says(201).json(&body)).send(wire()).unwrap_err());
        }
        let elsewhere = at_payment().json(&body_of(OTHER, "WIRE", "25.00", status));
        unknown(Bed::new().always(elsewhere).send(wire()).unwrap_err());
        for body in
            [body_of(PAYMENT, "ACH", "1000.51", status), body_of(OTHER, "WIRE", "1000.50", status)]
        {
            unknown(Bed::new().always(says(202).json(&body)).send(ach()).unwrap_err());
        }
        for body in [
            format!(r#"{{"status":"{status}","amount":9999.99}}"#),
            format!(r#"{{"status":"{status}","type":"WIRE"}}"#),
            format!(r#"{{"status":"{status}","from_account_id":"{OTHER}"}}"#),
            format!(r#"{{"status":"{status}","toAccountId":"{OTHER}"}}"#),
        ] {
            unknown(Bed::new().always(says(201).json(&body)).send(transfer()).unwrap_err());
        }
    }
    for body in [format!(r#"{{"issue_id":"{OTHER}"}}"#), r#"{"amount":1}"#.to_owned()] {
        unknown(Bed::new().always(says(202).json(&body)).send(check_issue()).unwrap_err());
    }
}

#[test]
fn a_failed_state_in_a_body_that_contradicts_nothing_is_refused() {
    let failed = |error: qbank_proto::Error| {
        expect(&error, ErrorKind::PaymentFailed, Fate::Refused, 1);
    };
    for body in [
        body_of(PAYMENT, "WIRE", "25.00", "P_FAILED"),
        body_of(PAYMENT, "RTP", "1e999", "P_FAILED"),
        format!(r#"{{"paymentId":"{PAYMENT}","status":"P_FAILED"}}"#),
    ] {
        failed(Bed::new().bank([says(201).json(&body)]).send(wire()).unwrap_err());
    }
    failed(
        Bed::new().bank([says(201).json(r#"{"status":"P_FAILED"}"#)]).send(transfer()).unwrap_err(),
    );
    let body = body_of(PAYMENT, "ACH", "1000.50", "P_FAILED");
    failed(Bed::new().bank([accepted().json(&body)]).send(ach()).unwrap_err());
}

#[test]
fn a_problem_document_under_a_success_is_never_one() {
    for problem in [
        r#"{"type":"https://bank.example/problems/limit","title":"Limit","status":422}"#,
        r#"{"type":"about:blank","title":"No"}"#,
        r#"{"title":"Limit exceeded","detail":"too much"}"#,
        r#"{"title":"Limit exceeded","status":500}"#,
        r#"{"status":503,"message":"upstream unavailable"}"#,
        r#"{"error":"server_error"}"#,
        r#"{"error_code":"ERR_PAY_001","message":"no"}"#,
    ] {
        for status in [200, 201, 202] {
            let lies = says(status).json(problem);
            for error in [
                Bed::new().always(lies.clone()).send(ach()).unwrap_err(),
                Bed::new().always(lies.clone()).send(wire()).unwrap_err(),
                Bed::new().always(lies.clone()).send(transfer()).unwrap_err(),
                Bed::new().always(lies.clone()).send(check_issue()).unwrap_err(),
            ] {
                expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
            }
        }
    }
    for body in ["{}", ""] {
        let declared = says(201).header("content-type", "application/problem+json").body(body);
        let error = Bed::new().always(declared).send(transfer()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    }
}
