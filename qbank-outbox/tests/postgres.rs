//! The store on Postgres. Without a Postgres on this machine nothing is tested, which is said.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;
mod server;

use std::time::{Duration, Instant};

use behaviour::{Place, Setup, invoice};
use qbank_outbox::tokio_postgres::{self, NoTls};
use qbank_outbox::{
    BlockingPostgres, Command, Dialect, End, Ended, Failure, Lane, Lease, Options, Outcome,
    Parameter, Postgres, RowId, State, Stop, Store, StoreError, Turn, Turned, insert_statement,
    verify,
};
use qbank_proto::{ErrorKind, Fate, IdempotencyKey};
use qbank_sandbox::{OPERATING, PAYROLL};
use server::{Database, Own};
use uuid::Uuid;

behaviours!(Database);

fn turn(token: u64) -> Turn {
    Turn {
        token: Uuid::from_u64_pair(token, 1),
        worker: "worker-1".to_owned(),
        lease: Duration::from_secs(60),
        max_key_age: Duration::from_secs(24 * 3600),
        ended: Vec::new(),
        begin: Vec::new(),
        release: Vec::new(),
        claim: 0,
    }
}

/// What it claimed.
fn ids(turned: &Turned) -> Vec<RowId> {
    let mut ids: Vec<RowId> = turned.claimed.iter().map(|it| it.lease.id).collect();
    ids.sort_unstable();
    ids
}

fn until_empty(worker: &str) -> Options {
    let mut options = Options::new(worker);
    options.until_empty = true;
    options
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A connection of the application.
async fn application(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn several_workers_share_the_rows() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let invoices: Vec<_> = (0..400).map(invoice).collect();
    setup.store().enqueue(&invoices).unwrap();
    std::thread::scope(|threads| {
        for n in 0..4 {
            let worker = setup.worker(until_empty(&format!("worker-{n}")));
            threads.spawn(move || assert_eq!(worker.run(&Stop::new()).unwrap(), End::Empty));
        }
    });
    assert_eq!(setup.bank.entries().len(), 400);
    for row in setup.listed() {
        assert_eq!((row.state, row.claims, row.sends), (State::Accepted, 1, 1), "{row:?}");
    }
    setup.chains_hold();
}

#[test]
fn a_server_that_is_killed_under_load_costs_no_payment_and_doubles_none() {
    let Some(setup) = Setup::<Own>::new() else { return };
    let invoices: Vec<_> = (0..2500).map(invoice).collect();
    setup.store().enqueue(&invoices).unwrap();
    let server = &setup.place.0;
    let paid = || setup.bank.entries().len();
    std::thread::scope(|threads| {
        for n in 0..2 {
            let worker = setup.worker(until_empty(&format!("worker-{n}")));
            threads.spawn(move || assert_eq!(worker.run(&Stop::new()).unwrap(), End::Empty));
        }
        // Each time while there is work: some is done, and much is left.
        for part in [50, 300, 600] {
            let began = Instant::now();
            while paid() < part && began.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(1));
            }
            server.stop_at_once().unwrap();
            assert!(paid() < 2500, "it was stopped too late to be under load");
            let lost = BlockingPostgres::connect(&server.url("postgres", "postgres")).unwrap_err();
            assert!(lost.is_unavailable(), "{lost}");
            server.start().unwrap();
        }
    });
    assert_eq!(paid(), 2500);
    let rows = setup.listed();
    assert!(rows.iter().all(|row| row.state == State::Accepted && row.payment_id.is_some()));
    setup.chains_hold();
}

#[test]
fn of_a_paused_lane_that_is_due_one_worker_tries_one_row() {
    let Some(place) = Database::new() else { return };
    let invoices: Vec<_> = (0..40).map(invoice).collect();
    place.store().enqueue(&invoices).unwrap();
    let pause = "INSERT INTO lane SELECT 'credential', now(), 'revoked', now() - interval '1 s', 0";
    place.sql(pause).unwrap();
    let claimed: usize = std::thread::scope(|threads| {
        let claim = |token| {
            let mut store = place.store();
            move || store.turn(&Turn { claim: 8, ..turn(token) }).unwrap().claimed.len()
        };
        let turns: Vec<_> = (1..=4).map(|token| threads.spawn(claim(token))).collect();
        turns.into_iter().map(|turn| turn.join().unwrap()).sum()
    });
    assert_eq!(claimed, 1);
    assert_eq!(place.sql("SELECT retry_at > now() FROM lane").unwrap(), "t");
}

