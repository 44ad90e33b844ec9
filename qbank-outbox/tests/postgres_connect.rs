//! How a store on Postgres is reached, and what is said where it cannot be.

#![cfg(all(feature = "postgres", unix))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;
mod server;

use std::os::unix::fs::PermissionsExt as _;
use std::process;
use std::time::{Duration, Instant};

use behaviour::{Place, invoice};
use chrono::DateTime;
use qbank_outbox::{BlockingPostgres, Command, Store, StoreError};
use server::{Database, Server};

/// The message of a refusal by name, which says what to do.
fn refused(result: Result<BlockingPostgres, StoreError>) -> String {
    match result {
        Err(StoreError::NotAStore(why)) => why,
        other => panic!("it is not refused by name: {other:?}"),
    }
}

fn both(url: &str) -> [String; 2] {
    [BlockingPostgres::connect(url), BlockingPostgres::migrate(url)].map(refused)
}

#[test]
fn a_database_that_is_no_store_is_refused_by_name_and_stays_as_it_is() {
    let Some(place) = Database::empty() else { return };
    let why = refused(BlockingPostgres::connect(&place.url()));
    assert!(why.contains("has no outbox") && why.contains("`migrate`"), "{why}");
    let tables = || place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables().unwrap(), "0");

    place.sql("CREATE TABLE audit (note text)").unwrap();
    let why = refused(BlockingPostgres::migrate(&place.url()));
    assert!(why.contains("\"audit\" already exists") && why.contains("search_path"), "{why}");
    assert_eq!(tables().unwrap(), "1");
    // In a schema of its own it is in nobody's way.
    place.sql("CREATE SCHEMA qbank").unwrap();
    let url = format!("{}?options=-csearch_path%3Dqbank", place.url());
    let mut store = BlockingPostgres::migrate(&url).unwrap();
    assert!(store.enqueue(&[invoice(1)]).unwrap()[0].new);
    assert_eq!(tables().unwrap(), "1");

    place.sql("CREATE TABLE meta (note text)").unwrap();
    for why in both(&place.url()) {
        assert!(why.contains("are no outbox"), "{why}");
    }
    for why in both(&place.server.url("postgres", "nowhere")) {
        assert!(why.contains("\"nowhere\" does not exist") && why.contains("createdb"), "{why}");
    }
}

#[test]
fn a_store_of_a_newer_schema_or_another_encoding_is_refused_by_name() {
    let Some(place) = Database::new() else { return };
    drop(BlockingPostgres::migrate(&place.url()).unwrap());
    place.sql("UPDATE meta SET value = '9' WHERE name = 'schema'").unwrap();
    for why in both(&place.url()) {
        assert!(why.contains("schema 9"), "{why}");
    }
    place.sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0").unwrap();
    for why in both(&place.server.url("postgres", "ascii")) {
        assert!(why.contains("UTF8"), "{why}");
    }
    place.sql("DROP DATABASE ascii").unwrap();
}

#[test]
fn a_role_without_rights_is_told_which() {
    let Some(place) = Database::empty() else { return };
    place.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE clerk LOGIN").unwrap();
    let url = place.server.url("clerk", &place.name);
    let why = refused(BlockingPostgres::migrate(&url));
    assert!(why.contains("permission denied for schema public") && why.contains("GRANT"), "{why}");
    assert_eq!(place.sql("SELECT to_regclass('meta') IS NULL").unwrap(), "t");
    drop(BlockingPostgres::migrate(&place.url()).unwrap());
    let why = refused(BlockingPostgres::connect(&url));
    assert!(why.contains("permission denied for table meta"), "{why}");
    place.sql("GRANT SELECT ON meta TO clerk").unwrap();
    let mut store = BlockingPostgres::connect(&url).unwrap();
    let error = store.enqueue(&[invoice(1)]).unwrap_err();
    assert!(matches!(&error, StoreError::NotAStore(_)), "{error:?}");
    // What the migration says is enough.
    place
        .sql(
            "GRANT SELECT, INSERT ON intent, attempt, audit TO clerk; \
             GRANT SELECT, UPDATE ON outbox TO clerk; GRANT UPDATE (body) ON intent TO clerk; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON lane TO clerk",
        )
        .unwrap();
    store.enqueue(&[invoice(1)]).unwrap();
    store.pause("a holiday").unwrap();
    store.resume().unwrap();
    let cancel = Command::Cancel { actor: "treasurer".to_owned() };
    store.command(1, &cancel).unwrap();
    assert_eq!(store.prune(DateTime::from_timestamp(4_000_000_000, 0).unwrap(), "it").unwrap(), 1);
    place.sql("DROP OWNED BY clerk; DROP ROLE clerk").unwrap();
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let Some(place) = Database::new() else { return };
    let mut store = place.store();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE application_name = 'qbank-outbox' AND datname = current_database()";
    assert_eq!(place.sql(end).unwrap(), "1");
    if let Err(error) = store.enqueue(&[invoice(1)]) {
        assert!(error.is_unavailable(), "{error}");
    }
    store.enqueue(&[invoice(1)]).unwrap();
    assert_eq!(store.ids_after(0, 10).unwrap(), [1]);
    // A row that somebody has locked for long.
    let missing = BlockingPostgres::connect("postgres://u:hunter2@%2Fnowhere/x").unwrap_err();
    assert!(missing.is_unavailable(), "{missing}");
    assert!(!format!("{missing} {missing:?}").contains("hunter2"));
}

