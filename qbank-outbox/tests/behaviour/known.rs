//! What becomes known of a payment beside the answer to its send: by a webhook, by a look, by a
//! worker that could not make its call; and what a store says of all of it in numbers.

use std::time::Duration;

use qbank_outbox::{
    Command, End, Ended, Failure, Lease, Listed, Options, Outcome, State, Status, Store, Turn,
};
use qbank_proto::endpoint::{Payment, PaymentStatus};
use qbank_proto::webhook::Event;
use qbank_proto::{ErrorKind, EventId, Fate, PaymentId};
use uuid::Uuid;

use super::{Place, Setup, invoice};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A row whose payment the bank has.
fn accepted<P: Place>() -> Option<(Setup<P>, Listed, PaymentId)> {
    let setup = Setup::<P>::new()?;
    setup.store().enqueue(&[invoice(1)]).unwrap();
    assert_eq!(setup.work(), End::Empty);
    let row = setup.listed().remove(0);
    let payment = row.payment_id.unwrap();
    Some((setup, row, payment))
}

pub(crate) fn a_verified_event_settles_its_row<P: Place>() {
    let Some((setup, row, payment)) = accepted::<P>() else { return };
    setup.bank.advance(DAY);
    let delivery = setup.bank.bank().event_for(payment).unwrap();
    let event = Event::parse(&delivery.body).unwrap();
    assert_eq!(event.data.status, Some(PaymentStatus::Completed), "the bank has settled it");
    let applied = setup.store().apply_webhook(&event).unwrap().unwrap();
    assert_eq!((applied.outbox_id, applied.state), (row.outbox_id, State::Settled));
    let evidence = setup.store().evidence(row.outbox_id).unwrap().unwrap();
    let link = evidence.links.last().unwrap();
    assert_eq!((&link.event[..], &link.actor[..]), ("webhook", "bank"));
    assert_eq!(link.request_id, event.event_id.to_string());
    // Delivered again, it changes nothing.
    setup.store().apply_webhook(&event).unwrap();
    let again = setup.store().evidence(row.outbox_id).unwrap().unwrap();
    assert_eq!(again.links.len(), evidence.links.len());
    // Somebody else's payment is nobody's here.
    let mut other = Payment::new(PaymentId::from_uuid(Uuid::from_u128(7)));
    other.status = Some(PaymentStatus::Completed);
    assert_eq!(setup.store().apply_webhook(&Event::new(event.event_id, other)).unwrap(), None);
    setup.chains_hold();
}

pub(crate) fn a_payment_of_another_amount_is_reconciled_once<P: Place>() {
    let Some((setup, row, payment)) = accepted::<P>() else { return };
    let mut other = Payment::new(payment);
    other.amount = Some("999.99".parse().unwrap());
    other.status = Some(PaymentStatus::Completed);
    let event = Event::new(EventId::from_uuid(Uuid::from_u128(1)), other);
    let applied = setup.store().apply_webhook(&event).unwrap().unwrap();
    assert_eq!((applied.state, applied.payment_id), (State::Reconcile, None));
    let decide = Command::Decide {
        accepted: true,
        reason: "the bank's statement has it".to_owned(),
        actor: "treasurer".to_owned(),
    };
    setup.store().command(row.outbox_id, &decide).unwrap();
    // Neither an event nor a look at that payment brings it back.
    assert_eq!(setup.store().apply_webhook(&event).unwrap(), None);
    assert_eq!(setup.work(), End::Empty);
    let evidence = setup.store().evidence(row.outbox_id).unwrap().unwrap();
    assert_eq!((evidence.row.state, evidence.row.next_at), (State::Accepted, None));
    setup.chains_hold();
}

fn turn(token: u128) -> Turn {
    Turn {
        token: Uuid::from_u128(token),
        worker: "worker-1".to_owned(),
        lease: Duration::from_secs(60),
        max_key_age: DAY,
        ended: Vec::new(),
        begin: Vec::new(),
        release: Vec::new(),
        claim: 0,
    }
}

/// A send of the one row, which came to this.
fn send(store: &mut impl Store, token: u128, outcome: Outcome) {
    let claimed = store.turn(&Turn { claim: 1, ..turn(token) }).unwrap().claimed;
    let lease: Lease = claimed.first().unwrap().lease;
    let begun = store.turn(&Turn { begin: vec![lease], ..turn(token + 1) }).unwrap().begun;
    let n = Some(begun.first().unwrap().n);
    let ended = Ended { lease, n, took: Duration::from_millis(5), outcome };
    store.turn(&Turn { ended: vec![ended], ..turn(token + 2) }).unwrap();
}

