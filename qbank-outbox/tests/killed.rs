//! Worker processes are ended at every named place, one after the other, four at a time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qbank_blocking::{Client, Config, Credentials, Environment, Ureq};
use qbank_outbox::{Intent, Options, Sqlite, State, Stop, Store, Worker, verify};
use qbank_proto::endpoint::CreateAch;
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, Server};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);

const PLACES: [&str; 6] =
    ["turn.before", "turn.read", "turn.written", "turn.committed", "call.before", "call.after"];

/// This test program once more: as a worker, or as who enqueues.
fn start(what: &str, store: &Path, port: u16, failpoint: Option<(&str, u32)>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_process_of_the_test"]);
    command.env("OUTBOX_PROCESS", what).env("OUTBOX_STORE", store);
    command.env("OUTBOX_PORT", port.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((place, nth)) = failpoint {
        command.env("QBANK_FAILPOINT", format!("{place}={nth}"));
    }
    command.spawn().unwrap()
}

/// No test: what the test starts, and a failpoint ends.
#[test]
fn a_process_of_the_test() {
    let variable = |name| std::env::var(name).ok();
    let Some(what) = variable("OUTBOX_PROCESS") else { return };
    let mut store = Sqlite::open(variable("OUTBOX_STORE").unwrap()).unwrap();
    if what == "add" {
        store.enqueue(&(0..60).map(invoice).collect::<Vec<_>>()).unwrap();
        return;
    }
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let port = variable("OUTBOX_PORT").unwrap().parse().unwrap();
    let config = Config::new(Environment::Sandbox { port }, credentials);
    let client = Client::with_driver(config, Ureq::default()).unwrap();
    let mut options = Options::new(format!("worker:{}", std::process::id()));
    options.concurrency = 4;
    options.deadline = Duration::from_secs(1);
    options.margin = Duration::from_secs(1);
    options.interval = Duration::from_millis(100);
    options.until_empty = true;
    Worker::new(client, store).options(options).run(&Stop::new()).unwrap();
}

fn invoice(n: u32) -> Intent {
    let amount = format!("{}.25", n + 1).parse().unwrap();
    Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)).id(format!("INV-{n}")).actor("clerk")
}

fn wait(mut child: Child) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.success();
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("a worker did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn whoever_dies_wherever_each_payment_is_made_once() {
    let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    drop(Sqlite::migrate(&path).unwrap());
    let port = bank.addr().port();

    // What is not committed is not there; what is committed is there once.
    assert!(!wait(start("add", &path, port, Some(("enqueue.written", 1)))));
    assert_eq!(Sqlite::open(&path).unwrap().ids_after(0, 1000).unwrap().len(), 0);
    assert!(!wait(start("add", &path, port, Some(("enqueue.committed", 1)))));
    assert!(wait(start("add", &path, port, None)));
    assert_eq!(Sqlite::open(&path).unwrap().ids_after(0, 1000).unwrap().len(), 60);

    let mut died = 0;
    for place in PLACES {
        for nth in 1..=3 {
            let workers: Vec<Child> =
                (0..4).map(|_| start("work", &path, port, Some((place, nth)))).collect();
            let ended = workers.into_iter().map(wait);
            died += ended.filter(|success| !success).count();
        }
    }
    assert!(died > 40, "only {died} workers died");
    assert!(wait(start("work", &path, port, None)), "what was left is worked off");

    let mut store = Sqlite::open(&path).unwrap();
    let mut sends = 0;
    let mut each = |row: qbank_outbox::Listed| {
        assert_eq!(row.state, State::Accepted, "{row:?}");
        sends += row.sends;
        Ok(())
    };
    store.list(None, &mut each).unwrap();
    assert!(sends > 60, "somebody died between a send and its answer");
    let bank = bank.bank();
    let bank = bank.lock();
    let mut keys: Vec<_> = bank.entries().iter().map(|entry| entry.intent_key).collect();
    keys.sort_unstable_by_key(|key| key.as_uuid());
    keys.dedup();
    assert_eq!((bank.entries().len(), keys.len()), (60, 60));
    for id in store.ids_after(0, 1000).unwrap() {
        let evidence = store.evidence(id).unwrap().unwrap();
        verify(&evidence).unwrap_or_else(|why| panic!("row {id}: {why}"));
    }
}