#[test]
fn another_library_enqueues_by_the_statement() {
    use std::fmt::Write as _;

    let Some(setup) = Setup::<Database>::new() else { return };
    let key = IdempotencyKey::from_entropy([1; 16]);
    let (sql, parameters) = insert_statement(&invoice(1), key, Dialect::Postgres).unwrap();
    let literal = |parameter: &Parameter| match parameter {
        Parameter::Text(text) => {
            text.as_ref().map_or("NULL".to_owned(), |text| format!("'{text}'"))
        }
        Parameter::Integer(number) => number.to_string(),
        Parameter::Bytes(bytes) => {
            bytes.iter().fold("'\\x".to_owned(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }) + "'"
        }
        _ => panic!("a parameter that is not known"),
    };
    let literals: Vec<String> = parameters.iter().map(literal).collect();
    for _ in 0..2 {
        let execute = format!("PREPARE add AS {sql}; EXECUTE add ({})", literals.join(", "));
        setup.place.sql(&execute).unwrap();
    }
    assert_eq!(setup.work(), End::Empty);
    let keys: Vec<_> = setup.bank.entries().iter().map(|entry| entry.intent_key).collect();
    assert_eq!(keys, [key]);
    setup.chains_hold();
}

#[test]
fn a_row_that_another_language_inserts_is_paid() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let insert = |id: &str, more: &str, value: &str, body: &str| {
        setup.place.sql(&format!(
            "INSERT INTO intent (intent_id, kind, source_account, amount_cents, payee_hash, body, \
             actor{more}) VALUES ('{id}', 'ach', '{OPERATING}', 1050, \
             encode(sha256('{PAYROLL}'::bytea), 'hex'), '{body}', 'erp'{value})"
        ))
    };
    let body = format!(
        "{{\"source_account_id\":\"{OPERATING}\",\"destination_account_id\":\"{PAYROLL}\",\
         \"amount\":10.50}}"
    );
    // It needs no right but this one.
    setup.place.sql("CREATE ROLE erp; GRANT INSERT ON intent TO erp").unwrap();
    insert("INV-1", "", "", &body).unwrap();
    let as_erp = format!(
        "SET ROLE erp; INSERT INTO intent (intent_id, kind, source_account, amount_cents, \
         payee_hash, body, actor) VALUES ('INV-2', 'ach', '{OPERATING}', 1050, 'x', '{body}', 'erp')"
    );
    setup.place.sql(&as_erp).unwrap();
    setup.place.sql("DROP OWNED BY erp; DROP ROLE erp").unwrap();
    // What no worker could read is refused at once.
    insert("INV-3", ", not_before", ", 'infinity'", &body).unwrap_err();
    insert("INV-3", ", effective_date", ", 'infinity'", &body).unwrap_err();
    insert("INV-3", ", body_sha256", ", 'another'", &body).unwrap_err();
    // What the bank would refuse is refused without it.
    insert("INV-4", "", "", "{}").unwrap();
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 2);
    let states: Vec<State> = setup.listed().iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Accepted, State::Accepted, State::Refused]);
    setup.chains_hold();
}

