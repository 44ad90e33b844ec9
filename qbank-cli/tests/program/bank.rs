//! A sandbox bank in this process.

use std::time::Duration;

use qbank_blocking::bytes::Bytes;
use qbank_blocking::http::Request;
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, ReceivedRequest, Server};

use super::{Program, unix_now};

/// A sandbox bank on a free port.
pub(crate) struct Bank(Server);

impl Bank {
    pub(crate) fn start() -> Self {
        Self(Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap())
    }

    /// The program with the sandbox's address and credentials in its environment.
    pub(crate) fn qbank(&self, line: &str) -> Program {
        self.credentials(Program::new(line))
    }

    /// A run with the sandbox's address and credentials in its environment.
    pub(crate) fn credentials(&self, program: Program) -> Program {
        program
            .env("QBANK_BASE_URL", self.0.base_url())
            .env("QBANK_CLIENT_ID", CLIENT_ID)
            .env("QBANK_CLIENT_SECRET", CLIENT_SECRET)
    }

    pub(crate) fn server(&self) -> &Server {
        &self.0
    }

    pub(crate) fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// Injects a fault, as `POST /_sandbox/faults` takes it.
    pub(crate) fn fault(&self, json: &str) {
        let request = Request::post("/_sandbox/faults")
            .body(Bytes::copy_from_slice(json.as_bytes()))
            .unwrap();
        let response = self.0.bank().lock().handle(unix_now(), request);
        assert_eq!(response.status(), 201, "{:?}", response.body());
    }

    pub(crate) fn clear_faults(&self) {
        let request = Request::delete("/_sandbox/faults").body(Bytes::new()).unwrap();
        let response = self.0.bank().lock().handle(unix_now(), request);
        assert!(response.status().is_success(), "{:?}", response.body());
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.bank().advance(by);
    }

    /// What arrived, tokens included.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.0.bank().lock().requests().cloned().collect()
    }

    /// What arrived for this path below the version.
    pub(crate) fn sends(&self, path: &str) -> Vec<ReceivedRequest> {
        let path = format!("/v1{path}");
        let mut requests = self.requests();
        requests.retain(|request| *request.path == path);
        requests
    }

    /// How often money moved under this key.
    pub(crate) fn entries_of(&self, key: &str) -> usize {
        let bank = self.0.bank();
        let bank = bank.lock();
        let entries = bank.entries().iter();
        entries.filter(|entry| entry.intent_key.to_string() == key).count()
    }

    /// The keys under which money moved, sorted: each as often as it did.
    pub(crate) fn paid_keys(&self) -> Vec<String> {
        let bank = self.0.bank();
        let bank = bank.lock();
        let mut keys: Vec<String> =
            bank.entries().iter().map(|entry| entry.intent_key.to_string()).collect();
        keys.sort_unstable();
        keys
    }

    /// What was paid from an account, in cents.
    pub(crate) fn paid_from(&self, account: &str) -> u64 {
        let bank = self.0.bank();
        let bank = bank.lock();
        let entries = bank.entries().iter().filter(|entry| entry.from.to_string() == account);
        entries.map(|entry| entry.amount.cents().unsigned_abs()).sum()
    }

    pub(crate) fn entries(&self) -> usize {
        self.0.bank().lock().entries().len()
    }
}
