//! An intent that is sent instead of another one.

use qbank_outbox::{Command, End, Intent, State, Store, StoreError};
use qbank_proto::endpoint::CreateAch;
use qbank_sandbox::{BankFault, OPERATING, PAYROLL};

use super::{Place, Setup, invoice};

fn corrected(id: &str) -> Intent {
    let amount = "7.77".parse().unwrap();
    Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)).id(id).actor("ap.clerk")
}

pub(crate) fn what_was_refused_is_replaced_once_and_named<P: Place>() {
    let Some(setup) = Setup::<P>::new() else { return };
    let replace = |id: &str, old: &str| setup.store().enqueue(&[corrected(id).replaces(old)]);
    let refused = |result: Result<_, StoreError>| {
        let error = Result::unwrap_err(result);
        assert!(matches!(error, StoreError::Input(_)), "{error}");
        let message = error.to_string();
        assert!(message.contains("replaces"), "{message}");
        message
    };
    setup.store().enqueue(&[invoice(1), invoice(2)]).unwrap();
    // What may still be paid, and what is not there, is not replaced.
    assert!(refused(replace("INV-1.2", "INV-1")).contains("queued"));
    assert!(refused(replace("INV-9.2", "INV-9")).contains("no such intent"));
    refused(replace("INV-1", "INV-1"));
    assert_eq!(setup.listed().len(), 2);

    setup.bank.inject(BankFault::status(400).on("/payments/ach").times(1));
    assert_eq!(setup.work(), End::Empty);
    let rows = setup.listed();
    let old = rows.iter().find(|row| row.state == State::Refused).unwrap().clone();
    let paid = rows.iter().find(|row| row.state == State::Accepted).unwrap().clone();
    assert!(refused(replace("NEW", &paid.id)).contains("accepted"));

    // That it was handed out to be corrected is noted, and changes nothing else of it.
    let hand_out = Command::HandOut { actor: "ap.clerk".to_owned(), file: "new.csv".to_owned() };
    let handed = setup.store().command(old.outbox_id, &hand_out).unwrap();
    let before = (State::Refused, old.fate, old.sends);
    assert_eq!((handed.state, handed.fate, handed.sends), before);
    let evidence = setup.store().evidence(old.outbox_id).unwrap().unwrap();
    let link = evidence.links.last().unwrap();
    assert_eq!((&link.event[..], &link.actor[..]), ("handed_out", "ap.clerk"));
    assert!(link.detail.contains(r#""file":"new.csv""#), "{}", link.detail);
    let not = setup.store().command(paid.outbox_id, &hand_out).unwrap_err();
    assert!(not.to_string().contains("only what moved no money"), "{not}");

    let new = replace("NEW", &old.id).unwrap().remove(0);
    assert!(new.new);
    assert_ne!(new.idempotency_key, old.idempotency_key);
    // The same once more is the same; another one would pay it twice.
    assert!(!replace("NEW", &old.id).unwrap()[0].new);
    let alone = setup.store().enqueue(&[corrected("NEW")]).unwrap_err();
    assert!(matches!(alone, StoreError::IntentConflict { .. }), "{alone}");
    assert!(refused(replace("NEWER", &old.id)).contains("NEW has replaced"));
    let twice = [corrected("A").replaces("NEW"), corrected("B").replaces("NEW")];
    let cancel = Command::Cancel { actor: "ap.clerk".to_owned() };
    setup.store().command(new.outbox_id, &cancel).unwrap();
    assert!(refused(setup.store().enqueue(&twice)).contains("A has replaced"));
    setup.store().enqueue(&twice[..1]).unwrap();

    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 2);
    let evidence = setup.store().evidence(new.outbox_id).unwrap().unwrap();
    assert_eq!(evidence.intent.replaces.as_deref(), Some(&old.id[..]));
    assert!(evidence.links[0].detail.contains("\"replaces\":\"INV-"));
    setup.chains_hold();
}
