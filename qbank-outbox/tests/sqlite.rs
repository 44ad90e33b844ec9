//! The store on SQLite, with a worker and the bank in the process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_outbox::{
    Command, End, Intent, Listed, Options, Sqlite, State, Stop, Store, StoreError, Worker, verify,
};
use qbank_proto::endpoint::{CreateAch, CreateTransfer};
use qbank_proto::{Client, Fate};
use qbank_sandbox::{BankConfig, BankFault, InProcess, OPERATING, PAYROLL};
use tempfile::TempDir;

struct Scene {
    bank: InProcess,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            bank: InProcess::new(BankConfig::default()),
            folder: tempfile::tempdir().unwrap(),
        };
        Sqlite::migrate(scene.path()).unwrap();
        scene
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("outbox.db")
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(self.path()).unwrap()
    }

    fn work(&self) -> End {
        let mut options = Options::new("worker-1");
        options.until_empty = true;
        let client = Client::with_driver(self.bank.config(), self.bank.blocking()).unwrap();
        Worker::new(client, self.store(), options).run(&Stop::new()).unwrap()
    }

    fn listed(&self) -> Vec<Listed> {
        let mut rows = Vec::new();
        let mut each = |row| {
            rows.push(row);
            Ok(())
        };
        self.store().list(None, &mut each).unwrap();
        rows
    }

    fn chains_hold(&self) {
        let mut store = self.store();
        for id in store.ids_after(0, 10_000).unwrap() {
            let evidence = store.evidence(id).unwrap().unwrap();
            verify(&evidence).unwrap_or_else(|why| panic!("row {id}: {why}: {evidence:#?}"));
        }
    }
}

fn invoice(n: u32) -> Intent {
    let amount = format!("{}.50", n + 1).parse().unwrap();
    Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)).id(format!("INV-{n}")).actor("ap.clerk")
}

#[test]
fn what_is_enqueued_is_paid_once() {
    let scene = Scene::new();
    let invoices: Vec<Intent> = (0..40).map(invoice).collect();
    let enqueued = scene.store().enqueue(&invoices).unwrap();
    assert!(enqueued.iter().all(|it| it.new && it.state == State::Queued));
    // Enqueued again they are the same.
    let again = scene.store().enqueue(&invoices).unwrap();
    assert!(again.iter().zip(&enqueued).all(|(a, b)| {
        !a.new && a.outbox_id == b.outbox_id && a.idempotency_key == b.idempotency_key
    }));
    scene.bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(5));
    assert_eq!(scene.work(), End::Empty);
    assert_eq!(scene.bank.entries().len(), 40);
    for row in scene.listed() {
        assert_eq!((row.state, row.fate), (State::Accepted, Fate::Accepted), "{row:?}");
        assert!(row.payment_id.is_some());
    }
    let twice = scene.listed().iter().filter(|row| row.sends == 2).count();
    assert_eq!(twice, 5, "what was lost was sent again with the same key");
    scene.chains_hold();
}

#[test]
fn another_request_under_a_known_id_is_a_conflict_and_adds_nothing() {
    let scene = Scene::new();
    scene.store().enqueue(&[invoice(1)]).unwrap();
    let other = Intent::new(CreateTransfer::new(OPERATING, PAYROLL, "2.50".parse().unwrap()));
    let refused = scene.store().enqueue(&[invoice(2), other.id("INV-1")]).unwrap_err();
    assert!(matches!(&refused, StoreError::IntentConflict { id, .. } if id == "INV-1"));
    assert_eq!(scene.listed().len(), 1);
}

#[test]
fn a_held_intent_is_sent_after_somebody_else_approves_it() {
    let scene = Scene::new();
    let id = scene.store().enqueue(&[invoice(1).hold()]).unwrap()[0].outbox_id;
    assert_eq!(scene.work(), End::Empty);
    assert_eq!(scene.bank.entries().len(), 0);
    let approve = |actor: &str| Command::Approve { actor: actor.to_owned() };
    let refused = scene.store().command(id, &approve("ap.clerk")).unwrap_err();
    assert!(refused.to_string().contains("somebody else"), "{refused}");
    scene.store().command(id, &approve("treasurer")).unwrap();
    assert_eq!(scene.work(), End::Empty);
    assert_eq!(scene.bank.entries().len(), 1);
    scene.chains_hold();
}

