//! No complete response: what may have reached the bank is unknown, what cannot
//! have is never sent.

use qbank_proto::{ErrorKind, Fate, FaultKind};

use crate::bed::*;

#[test]
fn what_fails_before_a_byte_is_written_is_never_sent_and_resent() {
    for kind in [FaultKind::Resolve, FaultKind::Connect, FaultKind::Tls] {
        let mut bed = Bed::new().always(breaks_unsent(kind));
        let error = bed.send(ach()).unwrap_err();
        expect(&error, ErrorKind::Transport, Fate::NeverSent, 3);
        assert!(error.attempts().iter().all(|it| it.fault == Some(kind)));
        assert_eq!(error.advice(), "it is safe to try again");
        bed.one_intent();

        let mut bed = Bed::new().bank([breaks_unsent(kind), accepted()]);
        let reply = bed.send(ach()).unwrap();
        assert_eq!((reply.fate, reply.attempts.len()), (Fate::Accepted, 2));
    }
}

#[test]
fn a_certificate_error_is_never_retried() {
    let mut bed = Bed::new().bank([breaks_unsent(FaultKind::Certificate)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Transport, Fate::NeverSent, 1);
}

#[test]
fn a_refused_client_certificate_is_never_retried_and_named() {
    let mut bed = Bed::new().bank([breaks_unsent(FaultKind::ClientCertificate)]);
    let error = bed.send(ach()).unwrap_err();
    expect(&error, ErrorKind::Transport, Fate::NeverSent, 1);
    assert!(error.is_client_certificate_error() && !error.is_certificate_error());
    assert!(error.to_string().contains("the server refused the client certificate"), "{error}");
    assert!(error.advice().contains("a client certificate that it accepts"), "{error}");
}

#[test]
fn a_stream_below_which_the_server_went_away_is_never_sent_and_resent() {
    let gone = breaks_unsent(FaultKind::Disconnected).text("GOAWAY");
    let mut bed = Bed::new().always(gone.clone());
    expect(&bed.send(wire()).unwrap_err(), ErrorKind::Transport, Fate::NeverSent, 3);

    let mut bed = Bed::new().bank([gone, wired()]);
    assert_eq!(bed.send(wire()).unwrap().attempts.len(), 2);
}

#[test]
fn a_conflict_after_a_refused_stream_is_our_own_payment_and_followed() {
    // haproxy refuses a stream whose request it has passed on.
    let refused = breaks(FaultKind::Disconnected).text("REFUSED_STREAM");
    let record = says(200).json(&payment_json("WIRE", "25.00", "P_PROCESSING"));
    let mut bed = Bed::new().bank([refused, conflict(), record]);
    let reply = bed.send(wire()).unwrap();
    assert_eq!((reply.fate, reply.followed), (Fate::Accepted, true));
    bed.one_intent();
}

#[test]
fn what_breaks_after_sending_is_unknown_and_resent_on_a_fresh_connection() {
    for kind in [FaultKind::Timeout, FaultKind::Disconnected, FaultKind::Protocol, FaultKind::Other]
    {
        let mut bed = Bed::new().always(breaks(kind).after(secs(1)));
        let error = bed.send(ach()).unwrap_err();
        // What is no HTTP is a response all the same, if an impossible one.
        let says = match kind {
            FaultKind::Protocol => ErrorKind::UnexpectedResponse,
            _ => ErrorKind::Transport,
        };
        expect(&error, says, Fate::Unknown, 3);
        assert!(error.advice().contains("only with the same key"));
        assert!(error.to_string().contains("UNKNOWN"));
        bed.one_intent();
        let fresh: Vec<_> = bed.sent.iter().map(|sent| sent.fresh_connection).collect();
        assert_eq!(fresh, [false, true, true], "{kind}");
    }
}

#[test]
fn a_read_that_breaks_is_resent_and_has_no_fate() {
    let mut bed = Bed::new().always(reset());
    let error = bed.send(accounts()).unwrap_err();
    expect(&error, ErrorKind::Transport, Fate::NotApplicable, 3);
    assert!(error.key().is_none());
    assert!(bed.sent.iter().all(|it| it.header("idempotency-key").is_none()));

    let mut bed = Bed::new().bank([reset(), says(200).json("[]")]);
    let reply = bed.send(accounts()).unwrap();
    assert!(reply.attempts.iter().all(|it| it.fate == Fate::NotApplicable));
    assert_eq!((reply.fate, reply.attempts.len()), (Fate::NotApplicable, 2));
}

#[test]
fn a_response_that_breaks_off_inside_a_response_is_resent_on_a_fresh_connection() {
    for status in [200, 201, 408, 500, 502, 503] {
        let broken = cut_off(says(status), FaultKind::Disconnected);
        let mut bed = Bed::new().bank([broken, wired()]);
        let reply = bed.send(wire()).unwrap();
        assert_eq!(reply.attempts[0].fate, Fate::Unknown);
        assert_eq!(reply.attempts[0].status.unwrap().as_u16(), status);
        assert!(bed.sent[1].fresh_connection, "after {status}");
    }
}

#[test]
fn a_response_that_promised_success_and_broke_off_is_an_unexpected_response() {
    let broken = cut_off(says(201), FaultKind::Disconnected);
    let mut bed = Bed::new().always(broken);
    let error = bed.send(wire()).unwrap_err();
    expect(&error, ErrorKind::UnexpectedResponse, Fate::Unknown, 3);
    assert_eq!(error.status().unwrap().as_u16(), 201);
}

#[test]
fn a_head_that_refuses_counts_though_its_body_broke_off() {
    for (status, kind) in [
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (422, ErrorKind::InvalidRequest),
    ] {
        let mut bed = Bed::new().bank([cut_off(says(status), FaultKind::Disconnected)]);
        expect(&bed.send(ach()).unwrap_err(), kind, Fate::Refused, 1);
    }
}

#[test]
fn a_401_that_broke_off_is_a_401() {
    let mut bed = Bed::new().bank([cut_off(says(401), FaultKind::Timeout), accepted()]);
    let reply = bed.send(ach()).unwrap();
    assert_eq!(reply.attempts.len(), 2);
    assert_eq!(bed.token_requests.len(), 2);
    assert_eq!(bed.sent[1].header("authorization"), Some("Bearer token-2"));
}

#[test]
fn the_driver_that_loses_the_ticket_leaves_it_unknown() {
    let mut bed = Bed::new().always(lost());
    let started = bed.now.mono;
    let error = bed.send(ach()).unwrap_err();
    assert_eq!((error.fate(), error.attempts().len()), (Fate::Unknown, 3));
    assert!(bed.now.mono - started <= secs(185), "deadline and grace");
    bed.one_intent();
}

#[test]
fn a_hidden_redirect_is_unknown_and_not_resent() {
    let mut bed = Bed::new().bank([breaks(FaultKind::Redirected)]);
    expect(&bed.send(ach()).unwrap_err(), ErrorKind::UnexpectedResponse, Fate::Unknown, 1);
}

#[test]
fn a_claim_of_never_sent_is_not_believed_when_a_response_came() {
    let answered = cut_off(says(201), FaultKind::Connect);
    let mut bed = Bed::new().always(answered);
    assert_eq!(bed.send(wire()).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn cancelling_it_leaves_unknown_what_was_out_and_never_sent_what_was_not() {
    let mut bed = Bed::new().always(lost());
    let out = bed.start_call(ach());
    bed.pass(secs(1));
    let error = bed.abandon(out).unwrap_err();
    expect(&error, ErrorKind::Transport, Fate::Unknown, 1);
    assert_eq!(error.attempts()[0].fault, Some(FaultKind::Aborted));
    assert!(error.key().is_some() && error.first_sent().is_some());

    let waiting = bed.start_call(ach());
    expect(&bed.abandon(waiting).unwrap_err(), ErrorKind::Transport, Fate::NeverSent, 0);
}

#[test]
fn cancelling_it_between_attempts_says_what_came_before() {
    let mut bed = Bed::new().bank([refuses(503).header("retry-after", "60")]);
    let call = bed.start_call(ach());
    bed.pass(secs(1));
    let error = bed.abandon(call).unwrap_err();
    expect(&error, ErrorKind::Unavailable, Fate::Unknown, 1);
    assert!(error.to_string().contains("cancelled"));
}

#[test]
fn a_head_that_says_no_counts_even_when_its_body_takes_the_last_of_our_time() {
    let hurried = || with(|options| options.deadline = Some(secs(10)));
    let stalled = |status| cut_off(says(status), FaultKind::Timeout).after(millis(9_700));
    for (status, kind, fate) in [
        (409, ErrorKind::IdempotencyConflict, Fate::InProgress),
        (403, ErrorKind::PermissionDenied, Fate::Refused),
        (503, ErrorKind::Unavailable, Fate::Unknown),
    ] {
        let mut bed = Bed::with_ready_token().bank([stalled(status)]);
        expect(&bed.send_with(wire(), hurried()).unwrap_err(), kind, fate, 1);
    }
    // A 401 throws its token away all the same, and there is time for another.
    let mut bed = Bed::new().bank([stalled(401), wired()]);
    let reply = bed.send_with(wire(), hurried()).unwrap();
    assert_eq!((reply.attempts.len(), bed.token_requests.len()), (2, 2));
}
