//! A store that processes share, and the bank on a socket.

use std::ops::Range;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use qbank_blocking::{Client, Config, Credentials, Environment, Ureq};
use qbank_outbox::rusqlite::Connection;
use qbank_outbox::rusqlite::types::ValueRef;
use qbank_outbox::{BlockingPostgres, End, Intent, Lane, Sqlite, Stop, Store, Worker, verify};
use qbank_sandbox::{BankConfig, BankFault, CLIENT_ID, CLIENT_SECRET, Server};
use tempfile::TempDir;

use crate::behaviour::{Folder, Place, invoice};
use crate::part::Limits;
use crate::process::{Ended, Process, until};
use crate::server::Database;

/// Where processes have a store in common.
pub(crate) trait Shared: Place {
    /// Without a store.
    fn empty() -> Option<Self>;

    /// Whether there is a store.
    fn opens(&self) -> bool;

    /// What a process opens.
    fn address(&self) -> String;

    /// Does a statement, past the store, and gives the rows that it gives, a line each.
    fn sql(&self, sql: &str) -> String;

    /// All that is in the tables.
    fn content(&self) -> String;
}

impl Shared for Folder {
    fn empty() -> Option<Self> {
        Some(Self::empty())
    }

    fn opens(&self) -> bool {
        Sqlite::open(self.path()).is_ok()
    }

    fn address(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    fn sql(&self, sql: &str) -> String {
        let connection = Connection::open(self.path()).unwrap();
        connection.busy_timeout(crate::process::PATIENCE).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let text = |at: usize| match row.get_ref(at).unwrap() {
                ValueRef::Null => String::new(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    String::from_utf8_lossy(text).into_owned()
                }
            };
            lines.push((0..columns).map(text).collect::<Vec<_>>().join("|"));
        }
        lines.join("\n")
    }

    fn content(&self) -> String {
        let table = |table: &str| self.sql(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"));
        ["intent", "outbox", "attempt", "audit", "lane"].map(table).join("\n\n")
    }
}

impl Shared for Database {
    fn empty() -> Option<Self> {
        Self::empty()
    }

    fn opens(&self) -> bool {
        BlockingPostgres::connect(&self.url()).is_ok()
    }

    fn address(&self) -> String {
        self.url()
    }

    fn sql(&self, sql: &str) -> String {
        self.sql(sql).unwrap()
    }

    fn content(&self) -> String {
        let table = |table: &str| format!("SELECT '{table}', it::text FROM {table} it");
        let all = ["intent", "outbox", "attempt", "audit", "lane"].map(table).join(" UNION ALL ");
        Shared::sql(self, &format!("{all} ORDER BY 1, 2"))
    }
}

/// Before any moment of a test.
const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

pub(crate) struct Setup<P> {
    pub(crate) bank: Server,
    pub(crate) place: P,
    logs: TempDir,
    processes: AtomicU32,
}

impl<P: Shared> Setup<P> {
    pub(crate) fn new() -> Option<Self> {
        Some(Self::over(P::new()?))
    }

    /// Without a store.
    pub(crate) fn empty() -> Option<Self> {
        Some(Self::over(P::empty()?))
    }

    fn over(place: P) -> Self {
        let bank = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap();
        Self { bank, place, logs: tempfile::tempdir().unwrap(), processes: AtomicU32::new(0) }
    }

    pub(crate) fn store(&self) -> P::Store {
        self.place.store()
    }

    pub(crate) fn enqueue(&self, invoices: Range<u32>) {
        self.store().enqueue(&invoices.map(invoice).collect::<Vec<Intent>>()).unwrap();
    }

    /// Makes payments that come fail.
    pub(crate) fn inject(&self, fault: BankFault) {
        self.bank.bank().lock().inject(fault.on("/payments/ach"));
    }

    /// How many payments the bank has made.
    pub(crate) fn paid(&self) -> usize {
        self.bank.bank().lock().entries().len()
    }

