//! The help: the global options stand in `qbank --help` alone, and each command has an
//! example.

use std::collections::HashSet;

use clap::{Command, CommandFactory as _, FromArgMatches as _, Id};

use super::Cli;

/// An example of each command, by its words.
const EXAMPLES: &[(&str, &str)] = &[
    ("token", "qbank token --scope accounts.read"),
    ("accounts list", "qbank accounts list --output csv >accounts.csv"),
    ("balances get", "qbank balances get ACCOUNT"),
    ("transactions list", "qbank transactions list --account ID --posted-since 2026-01-05"),
    (
        "payments ach",
        "qbank payments ach --from ID --to ID --amount 10.50 --reference INV-7 --wait",
    ),
    (
        "payments wire",
        "qbank payments wire --from ID --beneficiary-name ACME --bank-id 021000021 \
         --account-number-file number.txt --amount 25 --reference INV-7",
    ),
    ("payments get", "qbank payments get PAYMENT"),
    ("payments wait", "qbank payments wait PAYMENT --deadline 3600"),
    ("transfers create", "qbank transfers create --from ID --to ID --amount 75"),
    (
        "positive-pay issue",
        "qbank positive-pay issue --account ID --check-number 1001 --amount 99.99 \
         --issue-date 2026-01-05",
    ),
    ("positive-pay exceptions", "qbank positive-pay exceptions --output csv"),
    ("run", "qbank run payments.csv --from ACCOUNT --expect-count 120 --expect-total 48211.07"),
    ("reconcile", "qbank reconcile --journal payments.csv.qbank.db"),
    ("outbox migrate", "qbank outbox migrate --store sqlite:outbox.db"),
    ("outbox add", "qbank outbox add intents.jsonl"),
    ("outbox work", "qbank outbox work --concurrency 32 --until-empty"),
    ("outbox list", "qbank outbox list --state reconcile"),
    ("outbox status", "qbank outbox status"),
    ("outbox show", "qbank outbox show 7"),
    ("outbox pause", "qbank outbox pause --reason \"the bank is down\""),
    ("outbox continue", "qbank outbox continue"),
    ("outbox hold", "qbank outbox hold 7 --actor treasurer"),
    ("outbox approve", "qbank outbox approve 7 --actor controller"),
    ("outbox cancel", "qbank outbox cancel 7 --actor treasurer"),
    (
        "outbox decide",
        "qbank outbox decide 7 --refused --reason \"not in the statement\" --actor treasurer",
    ),
    ("outbox reconcile", "qbank outbox reconcile"),
    ("outbox prune", "qbank outbox prune --before 2026-01-01"),
    ("outbox verify-audit", "qbank outbox verify-audit"),
    ("outbox after-restore", "qbank outbox after-restore"),
    ("webhooks verify", "qbank webhooks verify --signature \"$SIGNATURE\" body.json"),
    (
        "webhooks listen",
        "qbank webhooks listen --addr 127.0.0.1:9000 --forward-to http://127.0.0.1:3000/hook",
    ),
    ("webhooks trigger", "qbank webhooks trigger --receiver http://127.0.0.1:9000/"),
    ("webhooks resend", "qbank webhooks resend PAYMENT --times 2"),
    ("sandbox", "qbank sandbox --fund 100000000"),
    ("completions", "qbank completions bash >~/.local/share/bash-completion/completions/qbank"),
    ("man", "qbank man | man -l -"),
    ("demo", "qbank demo"),
];

/// Parses the command line.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The commands, with all options that each takes.
pub(crate) fn plain_command() -> Command {
    Cli::command()
}

/// The commands, with the help that they print.
pub(crate) fn command() -> Command {
    let mut command = Cli::command();
    // Gives each command its copy of the global options.
    command.build();
    let globals: HashSet<Id> =
        command.get_arguments().map(|option| option.get_id().clone()).collect();
    below(command, &globals, "")
}

fn below(mut command: Command, globals: &HashSet<Id>, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |it| {
            let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
            below(documented(it, globals, &path), globals, &path)
        });
    }
    command
}

fn documented(command: Command, globals: &HashSet<Id>, path: &str) -> Command {
    let example = EXAMPLES.iter().find(|(words, _)| *words == path);
    let mut lines = Vec::new();
    if let Some(own) = command.get_after_help() {
        lines.push(format!("{own}\n"));
    } else if let Some((_, example)) = example {
        lines.push(format!("Example: {example}\n"));
    }
    lines.push("Global options: qbank --help".to_owned());
    let is_own = |id: &Id| !globals.contains(id) || ["help", "version"].contains(&id.as_str());
    command
        .mut_args(|option| if is_own(option.get_id()) { option } else { option.hide(true) })
        .after_help(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands without commands below them, by their words.
    fn leaves(command: &Command, path: &str, all: &mut Vec<(String, Command)>) {
        for it in command.get_subcommands() {
            let path = format!("{path} {}", it.get_name());
            if it.has_subcommands() {
                leaves(it, &path, all);
            } else {
                all.push((path.trim_start().to_owned(), it.clone()));
            }
        }
    }

    #[test]
    fn each_command_has_an_example_that_names_it() {
        let mut all = Vec::new();
        leaves(&command(), "", &mut all);
        assert!(all.len() > 30);
        for (path, command) in &all {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("qbank {path}")), "{path}: {help}");
            assert!(help.ends_with("Global options: qbank --help"), "{path}: {help}");
        }
        for (path, _) in EXAMPLES {
            assert!(all.iter().any(|(it, _)| it == path), "{path} is no command");
        }
    }

    #[test]
    fn global_options_are_hidden_below_and_accepted_there() {
        let help = command().render_long_help().to_string();
        assert!(help.contains("--base-url"), "{help}");
        let mut all = Vec::new();
        leaves(&command(), "", &mut all);
        for (path, mut command) in all {
            let help = command.render_long_help().to_string();
            for option in ["--base-url", "--output", "--profile", "--verbose"] {
                assert!(!help.contains(&format!("\n      {option}")), "{path}: {help}");
            }
        }
        let line = ["qbank", "accounts", "list", "--base-url", "x", "--output", "csv"];
        command().try_get_matches_from(line).unwrap();
    }
}
