//! `qbank`: QBank Connect from a shell.

#![allow(
    rustdoc::bare_urls,
    reason = "the doc comments of arguments are the program's help"
)]

mod args;
mod commands;
mod connect;
mod demo;
mod exit;
mod input;
mod interrupt;
mod logging;
mod output;
mod table;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Usage;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output::Printer;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let printer = Printer::new(cli.global.output, !cli.command.writes());
    logging::start(cli.global.verbose);
    match commands::run(cli, &printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => printer.failure(&failure),
    }
}

/// Help and version are answers; anything else is bad usage.
fn not_understood(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion) {
        // A closed pipe is no failure of ours.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let _ = error.print();
    let message = error.render().to_string();
    Printer::of_arguments(std::env::args_os()).failure(&Failure::usage(first_line(&message)))
}

fn first_line(message: &str) -> &str {
    let line = message
        .trim_start_matches("error: ")
        .lines()
        .next()
        .unwrap_or_default();
    line.trim_end()
}