#[test]
fn a_turn_that_is_repeated_after_its_commit_changes_nothing() {
    let Some(place) = Database::new() else { return };
    let mut store = place.store();
    store.enqueue(&[invoice(1), invoice(2), invoice(3)]).unwrap();
    let table = |name: &str| place.sql(&format!("SELECT * FROM {name} ORDER BY 1, 2, 3")).unwrap();
    let all = || ["outbox", "attempt", "audit", "lane"].map(table);

    let claim = Turn { claim: 2, ..turn(1) };
    let claimed = store.turn(&claim).unwrap();
    assert_eq!(claimed.claimed.len(), 2);
    let leases: Vec<Lease> = claimed.claimed.iter().map(|it| it.lease).collect();
    let before = all();
    assert_eq!(ids(&store.turn(&claim).unwrap()), ids(&claimed));
    assert_eq!(all(), before);

    let begin = Turn { begin: leases.clone(), ..turn(2) };
    let first = store.turn(&begin).unwrap();
    assert_eq!(first.begun.len(), 2);
    let before = all();
    assert_eq!(store.turn(&begin).unwrap().begun, first.begun);
    assert_eq!(all(), before);

    let ended = |lease: &Lease| Ended {
        lease: *lease,
        n: Some(1),
        took: Duration::from_nanos(1_234_567_890),
        outcome: Outcome {
            fate: Fate::Unknown,
            http_status: Some(503),
            fault: None,
            payment_id: None,
            payment_status: Some("any\0thing".to_owned()),
            request_id: None,
            foreign: false,
            failure: Some(Failure {
                kind: ErrorKind::Unavailable,
                code: None,
                message: "the bank's text may have a \0 in it".to_owned(),
                retry_after: None,
            }),
        },
    };
    let end = Turn { ended: leases.iter().map(ended).collect(), claim: 8, ..turn(3) };
    let third = store.turn(&end).unwrap();
    assert_eq!(third.claimed.len(), 1);
    let before = all();
    assert_eq!(ids(&store.turn(&end).unwrap()), ids(&third));
    assert_eq!(all(), before);
    assert_eq!(place.sql("SELECT count(*) FROM attempt").unwrap(), "2");
    for id in store.ids_after(0, 10).unwrap() {
        verify(&store.evidence(id).unwrap().unwrap()).unwrap();
    }
}

#[test]
fn a_turn_that_is_repeated_waits_for_its_own_commit() {
    let Some(place) = Database::new() else { return };
    let mut store = place.store();
    store.enqueue(&[invoice(1), invoice(2)]).unwrap();
    let claim = Turn { claim: 1, ..turn(7) };
    runtime().block_on(async {
        // What the first try of the turn has done so far, on a connection that was lost.
        let lost = application(&place.url()).await;
        let done = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(7); UPDATE outbox SET state = 'claimed', \
             claims = 1, lease_token = '{}', lease_until = now() + interval '1 hour', \
             next_at = now() + interval '1 hour' WHERE id = 2",
            claim.token
        );
        lost.batch_execute(&done).await.unwrap();
        let store = Postgres::connect(&place.url()).await.unwrap();
        let again = tokio::spawn(async move { store.turn(&claim).await.unwrap() });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!again.is_finished());
        lost.batch_execute("COMMIT").await.unwrap();
        assert_eq!(
            ids(&again.await.unwrap()),
            [2],
            "the row that the first try has claimed, and no other"
        );
    });
}

#[test]
fn an_application_enqueues_in_its_own_transaction() {
    let Some(setup) = Setup::<Database>::new() else { return };
    runtime().block_on(async {
        let mut client = application(&setup.place.url()).await;
        let transaction = client.transaction().await.unwrap();
        let gone = Postgres::enqueue(&transaction, &invoice(1)).await.unwrap();
        assert!(gone.new);
        transaction.rollback().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let kept = Postgres::enqueue(&transaction, &invoice(1).hold()).await.unwrap();
        assert_eq!((kept.new, kept.state), (true, State::Held));
        let again = Postgres::enqueue(&transaction, &invoice(1)).await.unwrap();
        assert_eq!((again.new, again.outbox_id), (false, kept.outbox_id));
        let other = Postgres::enqueue(&transaction, &invoice(2).id("INV-1")).await;
        assert!(matches!(other, Err(StoreError::IntentConflict { .. })), "{other:?}");
        transaction.commit().await.unwrap();
    });
    let listed = setup.listed();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].state, State::Held);
    setup.chains_hold();
}

#[test]
fn two_that_enqueue_the_same_at_once_have_one_row() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let invoices: Vec<_> = (0..200).map(invoice).collect();
    let enqueue = || setup.store().enqueue(&invoices).unwrap();
    let (one, two) = std::thread::scope(|threads| {
        let other = threads.spawn(enqueue);
        (enqueue(), other.join().unwrap())
    });
    assert_eq!(setup.listed().len(), 200);
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one.idempotency_key, two.idempotency_key);
        assert!(one.new != two.new);
    }
    // Twice in one batch.
    let twice = setup.store().enqueue(&[invoice(900), invoice(900)]).unwrap();
    assert_eq!(twice.iter().filter(|it| it.new).count(), 1);
    setup.chains_hold();
}

