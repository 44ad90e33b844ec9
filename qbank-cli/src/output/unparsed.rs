//! How to print when the arguments could not be parsed.

use std::ffi::OsString;

use clap::ValueEnum;
use qbank_proto::Fate;

use super::Printer;
use crate::args::Output;

/// Names that only commands that read have.
const READERS: [&str; 10] = [
    "token",
    "accounts",
    "balances",
    "transactions",
    "get",
    "wait",
    "exceptions",
    "webhooks",
    "completions",
    "man",
];

impl Printer {
    /// Looks only for `--output`, for `--resume`, and for the names of commands that
    /// read.
    pub(crate) fn of_unparsed(arguments: impl Iterator<Item = OsString>) -> Self {
        let mut chosen = None;
        let mut unsent = Fate::NeverSent;
        let mut is_value = false;
        let mut arguments = arguments.filter_map(|it| it.into_string().ok()).peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--resume" => unsent = Fate::Unknown,
                name if !is_value && READERS.contains(&name) => unsent = Fate::NotApplicable,
                _ => {}
            }
            is_value = argument.starts_with("--") && !argument.contains('=');
            let value = match argument.strip_prefix("--output") {
                Some("") => arguments.peek().map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => continue,
            };
            chosen = value.and_then(|it| Output::from_str(it, false).ok()).or(chosen);
        }
        Self::new(chosen, unsent)
    }
}