pub(crate) fn a_worker_that_is_set_up_wrong_refuses_no_row<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    let mut outcome = Outcome::not_sent("");
    outcome.failure = Some(Failure {
        kind: ErrorKind::InvalidInput,
        code: None,
        message: "its token has a line break".to_owned(),
        retry_after: None,
    });
    send(&mut setup.store(), 10, outcome);
    let row = setup.listed().remove(0);
    assert_eq!((row.state, row.fate), (State::Queued, Fate::NeverSent), "{row:?}");
    assert_eq!(row.last_error.as_deref(), Some("its token has a line break"));
    let evidence = setup.store().evidence(row.outbox_id).unwrap().unwrap();
    let last = evidence.links.last().unwrap().timestamp;
    assert!(evidence.row.next_at.unwrap() > last, "it is not tried again at once");
    setup.chains_hold();
}

pub(crate) fn a_store_says_what_it_has_in_numbers<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    assert_eq!(setup.store().status().unwrap(), Status::default());
    setup.store().enqueue(&[invoice(1)]).unwrap();
    send(&mut setup.store(), 20, Outcome::abandoned("nothing came"));
    setup.store().enqueue(&[invoice(2), invoice(3), invoice(4).hold()]).unwrap();
    setup.store().pause("the bank has a holiday").unwrap();
    let status = setup.store().status().unwrap();
    let depth = [(State::Held, 1), (State::Queued, 2), (State::Resend, 1)];
    assert_eq!(status.depth, depth);
    assert_eq!((status.open(), status.rows(State::Settled), status.sends), (3, 0, 1));
    assert!(status.oldest_unknown.is_some(), "one is in doubt");
    assert!(status.oldest_due.is_some(), "two are due");
    assert_eq!(status.paused.len(), 1);
    assert_eq!(status.paused[0].0.reason, "the bank has a holiday");
    setup.store().resume().unwrap();
    assert_eq!(setup.work(), End::Empty);
    let status = setup.store().status().unwrap();
    assert_eq!((status.open(), status.oldest_unknown, status.paused.len()), (0, None, 0));
}

pub(crate) fn a_try_of_a_paused_lane_that_nothing_answers_is_followed_by_another_soon<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    let mut refused = Outcome::abandoned("");
    refused.fate = Fate::NeverSent;
    refused.http_status = Some(401);
    refused.failure = Some(Failure {
        kind: ErrorKind::Unauthenticated,
        code: None,
        message: "revoked".to_owned(),
        retry_after: None,
    });
    send(&mut setup.store(), 30, refused);
    let mut store = setup.store();
    let paused = |store: &mut P::Store| store.lanes().unwrap().remove(0).0;
    let first = paused(&mut store);
    // It is tried after a second.
    let mut tried = false;
    for token in 40..240 {
        let claimed = store.turn(&Turn { claim: 1, ..turn(token) }).unwrap().claimed;
        if let Some(claimed) = claimed.first() {
            let lease = claimed.lease;
            let begun = store.turn(&Turn { begin: vec![lease], ..turn(1000) }).unwrap().begun;
            let n = Some(begun.first().unwrap().n);
            let outcome = Outcome::abandoned("nothing came");
            let ended = Ended { lease, n, took: Duration::ZERO, outcome };
            store.turn(&Turn { ended: vec![ended], ..turn(1001) }).unwrap();
            tried = true;
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(tried, "the lane is tried");
    let again = paused(&mut store);
    let wait = again.retry_at.unwrap() - first.retry_at.unwrap();
    assert!(wait.num_seconds() < 10, "the next try is {wait} after the first");
}

pub(crate) fn what_the_bank_asked_to_wait_is_waited_whatever_else_ends<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    let mut store = setup.store();
    store.enqueue(&[invoice(1), invoice(2)]).unwrap();
    let claimed = store.turn(&Turn { claim: 2, ..turn(50) }).unwrap().claimed;
    let leases: Vec<Lease> = claimed.iter().map(|it| it.lease).collect();
    store.turn(&Turn { begin: leases.clone(), ..turn(51) }).unwrap();
    let ended = |lease, outcome| Ended { lease, n: Some(1), took: Duration::ZERO, outcome };
    let mut limited = Outcome::abandoned("");
    limited.fate = Fate::NeverSent;
    limited.http_status = Some(429);
    limited.failure = Some(Failure {
        kind: ErrorKind::RateLimited,
        code: None,
        message: "slower".to_owned(),
        retry_after: Some(Duration::from_secs(60)),
    });
    store.turn(&Turn { ended: vec![ended(leases[0], limited)], ..turn(52) }).unwrap();
    let first = store.lanes().unwrap().remove(0).0;
    let nothing = Outcome::abandoned("nothing came");
    store.turn(&Turn { ended: vec![ended(leases[1], nothing)], ..turn(53) }).unwrap();
    let after = store.lanes().unwrap().remove(0).0;
    assert_eq!(after.retry_at, first.retry_at);
}