#[test]
fn a_long_transaction_does_not_stop_claims() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let runtime = runtime();
    // While it is open no dead row can be removed.
    let _long = runtime.block_on(async {
        let client = application(&setup.place.url()).await;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox";
        client.batch_execute(begin).await.unwrap();
        client
    });
    let invoices: Vec<_> = (0..2000).map(invoice).collect();
    setup.store().enqueue(&invoices).unwrap();
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 2000);
    let mut store = setup.store();
    store.enqueue(&[invoice(5000)]).unwrap();
    let began = Instant::now();
    let claimed = store.turn(&Turn { claim: 1, ..turn(9) }).unwrap().claimed;
    assert_eq!(claimed[0].intent.intent_id, "INV-5000");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn what_is_written_down_cannot_be_changed_and_a_changed_byte_is_found() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let place = &setup.place;
    setup.store().enqueue(&[invoice(0), invoice(1), invoice(2), invoice(3)]).unwrap();
    assert_eq!(setup.work(), End::Empty);
    setup.chains_hold();
    for table in ["intent", "attempt", "audit"] {
        for sql in ["DELETE FROM", "TRUNCATE"] {
            let refused = place.sql(&format!("{sql} {table} {}", cascade(sql))).unwrap_err();
            assert!(refused.contains("never"), "{sql} {table}: {refused}");
        }
    }
    for sql in [
        "DELETE FROM outbox",
        "UPDATE intent SET amount_cents = 1",
        "UPDATE intent SET body = ''",
        "UPDATE intent SET body = convert_to(body_sha256, 'UTF8'), actor = 'nobody'",
        "UPDATE attempt SET fate = 'accepted'",
        "UPDATE audit SET actor = 'nobody'",
    ] {
        let refused = place.sql(sql).unwrap_err();
        assert!(refused.contains("never"), "{sql}: {refused}");
    }
    for (id, sql) in [
        (1, "UPDATE audit SET actor = 'nobody' WHERE outbox_id = 1 AND n = 2"),
        (2, "DELETE FROM audit WHERE outbox_id = 2 AND n = 4"),
        (3, "UPDATE attempt SET http_status = 500 WHERE outbox_id = 3"),
        (4, "UPDATE intent SET body = ''::bytea WHERE id = 4"),
    ] {
        place.sql(&format!("SET session_replication_role = replica; {sql}")).unwrap();
        let evidence = setup.store().evidence(id).unwrap().unwrap();
        assert!(verify(&evidence).is_err(), "{sql} is not found");
    }
}

fn cascade(sql: &str) -> &str {
    if sql == "TRUNCATE" { "CASCADE" } else { "" }
}

#[test]
fn what_is_final_is_pruned_to_its_digest() {
    let Some(setup) = Setup::<Database>::new() else { return };
    setup.store().enqueue(&[invoice(0), invoice(1), invoice(2)]).unwrap();
    let cancel = Command::Cancel { actor: "treasurer".to_owned() };
    for id in [1, 2] {
        setup.store().command(id, &cancel).unwrap();
    }
    let soon = chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap();
    assert_eq!(setup.store().prune(soon, "auditor").unwrap(), 2);
    assert_eq!(setup.store().prune(soon, "auditor").unwrap(), 0);
    assert!(setup.store().evidence(1).unwrap().unwrap().is_pruned());
    assert!(!setup.store().evidence(3).unwrap().unwrap().is_pruned());
    setup.chains_hold();
}

#[test]
fn a_paused_lane_without_rows_keeps_no_other_from_being_tried() {
    let Some(setup) = Setup::<Database>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    // The names are in the order in which they are tried.
    for lane in ["0/wire".to_owned(), format!("{OPERATING}/ach"), Lane::CREDENTIAL.to_owned()] {
        let moment = "timestamptz '2026-01-01 00:00Z'";
        let pause =
            format!("INSERT INTO lane VALUES ('{lane}', {moment}, 'no scope', {moment}, 0)");
        setup.place.sql(&pause).unwrap();
    }
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 1);
}
