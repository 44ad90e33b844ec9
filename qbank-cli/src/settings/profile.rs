//! The sections of the configuration file. A key is the long name of a global option, and its
//! value is parsed as that of the option. An error has the file, the line and the key, and
//! never the value, which may be a secret that stands in the wrong place.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ops::Range;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Args as _, Command, FromArgMatches as _};
use qbank_proto::Amount;
use toml::de::{DeTable, DeValue};

use super::place::beside;
use crate::args::Global;
use crate::failure::Failure;

/// A section.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) options: Global,
    pub(super) client_secret_command: Option<Vec<String>>,
    pub(super) limits: Limits,
}

/// What a payment run may pay at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In one row.
    pub(crate) max_row: Option<Amount>,
    /// In all rows.
    pub(crate) max_total: Option<Amount>,
}

/// Keys that are no global option.
const COMMAND: &str = "client-secret-command";
const MAX_ROW: &str = "max-row";
const MAX_TOTAL: &str = "max-total";

/// Global options that no profile gives.
const NOT_HERE: [&str; 4] = ["profile", "verbose", "help", "version"];

/// All sections, by their names.
pub(super) fn all(path: &Path, text: &str) -> Result<BTreeMap<String, Profile>, Failure> {
    let source = Source { path, text, command: options() };
    let table = DeTable::parse(text)
        .map_err(|error| source.wrong(error.span().unwrap_or_default(), error.message()))?;
    let sections = table.get_ref().iter().map(|(name, value)| {
        let DeValue::Table(section) = value.get_ref() else {
            let what = format!("`{}` must stand in a section such as [default]", name.get_ref());
            return Err(source.wrong(name.span(), &what));
        };
        Ok((name.get_ref().to_string(), source.section(section)?))
    });
    sections.collect()
}

/// The global options alone, as a command line.
fn options() -> Command {
    Global::augment_args(Command::new("profile").no_binary_name(true))
}

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    command: Command,
}

impl Source<'_> {
    fn section(&self, section: &DeTable<'_>) -> Result<Profile, Failure> {
        let mut profile = Profile::default();
        let mut words = Vec::new();
        for (key, value) in section {
            let (name, span) = (key.get_ref().as_ref(), value.span());
            let value = value.get_ref();
            let wrong = |what: String| self.wrong(span.clone(), &format!("`{name}`: {what}"));
            match name {
                COMMAND => profile.client_secret_command = Some(command(value).map_err(&wrong)?),
                MAX_ROW => profile.limits.max_row = Some(amount(value).map_err(&wrong)?),
                MAX_TOTAL => profile.limits.max_total = Some(amount(value).map_err(&wrong)?),
                _ => {
                    let Some(option) = self.option(name) else {
                        return Err(self.wrong(key.span(), &self.unknown(name)));
                    };
                    let given = self.words(option, value).map_err(&wrong)?;
                    for word in &given {
                        let parsed = self.command.clone().try_get_matches_from([word]);
                        parsed.map_err(|error| wrong(reason(&error)))?;
                    }
                    words.extend(given);
                }
            }
        }
        let matches = self.command.clone().try_get_matches_from(words);
        profile.options = matches
            .and_then(|matches| Global::from_arg_matches(&matches))
            .map_err(|error| self.wrong(0..0, &reason(&error)))?;
        if profile.options.client_secret_file.is_some() && profile.client_secret_command.is_some() {
            let at = section.keys().find(|key| key.get_ref() == COMMAND).map(toml::Spanned::span);
            let what = format!("`{COMMAND}` and `client-secret-file` exclude each other");
            return Err(self.wrong(at.unwrap_or_default(), &what));
        }
        Ok(profile)
    }

    /// The option of a key; `scopes` and `token-parameters` are lists, and so in the plural.
    fn option(&self, key: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|option| key_of(option).as_deref() == Some(key))
    }

    fn unknown(&self, key: &str) -> String {
        match key.replace('_', "-").as_str() {
            "client-secret" | "access-token" | "token" | "password" => format!(
                "`{key}`: a secret must not stand in this file; put the client secret into a file \
                 of its own (`client-secret-file`), or name a command that prints it \
                 (`{COMMAND}`)"
            ),
            _ => {
                let options = self.command.get_arguments().filter_map(key_of);
                let mut keys: Vec<String> = options.collect();
                keys.extend([COMMAND, MAX_ROW, MAX_TOTAL].map(str::to_owned));
                format!("`{key}` is no setting of a profile; there are: {}", keys.join(", "))
            }
        }
    }

    /// The words of the command line that give an option this value.
    fn words(&self, option: &Arg, value: &DeValue<'_>) -> Result<Vec<String>, String> {
        let long = option.get_long().unwrap_or_default();
        let is_named = |name: &str| option.get_value_names().is_some_and(|it| it[0] == *name);
        let texts = match (option.get_action(), value) {
            (ArgAction::SetTrue, DeValue::Boolean(true)) => return Ok(vec![format!("--{long}")]),
            (ArgAction::SetTrue, DeValue::Boolean(false)) => return Ok(Vec::new()),
            (ArgAction::SetTrue, _) => return Err("must be true or false".to_owned()),
            (ArgAction::Append, _) => texts(value)?,
            _ if is_named("SECONDS") || is_named("N") => match value {
                DeValue::Integer(number) if number.radix() == 10 => {
                    vec![number.as_str().to_owned()]
                }
                DeValue::Float(number) => vec![number.as_str().to_owned()],
                _ => return Err("must be a number".to_owned()),
            },
            _ => match value.as_str() {
                Some("") => return Err("must not be empty".to_owned()),
                Some(file) if is_named("FILE") => {
                    let path = beside(self.path, file).map_err(|error| error.to_string())?;
                    let path = path.into_os_string().into_string();
                    vec![path.map_err(|_| "lies in a folder whose name is not UTF-8")?]
                }
                Some(text) => vec![text.to_owned()],
                None => return Err("must be a text".to_owned()),
            },
        };
        Ok(texts.into_iter().map(|text| format!("--{long}={text}")).collect())
    }

    fn wrong(&self, span: Range<usize>, what: &str) -> Failure {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failure::usage(format!("{}, line {line}: {what}", self.path.display()))
    }
}