#[test]
fn a_revoked_token_pauses_the_lane_and_refuses_no_row() {
    let scene = Scene::new();
    scene.store().enqueue(&(0..100).map(invoice).collect::<Vec<_>>()).unwrap();
    scene.bank.inject(BankFault::revoke_token().on("/payments/ach").times(3));
    assert_eq!(scene.work(), End::Empty);
    assert_eq!(scene.bank.entries().len(), 100);
    assert!(scene.listed().iter().all(|row| row.state == State::Accepted));
    scene.chains_hold();
}

#[test]
fn what_is_written_down_cannot_be_changed_and_a_changed_byte_is_found() {
    let scene = Scene::new();
    scene.store().enqueue(&[invoice(1)]).unwrap();
    assert_eq!(scene.work(), End::Empty);
    scene.chains_hold();
    let connection = qbank_outbox::rusqlite::Connection::open(scene.path()).unwrap();
    for table in ["intent", "attempt", "audit"] {
        for sql in [format!("DELETE FROM {table}"), format!("UPDATE {table} SET rowid = rowid + 1")]
        {
            let refused = connection.execute(&sql, []).unwrap_err().to_string();
            assert!(refused.contains("never"), "{sql}: {refused}");
        }
    }
    for (table, sql) in [
        ("audit", "UPDATE audit SET actor = 'nobody' WHERE n = 2"),
        ("audit", "DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)"),
        ("attempt", "UPDATE attempt SET http_status = 500"),
        ("intent", "UPDATE intent SET body = replace(body, '2.50', '2.51')"),
    ] {
        let copy = scene.folder.path().join("copy.db");
        let _ = std::fs::remove_file(&copy);
        connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        let tampered = qbank_outbox::rusqlite::Connection::open(&copy).unwrap();
        tampered
            .execute_batch(&format!("DROP TRIGGER {table}_stays; DROP TRIGGER {table}_kept;"))
            .unwrap();
        assert_eq!(tampered.execute(sql, []).unwrap(), 1, "{sql}");
        drop(tampered);
        let mut store = Sqlite::open(&copy).unwrap();
        let evidence = store.evidence(1).unwrap().unwrap();
        assert!(verify(&evidence).is_err(), "{sql} is not found");
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_by_name_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let missing = Sqlite::open(&path).unwrap_err().to_string();
    assert!(missing.contains("no store at"), "{missing}");
    assert!(!path.exists());
    let letter = "Dear bank, ".repeat(200);
    std::fs::write(&path, &letter).unwrap();
    for refused in [Sqlite::open(&path), Sqlite::migrate(&path)] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("is no SQLite database"), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
    let newer = folder.path().join("newer.db");
    drop(Sqlite::migrate(&newer).unwrap());
    let connection = qbank_outbox::rusqlite::Connection::open(&newer).unwrap();
    connection.execute("UPDATE meta SET value = '9' WHERE name = 'schema'", []).unwrap();
    let refused = Sqlite::open(&newer).unwrap_err().to_string();
    assert!(refused.contains("schema 9"), "{refused}");
}

#[test]
fn a_payment_that_is_polled_settles() {
    let scene = Scene::new();
    scene.store().enqueue(&[invoice(1)]).unwrap();
    assert_eq!(scene.work(), End::Empty);
    scene.bank.advance(Duration::from_secs(24 * 3600));
    let client = Client::with_driver(scene.bank.config(), scene.bank.blocking()).unwrap();
    let stop = Stop::new();
    let worker = Worker::new(client, scene.store(), Options::new("worker-2"));
    std::thread::scope(|threads| {
        let running = threads.spawn(|| worker.run(&stop));
        for _ in 0..200 {
            if scene.listed()[0].state == State::Settled {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        stop.stop();
        assert_eq!(running.join().unwrap().unwrap(), End::Stopped);
    });
    assert_eq!(scene.listed()[0].state, State::Settled);
    scene.chains_hold();
}
