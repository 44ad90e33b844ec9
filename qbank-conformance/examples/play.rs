//! Plays every scenario against a program: `play NAME PROGRAM [ARGUMENT…]`, for example
//! `play fetch node driver.mjs`. What the program reads and writes: see `CommandTransport`.

use std::process::ExitCode;

use qbank_conformance::{CommandTransport, run_all};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(program)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let transport = CommandTransport { name, program, arguments: arguments.collect() };
    let summary = run_all(&transport);
    if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