fn key_of(option: &Arg) -> Option<String> {
    let long = option.get_long().filter(|long| !NOT_HERE.contains(long))?;
    let plural = if matches!(option.get_action(), ArgAction::Append) { "s" } else { "" };
    Some(format!("{long}{plural}"))
}

/// Why the parser refuses a value, without the value.
fn reason(error: &clap::Error) -> String {
    match (error.get(ContextKind::ValidValue), error.source()) {
        (Some(ContextValue::Strings(valid)), _) if !valid.is_empty() => {
            format!("must be one of {}", valid.join(", "))
        }
        (_, Some(source)) => source.to_string(),
        _ => "cannot be used".to_owned(),
    }
}

/// A list of texts, or one.
fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let rule = || "must be a list of texts".to_owned();
    match value {
        DeValue::String(text) => Ok(vec![text.to_string()]),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(rule))
            .collect(),
        _ => Err(rule()),
    }
}

/// The words of a command: a list of them, or a text that is split as a shell does.
fn command(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let words = match value.as_str() {
        Some(text) => shell_words::split(text).map_err(|_| "has a quote without its end")?,
        None => texts(value).map_err(|_| "must be a text, or a list of texts")?,
    };
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err("names no program".to_owned()),
    }
}

/// Dollars. A float is refused: it is not exact.
fn amount(value: &DeValue<'_>) -> Result<Amount, String> {
    let text = match value {
        DeValue::String(text) => Some(text.as_ref()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
        _ => None,
    };
    let rule = || "must be dollars as a text, such as \"2500.00\"".to_owned();
    text.and_then(|text| text.parse().ok()).ok_or_else(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact_dollars() {
        let text = "[a]\nmax-row = \"2500.10\"\nmax-total = 1_000_000\n[b]";
        let profiles = all(Path::new("config.toml"), text).unwrap();
        let limits = |row: &str, total: &str| Limits {
            max_row: row.parse().ok(),
            max_total: total.parse().ok(),
        };
        assert_eq!(profiles["a"].limits, limits("2500.10", "1000000"));
        assert_eq!(profiles["b"].limits, Limits::default());
    }

    #[test]
    fn each_global_option_is_a_key() {
        let keys: Vec<String> = options().get_arguments().filter_map(key_of).collect();
        for key in ["base-url", "scopes", "token-parameters", "on-conflict", "output"] {
            assert!(keys.iter().any(|it| it == key), "{keys:?}");
        }
        assert!(keys.iter().all(|key| !NOT_HERE.contains(&key.as_str())), "{keys:?}");
    }
}
