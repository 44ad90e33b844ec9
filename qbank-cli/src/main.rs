//! `qbank`: QBank Connect from a shell.
//!
//! Each folder is a room, and imports go down this list only:
//!
//! - `commands`: what each command does
//! - `demo`, `receiver`: the demo, and the receiver of webhooks
//! - `signals`: calls that a signal can end
//! - `output`: JSON, tables and failures, on either stream
//! - `client`: the configured client, over the driver that was chosen
//! - `settings`: what options, variables and the profile come to
//! - `input`: files, standard input and variables
//! - `failure`: why the program failed, and its exit codes
//! - `args`: the command line

#![allow(rustdoc::bare_urls, reason = "the doc comments of arguments are the program's help")]

mod args;
mod client;
mod commands;
mod demo;
mod failure;
mod input;
mod logging;
mod output;
mod receiver;
mod settings;
mod signals;

use std::process::ExitCode;

use clap::error::ErrorKind as Usage;
use qbank_proto::Fate;

use crate::args::{Cli, Command, Output};
use crate::failure::Failure;
use crate::output::Printer;
use crate::settings::Settings;

fn main() -> ExitCode {
    let Cli { global, command } = match args::parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error),
    };
    let unsent = match command.write() {
        _ if matches!(command, Command::Run(_) | Command::Reconcile(_)) => Fate::NeverSent,
        None => Fate::NotApplicable,
        Some(write) if write.resume => Fate::Unknown,
        Some(_) => Fate::NeverSent,
    };
    let (output, verbose) = (global.output, global.verbose);
    let settings = match &command {
        // No profile that is wrong keeps a shell from its completions.
        Command::Completions { .. } | Command::Man { .. } => Ok(Settings::of_options(global)),
        _ => Settings::load(global),
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(failure) => return Printer::new(output, unsent).failure(&failure),
    };
    let printer = Printer::new(settings.output(), unsent);
    if settings.output() == Some(Output::Csv) && !command.is_list() {
        return printer.failure(&Failure::usage(NO_LIST));
    }
    logging::start(verbose);
    match commands::run(command, &settings, &printer) {
        Ok(()) => printer.success(),
        Err(failure) => printer.failure(&failure),
    }
}

const NO_LIST: &str = "csv is for lists (accounts, transactions, positive-pay exceptions, reconcile, \
     outbox list and reconcile), and this command prints none; choose json or table with --output";

/// Help and version are results; anything else is bad usage.
fn not_parsed(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion) {
        // A closed pipe is no failure of ours.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    Printer::usage(&error.render().to_string());
    let printer = Printer::of_unparsed(std::env::args_os());
    if printer.is_table() {
        // The message is already there.
        return ExitCode::from(failure::USAGE);
    }
    printer.failure(&Failure::usage(on_one_line(error)))
}

/// What is wrong and where, without the usage that follows.
fn on_one_line(error: &clap::Error) -> String {
    if error.kind() == Usage::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; see --help".to_owned();
    }
    let text = error.render().to_string();
    let message = ["\n\nUsage:", "\n\nFor more information"]
        .iter()
        .filter_map(|rest| text.split_once(rest))
        .map(|(message, _)| message)
        .min_by_key(|message| message.len())
        .unwrap_or(&text);
    let words: Vec<&str> = message.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
