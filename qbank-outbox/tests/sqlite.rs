//! The store on SQLite.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;

use behaviour::{Folder, Setup, invoice};
use qbank_outbox::{End, Intent, Lane, Sqlite, Store, verify};
use qbank_proto::IdempotencyKey;
use qbank_proto::endpoint::CreateTransfer;
use qbank_sandbox::{BankFault, OPERATING, PAYROLL};

behaviours!(Folder);

#[test]
fn what_is_written_down_cannot_be_changed_and_a_changed_byte_is_found() {
    let setup = Setup::<Folder>::new().unwrap();
    setup.store().enqueue(&[invoice(1)]).unwrap();
    assert_eq!(setup.work(), End::Empty);
    setup.chains_hold();
    let connection = qbank_outbox::rusqlite::Connection::open(setup.place.path()).unwrap();
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
        let copy = setup.place.0.path().join("copy.db");
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
fn another_library_enqueues_by_the_statement_and_never_replaces() {
    use qbank_outbox::rusqlite::types::Value;
    use qbank_outbox::rusqlite::{Connection, params_from_iter};
    use qbank_outbox::{Dialect, Parameter, insert_statement};

    let setup = Setup::<Folder>::new().unwrap();
    let connection = Connection::open(setup.place.path()).unwrap();
    let insert = |start: &str, intent: &Intent, key: u8| {
        let key = IdempotencyKey::from_entropy([key; 16]);
        let (sql, parameters) = insert_statement(intent, key, Dialect::Sqlite).unwrap();
        let values = parameters.into_iter().map(|parameter| match parameter {
            Parameter::Text(text) => text.map_or(Value::Null, Value::Text),
            Parameter::Integer(number) => Value::Integer(number),
            Parameter::Bytes(bytes) => Value::Blob(bytes),
            _ => panic!("a parameter that is not known"),
        });
        connection.execute(&sql.replacen("INSERT", start, 1), params_from_iter(values))
    };
    assert_eq!(insert("INSERT", &invoice(1), 1).unwrap(), 1);
    // The same once more is the first one, whoever would replace it.
    for start in ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"] {
        assert_eq!(insert(start, &invoice(1), 2).unwrap(), 0, "{start}");
        let other = Intent::new(CreateTransfer::new(OPERATING, PAYROLL, "9".parse().unwrap()));
        let refused = insert(start, &other.id("INV-1").actor("erp"), 3).unwrap_err();
        assert!(refused.to_string().contains("IntentConflict"), "{start}: {refused}");
    }
    assert_eq!(setup.work(), End::Empty);
    let keys: Vec<_> = setup.bank.entries().iter().map(|entry| entry.intent_key).collect();
    assert_eq!(keys, [IdempotencyKey::from_entropy([1; 16])]);
    setup.chains_hold();
}

#[test]
fn what_no_worker_could_read_is_refused_where_it_is_inserted() {
    let setup = Setup::<Folder>::new().unwrap();
    let connection = qbank_outbox::rusqlite::Connection::open(setup.place.path()).unwrap();
    for (column, value) in [
        ("created_at", "'2026-01-05 09:00:00'"),
        ("not_before", "'2026-13-45T99:99:99.999Z'"),
        ("amount_cents", "'abc'"),
        ("source_account", "x'00'"),
    ] {
        let mut columns = vec![
            ("intent_id", "'X'"),
            ("kind", "'ach'"),
            ("source_account", "'a'"),
            ("amount_cents", "100"),
            ("payee_hash", "'p'"),
            ("idempotency_key", "'k'"),
            ("body", "'{}'"),
            ("body_sha256", "'s'"),
            ("actor", "'erp'"),
        ];
        columns.retain(|(name, _)| *name != column);
        columns.push((column, value));
        let (names, values): (Vec<&str>, Vec<&str>) = columns.into_iter().unzip();
        let sql =
            format!("INSERT INTO intent ({}) VALUES ({})", names.join(", "), values.join(", "));
        let refused = connection.execute(&sql, []).unwrap_err().to_string();
        assert!(refused.contains("CHECK"), "{column}: {refused}");
    }
}

#[test]
fn a_paused_lane_without_rows_keeps_no_other_from_being_tried() {
    let setup = Setup::<Folder>::new().unwrap();
    setup.store().enqueue(&[invoice(1)]).unwrap();
    let connection = qbank_outbox::rusqlite::Connection::open(setup.place.path()).unwrap();
    let long_ago = "2026-01-01T00:00:00.000Z";
    // The names are in the order in which they are tried.
    for lane in ["0/wire".to_owned(), format!("{OPERATING}/ach"), Lane::CREDENTIAL.to_owned()] {
        let pause = "INSERT INTO lane VALUES (?1, ?2, 'no scope', ?2, 0)";
        connection.execute(pause, [&lane, long_ago]).unwrap();
    }
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.bank.entries().len(), 1);
}

#[test]
fn another_language_cannot_push_a_replacement_out_by_another_one() {
    let setup = Setup::<Folder>::new().unwrap();
    setup.store().enqueue(&[invoice(1)]).unwrap();
    setup.bank.inject(BankFault::status(400).on("/payments/ach").times(1));
    assert_eq!(setup.work(), End::Empty);
    setup.store().enqueue(&[invoice(2).replaces("INV-1")]).unwrap();
    let connection = qbank_outbox::rusqlite::Connection::open(setup.place.path()).unwrap();
    let insert = "INSERT OR REPLACE INTO intent (intent_id, kind, source_account, amount_cents, \
                  payee_hash, idempotency_key, body, body_sha256, actor, replaces) \
                  SELECT 'INV-3', kind, source_account, amount_cents, payee_hash, \
                  '5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11', body, body_sha256, actor, 'INV-1' \
                  FROM intent WHERE intent_id = 'INV-2'";
    let refused = connection.execute(insert, []).unwrap_err().to_string();
    assert!(refused.contains("IntentConflict"), "{refused}");
    let ids: Vec<String> = setup.listed().into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["INV-1", "INV-2"]);
}