#[test]
fn a_task_that_must_not_block_is_told_so() {
    let Some(place) = Database::new() else { return };
    let mut store = place.store();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { store.lanes() }).unwrap_err();
    assert!(error.to_string().contains("Postgres"), "{error}");
}

/// With a role that has to show a password from now on.
fn with_password(server: &Server, how: &str) {
    server.psql("postgres", "CREATE ROLE secretive LOGIN PASSWORD 'correct-horse'").unwrap();
    server.let_in(how);
    let began = Instant::now();
    let without = server.url("secretive", "postgres");
    while !refused(BlockingPostgres::connect(&without)).contains("password") {
        assert!(began.elapsed() < Duration::from_secs(20), "the server did not reload");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_password_comes_from_the_url_or_a_file_and_is_never_shown() {
    let Some(server) = Server::start_new() else { return };
    drop(BlockingPostgres::migrate(&server.url("postgres", "postgres")).unwrap());
    server.psql("postgres", "GRANT SELECT ON meta TO PUBLIC").unwrap();
    with_password(&server, "local all secretive scram-sha-256");
    let missing = refused(BlockingPostgres::connect(&server.url("secretive", "postgres")));
    assert!(missing.contains("PGPASSFILE"), "{missing}");
    let wrong = refused(BlockingPostgres::connect(&server.url("secretive:hunter2", "postgres")));
    assert!(wrong.contains("PGPASSFILE") && !wrong.contains("hunter2"), "{wrong}");
    let url = server.url("secretive:correct-horse", "postgres");
    let store = BlockingPostgres::connect(&url).unwrap();
    assert!(!format!("{store:?}").contains("horse"));

    let file = server.folder().join("passwords");
    std::fs::write(&file, "*:*:postgres:secretive:correct-horse\n").unwrap();
    for (mode, says) in [(0o600, "connected"), (0o644, "chmod 600")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut child = process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "with_the_environment", "--ignored", "--nocapture"]);
        child.env("PGPASSFILE", &file).env("URL", server.url("secretive", "postgres"));
        let output = child.output().unwrap();
        let output = String::from_utf8_lossy(&output.stdout);
        assert!(output.contains(says) && !output.contains("horse"), "{output}");
    }
}

/// Environment variables are set for a process of its own.
#[test]
#[ignore = "is run by another test"]
fn with_the_environment() {
    let Ok(url) = std::env::var("URL") else { return };
    match BlockingPostgres::connect(&url) {
        Ok(_) => println!("connected"),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn a_server_that_is_reached_over_tls_shows_a_certificate_that_is_verified() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let Some(server) = Server::start_with(port, &|server| {
        let (cert, key) = (server.folder().join("cert.pem"), server.folder().join("key.pem"));
        for (path, text) in [(&cert, made.cert.pem()), (&key, made.signing_key.serialize_pem())] {
            std::fs::write(path, text).map_err(|error| error.to_string())?;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(path, private).map_err(|error| error.to_string())?;
            Server::give(path)?;
        }
        let (cert, key) = (cert.display(), key.display());
        Ok(format!(
            "-c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file='{cert}' \
             -c ssl_key_file='{key}'"
        ))
    }) else {
        return;
    };
    let ca = server.folder().join("ca.pem");
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let url = |host: &str, more: &str| {
        format!("postgres://secretive:correct-horse@{host}:{port}/postgres?{more}")
    };
    server
        .psql("postgres", "CREATE ROLE secretive SUPERUSER LOGIN PASSWORD 'correct-horse'")
        .unwrap();
    server.let_in("hostssl all secretive all scram-sha-256");
    let trusting = format!("sslmode=verify-full&sslrootcert={}", ca.display());
    // The password is bound to the certificate.
    let bound = format!("{trusting}&channel_binding=require");
    let mut store = BlockingPostgres::migrate(&url("localhost", &bound)).unwrap();
    store.enqueue(&[invoice(1)]).unwrap();
    let own = "SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid <> pg_backend_pid()";
    assert_eq!(server.psql("postgres", own).unwrap(), "1");
    // Neither one that nobody known has signed, nor one of another name.
    for refusable in [url("localhost", "sslmode=require"), url("127.0.0.1", &trusting)] {
        let why = refused(BlockingPostgres::connect(&refusable));
        assert!(why.contains("TLS") && why.contains("sslrootcert"), "{why}");
        assert!(!why.contains("horse"), "{why}");
    }
}