    /// What a process with this part is started by.
    pub(crate) fn command(&self, part: &str, limits: Limits) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "part::a_process_of_the_test", "--nocapture"]);
        command.env("OUTBOX_PART", part).env("OUTBOX_STORE", self.place.address());
        command.env("OUTBOX_PORT", self.bank.addr().port().to_string());
        command.env("OUTBOX_LIMITS", limits.to_text());
        command
    }

    pub(crate) fn start(&self, command: &mut Command) -> Process {
        let n = self.processes.fetch_add(1, Ordering::Relaxed);
        Process::start(command, self.logs.path().join(n.to_string()))
    }

    /// Starts a process that ends when it passes this place for the nth time.
    pub(crate) fn start_to_end_at(&self, part: &str, place: &str, nth: u32) -> Process {
        let failpoint = format!("{place}={nth}");
        self.start(self.command(part, Limits::LONG).env("QBANK_FAILPOINT", failpoint))
    }

    /// Waits for workers, and gives how many ended at their places. Their leases have then run
    /// out, as if time had passed, so that those that are left go on.
    pub(crate) fn wait_all(&self, workers: impl IntoIterator<Item = Process>) -> usize {
        let mut running: Vec<Process> = workers.into_iter().collect();
        let mut died = 0;
        until("all workers end", || {
            let mut left = Vec::new();
            running.retain_mut(|worker| match worker.ended() {
                Some(Ended::AtItsPlace) => {
                    left.push(format!("'worker:{}'", worker.id()));
                    false
                }
                Some(Ended::Well) => false,
                None => true,
            });
            died += left.len();
            if !left.is_empty() {
                self.run_out(&format!("worker IN ({})", left.join(", ")));
            }
            running.is_empty()
        });
        died
    }

    /// As if time had passed: leases have run out, and paused lanes are tried.
    pub(crate) fn run_out(&self, which: &str) {
        self.place.sql(&format!(
            "UPDATE outbox SET lease_until = '{LONG_AGO}', next_at = '{LONG_AGO}' \
             WHERE lease_token IS NOT NULL AND {which}"
        ));
        let lanes = "UPDATE lane SET retry_at = '{LONG_AGO}' WHERE retry_at IS NOT NULL";
        self.place.sql(&lanes.replace("{LONG_AGO}", LONG_AGO));
    }

    /// All that is sent with the credentials is paused, and one row is to be tried.
    pub(crate) fn pause_credential(&self) {
        self.place.sql(&format!(
            "INSERT INTO lane (id, paused_at, reason, retry_at, probes) \
             VALUES ('{}', '{LONG_AGO}', 'revoked', '{LONG_AGO}', 0)",
            Lane::CREDENTIAL
        ));
    }

    /// Works until no row is open, in this process.
    pub(crate) fn work(&self) {
        let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
        let port = self.bank.addr().port();
        let config = Config::new(Environment::Sandbox { port }, credentials);
        let client = Client::with_driver(config, Ureq::default()).unwrap();
        let options = Limits::LONG.options("the test".to_owned());
        let worker = Worker::new(client, self.store()).options(options);
        assert_eq!(worker.run(&Stop::new()).unwrap(), End::Empty);
    }

    /// What a query counts.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.place.sql(&format!("SELECT count(*) FROM {what}")).parse().unwrap()
    }

    /// All of so many intents are final, and each was paid once.
    pub(crate) fn all_paid(&self, intents: usize) {
        let open = self.place.sql(
            "SELECT id, state, fate, last_error FROM outbox \
                                   WHERE state <> 'accepted' OR payment_id IS NULL",
        );
        assert_eq!(open, "", "what is not accepted");
        assert_eq!(self.count("outbox"), intents);
        let bank = self.bank.bank();
        let bank = bank.lock();
        let mut keys: Vec<_> = bank.entries().iter().map(|entry| entry.intent_key).collect();
        keys.sort_unstable_by_key(|key| key.as_uuid());
        keys.dedup();
        assert_eq!((bank.entries().len(), keys.len()), (intents, intents));
    }

    pub(crate) fn chains_hold(&self) {
        let mut store = self.store();
        for id in store.ids_after(0, 10_000).unwrap() {
            let evidence = store.evidence(id).unwrap().unwrap();
            verify(&evidence).unwrap_or_else(|why| panic!("row {id}: {why}: {evidence:#?}"));
        }
    }
}
