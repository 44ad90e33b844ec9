//! `qbank`: QBank Connect from a shell.

#![allow(rustdoc::bare_urls, reason = "the doc comments of arguments are the program's help")]

mod args;
mod commands;
mod connect;
mod demo;
mod exit;
mod input;
mod interrupt;
mod logging;
mod output;
mod receiver;
mod streamed;
mod table;
mod transport;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Usage;
use qbank_proto::Fate;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output::Printer;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let unsent = match cli.command.write() {
        None => Fate::NotApplicable,
        Some(write) if write.resume => Fate::Unknown,
        Some(_) => Fate::NeverSent,
    };
    let guessed = cli.command.write().is_some_and(|it| it.resume && it.first_sent.is_none());
    let printer = Printer::new(cli.global.output, unsent).guessed(guessed);
    logging::start(cli.global.verbose);
    match commands::run(cli, &printer) {
        Ok(()) => printer.success(),
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
    let printer = Printer::of_arguments(std::env::args_os());
    if printer.is_table() {
        // It has just been said.
        return ExitCode::from(exit::USAGE);
    }
    printer.failure(&Failure::usage(on_one_line(error)))
}

/// What is wrong and where, without the usage that follows.
fn on_one_line(error: &clap::Error) -> String {
    if error.kind() == Usage::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; see --help".to_owned();
    }
    let text = error.render().to_string();
    let said = ["\n\nUsage:", "\n\nFor more information"]
        .iter()
        .filter_map(|rest| text.split_once(rest))
        .map(|(said, _)| said)
        .min_by_key(|said| said.len())
        .unwrap_or(&text);
    let words: Vec<&str> = said.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
