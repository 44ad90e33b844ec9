//! Waiting until a payment is final.

use std::time::Duration;

use qbank_proto::{ErrorKind, Fate, WaitForPayment};

use crate::bed::*;

#[expect(clippy::needless_pass_by_value, reason = "reads well in a script")]
fn wait(bed: &Bed, options: Options) -> WaitForPayment {
    let jitter = 7;
    WaitForPayment::new(&bed.session, payment_id(), options.of_call(), jitter)
}

fn in_state(status: &str) -> Act {
    record("ACH", "1000.50", status)
}

#[test]
fn a_wait_looks_ever_more_slowly_until_the_payment_is_final() {
    let mut bed = Bed::new();
    bed.bank.extend((0..10).map(|_| in_state("P_PROCESSING")));
    bed.bank.push_back(in_state("P_COMPLETED"));
    let machine = wait(&bed, options());
    let reply = bed.drive(machine).unwrap();
    assert_eq!(reply.fate, Fate::Accepted);
    assert!(reply.value.is_final());
    let gaps: Vec<Duration> = bed.gaps().iter().map(|gap| *gap - LATENCY).collect();
    assert_eq!(gaps[..3], [secs(1), millis(1500), millis(2250)]);
    assert!(gaps[7..].iter().all(|gap| *gap == secs(15)), "{gaps:?}");
}

#[test]
fn a_payment_not_found_while_waiting_is_lag() {
    let mut bed = Bed::new().bank([refuses(404), refuses(404), in_state("P_COMPLETED")]);
    let machine = wait(&bed, options());
    assert!(bed.drive(machine).is_ok());
}

#[test]
fn trouble_while_waiting_is_waited_out() {
    let mut bed = Bed::new().bank([
        reset(),
        refuses(503),
        refuses(500),
        says(200).body("<html>"),
        refuses(401),
        in_state("P_COMPLETED"),
    ]);
    let machine = wait(&bed, options());
    assert!(bed.drive(machine).is_ok());
}

#[test]
fn a_payment_that_failed_is_refused() {
    let mut bed = Bed::new().bank([in_state("P_CREATED"), in_state("P_FAILED")]);
    let machine = wait(&bed, options());
    let error = bed.drive(machine).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::PaymentFailed, Fate::Refused));
    assert!(error.payment().unwrap().failed());
    assert_eq!(error.transaction_id(), Some(payment_id()));
}

#[test]
fn time_up_with_the_payment_seen_is_in_progress() {
    let mut bed = Bed::new().always(in_state("P_PROCESSING"));
    let started = bed.now.mono;
    let machine = wait(&bed, with(|options| options.deadline = Some(secs(30))));
    let error = bed.drive(machine).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::DeadlineExceeded, Fate::InProgress));
    assert!(error.payment().is_some());
    assert!(bed.now.mono - started <= secs(30));
}

#[test]
fn time_up_with_the_payment_never_seen_is_not_found() {
    for (accepted_before, fate) in [(false, Fate::NotApplicable), (true, Fate::InProgress)] {
        let mut bed = Bed::new().always(refuses(404));
        let mut machine = wait(&bed, options());
        if accepted_before {
            machine = machine.accepted();
        }
        let error = bed.drive(machine).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::NotFound, fate));
        assert_eq!(error.transaction_id(), Some(payment_id()));
    }
}

#[test]
fn what_looking_again_cannot_help_ends_the_wait() {
    for (act, kind) in [
        (refuses(403), ErrorKind::PermissionDenied),
        (refuses(400), ErrorKind::InvalidRequest),
        (says(302), ErrorKind::UnexpectedResponse),
    ] {
        let mut bed = Bed::new().bank([act]);
        let machine = wait(&bed, options());
        assert_eq!(bed.drive(machine).unwrap_err().kind(), kind);
        assert_eq!(bed.sent.len(), 1);
    }
}

#[test]
fn a_response_about_another_payment_is_not_believed() {
    let mut bed = Bed::new().always(in_state("P_COMPLETED"));
    let jitter = 7;
    let other = OTHER_PAYMENT.parse().unwrap();
    let machine = WaitForPayment::new(&bed.session, other, options().of_call(), jitter);
    assert_eq!(bed.drive(machine).unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[test]
fn cancelling_a_wait_says_what_was_seen() {
    let mut bed = Bed::new().always(in_state("P_PROCESSING"));
    let machine = wait(&bed, options());
    let handle = bed.start(machine);
    bed.pass(secs(5));
    let error = bed.abandon(handle).unwrap_err();
    assert_eq!(error.fate(), Fate::InProgress);
    assert!(error.payment().is_some());
}

#[test]
fn a_last_look_that_the_deadline_cuts_does_not_hide_that_nothing_was_seen() {
    let never = says(404).after(secs(9));
    let mut bed = Bed::new().bank([refuses(404), never]).always(lost());
    let machine = wait(&bed, with(|options| options.deadline = Some(secs(10))));
    let error = bed.drive(machine).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
