//! The bank in the process: each test reads as a script of an application's test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod concurrency;
mod fates;
mod faults;
mod lists;
mod time;
mod webhooks;

use qbank_proto::Client;
use qbank_proto::endpoint::CreateAch;
use qbank_sandbox::in_process::{AsyncDriver, BlockingDriver};
use qbank_sandbox::{BankConfig, InProcess, OPERATING, PAYROLL};

fn bank() -> InProcess {
    InProcess::new(BankConfig::default())
}

fn client(bank: &InProcess) -> Client<BlockingDriver> {
    Client::with_driver(bank.config(), bank.blocking()).unwrap()
}

fn async_client(bank: &InProcess) -> Client<AsyncDriver> {
    Client::with_driver(bank.config(), bank.asynchronous()).unwrap()
}

fn invoice() -> CreateAch {
    CreateAch::new(OPERATING, PAYROLL, "12.50".parse().unwrap())
}

/// How many requests to this path arrived.
fn arrived(bank: &InProcess, path: &str) -> usize {
    bank.requests().iter().filter(|request| &*request.path == path).count()
}
