//! What the token endpoint responses.

use qbank_proto::{Authenticate, CallOptions, ErrorKind, Fate, FaultKind};

use crate::bed::*;

fn token(members: &str) -> Act {
    says(200).json(&format!("{{{members}}}"))
}

/// How many token requests calls at these ages of the first token make.
fn requests_at(expires_in: &str, ages: &[u64]) -> Vec<usize> {
    let act = token(&format!(r#""access_token":"t","token_type":"Bearer"{expires_in}"#));
    let mut bed = Bed::new().tokens([act]).always(accepted());
    let asked = bed.now.mono;
    bed.send(ach()).unwrap();
    let mut requests = Vec::new();
    for age in ages {
        let span = asked + secs(*age) - bed.now.mono;
        bed.pass(span);
        bed.send(ach()).unwrap();
        requests.push(bed.token_requests.len());
    }
    requests
}

#[test]
fn a_missing_lifetime_is_five_minutes() {
    for missing in ["", r#","expires_in":null"#, r#","expires_in":"soon""#, r#","expires_in":{}"#] {
        assert_eq!(requests_at(missing, &[269, 271]), [1, 2], "{missing}");
    }
}

#[test]
fn a_numeric_string_is_a_lifetime() {
    assert_eq!(requests_at(r#","expires_in":"3600""#, &[3539, 3541]), [1, 2]);
}

#[test]
fn a_huge_lifetime_is_a_day() {
    let day = 24 * 3600;
    for huge in ["99999999999999999999999999", "1000000000", "\"18446744073709551615\""] {
        let huge = format!(r#","expires_in":{huge}"#);
        assert_eq!(requests_at(&huge, &[day - 61, day - 59]), [1, 2], "{huge}");
    }
}

#[test]
fn a_lifetime_of_nothing_serves_those_who_waited_and_is_gone_without_a_loop() {
    for nothing in ["0", "-1", "-99999999999999999999", "\"0\"", "0.4"] {
        let mut bed = Bed::new().always(accepted());
        bed.tokens.extend((1..9).map(|n| token_for(&format!("brief-{n}"), nothing)));
        let calls: Vec<_> = (0..10).map(|_| bed.start_call(ach())).collect();
        bed.run();
        assert_eq!(bed.token_requests.len(), 1, "{nothing}");
        for call in calls {
            assert!(bed.take(call).is_ok());
        }
        bed.send(ach()).unwrap();
        assert_eq!(bed.token_requests.len(), 2);
    }
}

#[test]
fn a_401_for_a_token_of_no_lifetime_asks_once_more_and_ends() {
    let mut bed = Bed::new().always(refuses(401));
    bed.tokens.extend((1..9).map(|n| token_for(&format!("brief-{n}"), "0")));
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::Refused, 2);
    assert_eq!(bed.token_requests.len(), 2);
}

#[test]
fn the_token_type_compares_without_case_and_others_are_refused() {
    for kind in ["Bearer", "bearer", "BEARER"] {
        let act = token(&format!(r#""access_token":"t","token_type":"{kind}""#));
        let mut bed = Bed::new().tokens([act]).bank([accepted()]);
        bed.send(ach()).unwrap();
        assert_eq!(bed.sent[0].header("authorization"), Some("Bearer t"));
    }
    for kind in ["mac", "DPoP", "", "Bearer "] {
        let act = token(&format!(r#""access_token":"s3cr3t-t0ken","token_type":"{kind}""#));
        let mut bed = Bed::new().tokens([act]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::NeverSent, 0);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        assert_eq!(bed.token_requests.len(), 1, "asking again would bring the same");
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_without_being_echoed() {
    for odd in ["", "s3cr3t\\r\\nX: y", "s3cr3t\\u0000", "s3cr3t t0ken", "s3cr3té", "\\ts3cr3t"] {
        let act = token(&format!(r#""access_token":"{odd}","token_type":"Bearer""#));
        let mut bed = Bed::new().tokens([act]);
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::UnexpectedResponse, Fate::NeverSent, 0);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
        assert!(error.response().is_none());
    }
}

#[test]
fn what_the_endpoint_says_of_the_client_is_final_and_says_what_to_change() {
    for (code, hint) in [
        ("invalid_client", "client secret"),
        ("invalid_scope", "scopes"),
        ("unauthorized_client", "ask the bank"),
        ("unsupported_grant_type", "token URL"),
        ("invalid_request", "token URL"),
    ] {
        for status in [400, 401] {
            let refused = says(status).json(&format!(r#"{{"error":"{code}"}}"#));
            let mut bed = Bed::new().tokens([refused]);
            let error = bed.send(ach()).unwrap_err();
            expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
            assert_eq!(error.error_code(), Some(code));
            assert!(error.to_string().contains(hint), "{error}");
            assert_eq!(bed.token_requests.len(), 1);
            assert!(error.response().is_none());
        }
    }
}

#[test]
fn trouble_at_the_token_endpoint_is_retried() {
    for trouble in [
        says(503),
        says(500),
        says(429),
        says(408),
        reset(),
        breaks_unsent(FaultKind::Connect),
        says(200).body("<html>"),
        says(200).json("{}"),
        says(200).json("{\"access_tok"),
    ] {
        let mut bed = Bed::new().tokens([trouble.clone(), trouble]).bank([accepted()]);
        let reply = bed.send(ach()).unwrap();
        assert_eq!(reply.attempts.len(), 1, "token requests are no attempts");
        assert_eq!(bed.token_requests.len(), 3);
    }
}

#[test]
fn trouble_that_lasts_fails_those_who_wait_with_its_own_kind() {
    for (trouble, kind) in [
        (says(503), ErrorKind::Unavailable),
        (says(500), ErrorKind::Server),
        (says(429).header("retry-after", "3"), ErrorKind::RateLimited),
        (reset(), ErrorKind::Transport),
    ] {
        let mut bed = Bed::new().tokens([trouble.clone(), trouble.clone(), trouble]);
        let calls: Vec<_> = (0..3).map(|_| bed.start_call(ach())).collect();
        bed.run();
        for call in calls {
            expect(&bed.take(call).unwrap_err(), kind, Fate::NeverSent, 0);
        }
        assert_eq!(bed.token_requests.len(), 3);
    }
}

#[test]
fn the_endpoints_retry_after_is_waited_for() {
    let busy = says(503).header("retry-after", "9");
    let mut bed = Bed::new().tokens([busy]).bank([accepted()]);
    bed.send(ach()).unwrap();
    assert_eq!(bed.token_requests[1].at - bed.token_requests[0].at, secs(9) + LATENCY);
}

#[test]
fn a_redirect_or_a_certificate_error_at_the_token_endpoint_is_final() {
    for (act, kind) in [
        (says(307).header("location", "https://evil.example/token"), ErrorKind::UnexpectedResponse),
        (breaks_unsent(FaultKind::Certificate), ErrorKind::Transport),
        // Never `not_found`: that would be news of a payment.
        (says(404), ErrorKind::Unauthenticated),
        (says(405), ErrorKind::Unauthenticated),
        (says(409), ErrorKind::Unauthenticated),
    ] {
        let mut bed = Bed::new().tokens([act]);
        expect(&bed.send(ach()).unwrap_err(), kind, Fate::NeverSent, 0);
        assert_eq!(bed.token_requests.len(), 1);
    }
}

#[test]
fn a_token_request_that_broke_is_retried_on_a_fresh_connection() {
    let mut bed = Bed::new().tokens([reset()]).bank([accepted()]);
    bed.send(ach()).unwrap();
    assert!(!bed.token_requests[0].fresh_connection);
    assert!(bed.token_requests[1].fresh_connection);
}

#[test]
fn what_the_token_endpoint_or_a_proxy_before_it_wants_is_said() {
    for (act, what, advice) in [
        (says(404), "at the token URL (404)", "check the token URL"),
        (says(413), "responded with 413", "the token request is larger than the endpoint takes"),
        (says(407), "a proxy before the token endpoint responded with 407", "a proxy on the way"),
        (says(407).body("<html>"), "proxy", "a proxy on the way wants credentials"),
        (
            breaks_unsent(FaultKind::Certificate),
            "certificate",
            "nothing works until the certificate",
        ),
    ] {
        let mut bed = Bed::new().tokens([act]);
        let error = bed.send(ach()).unwrap_err();
        assert_eq!((error.fate(), bed.token_requests.len()), (Fate::NeverSent, 1), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.advice().starts_with(advice), "{}", error.advice());
        assert!(!error.to_string().contains("safe to try again"), "{error}");
        assert!(!error.to_string().contains("check the credentials"), "{error}");
        assert_eq!(error.is_certificate_error(), what == "certificate");
    }
}

#[test]
fn a_certificate_that_is_refused_during_a_refresh_is_named_after_earlier_attempts() {
    let mut bed = Bed::new().bank([refuses(401)]);
    bed.tokens.extend([good_token("old"), breaks_unsent(FaultKind::Certificate)]);
    let error = bed.send(ach()).unwrap_err();
    assert!(error.is_certificate_error(), "{error}");
}

#[test]
fn what_the_endpoint_answered_is_in_the_error_whatever_its_status() {
    let oauth = r#""error":"invalid_client","error_description":"who is that?""#;
    let mut bed = Bed::new().tokens([token(oauth)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Unauthenticated, Fate::NeverSent, 0);
    assert_eq!(
        (error.status().unwrap().as_u16(), error.error_code()),
        (200, Some("invalid_client"))
    );
    assert_eq!(error.problem().message.as_deref(), Some("who is that?"));

    let mut bed = Bed::new().tokens([token(r#""access_token":"t","token_type":"mac""#)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::NeverSent, 0);
    assert_eq!(error.status().unwrap(), 200);
}

#[test]
fn the_scope_that_was_granted_is_known_if_the_endpoint_names_it() {
    let mut bed = Bed::new().tokens([
        token(r#""access_token":"t","token_type":"Bearer","scope":"accounts.read""#),
        token(r#""access_token":"t","token_type":"Bearer""#),
    ]);
    for granted in [Some("accounts.read"), None] {
        let machine = Authenticate::new(&bed.session, &CallOptions::new(), 7);
        let info = bed.drive(machine).unwrap();
        assert_eq!(info.scope.as_deref(), granted);
        bed.pass(secs(3600));
    }
}
