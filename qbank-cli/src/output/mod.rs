//! What the program prints: JSON, JSON lines or tables on standard output, and one
//! failure on standard error. Nothing else writes to either stream.

mod csv;
mod document;
mod error;
mod escape;
mod json;
mod list;
mod paint;
mod progress;
mod streams;
mod table;
mod unparsed;
mod wrap;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{ErrorKind, Fate, IdempotencyKey, PaymentId, Reply};
use serde::Serialize;

use self::document::{Document, FirstSentLine, KeyLine, ListeningLine, WarningLine};
use self::error::ErrorDocument;
use crate::args::Output;
use crate::failure::{Failure, UNKNOWN};

use self::escape::plain_lines;

pub(crate) use self::escape::plain;
pub(crate) use self::list::StreamedList;
pub(crate) use self::progress::{Notes, Progress};
pub(crate) use self::streams::{Written, print, print_verbatim};
pub(crate) use self::table::Rows;

/// Prints the result of a command in the chosen form.
#[derive(Clone)]
pub(crate) struct Printer {
    output: Output,
    /// The fate when this run sent nothing: not applicable to a command that reads,
    /// unknown to one that resumes.
    unsent: Fate,
}

impl Printer {
    pub(crate) fn new(chosen: Option<Output>, unsent: Fate) -> Self {
        let fallback = if io::stdout().is_terminal() { Output::Table } else { Output::Json };
        Self { output: chosen.unwrap_or(fallback), unsent }
    }

    fn reads(&self) -> bool {
        self.unsent == Fate::NotApplicable
    }

    pub(crate) fn is_csv(&self) -> bool {
        self.output == Output::Csv
    }

    pub(crate) fn is_table(&self) -> bool {
        self.output == Output::Table
    }

    /// A list of resources.
    pub(crate) fn list<T: Serialize + Rows>(&self, reply: &Reply<Vec<T>>) {
        match self.output {
            Output::Table => {
                streams::print_painted(&table::list(&reply.value));
            }
            Output::Csv => {
                let rows = reply.value.iter().map(csv::row);
                streams::print_raw(&(csv::header::<T>() + &rows.collect::<String>()));
            }
            Output::Jsonl => {
                for item in &reply.value {
                    Self::line(item);
                }
            }
            Output::Json => Self::line(&Document::of(reply)),
        }
    }

    /// A table of what came from no reply.
    pub(crate) fn rows<T: Rows>(items: &[T]) {
        streams::print_painted(&table::list(items));
    }

    /// What stands above the rows of a list that [`Printer::item`] prints.
    pub(crate) fn head<T: Rows>(&self) {
        if self.output == Output::Csv {
            streams::print_raw(&csv::header::<T>());
        }
    }

    /// An item of a list that came from no reply, on a line; says what became of it.
    pub(crate) fn item<T: Serialize + Rows>(&self, item: &T) -> Written {
        match self.output {
            Output::Csv => streams::print_raw(&csv::row(item)),
            _ => print(&json::one_line(item)),
        }
    }

    /// A list that is printed while it arrives.
    pub(crate) fn streamed(&self) -> StreamedList {
        StreamedList::new(self.output)
    }

    /// One resource.
    pub(crate) fn one<T: Serialize + Rows>(&self, reply: &Reply<T>) {
        let text = if self.is_table() {
            table::reply(reply)
        } else {
            (json::one_line(&Document::of(reply)) + "\n").as_str().into()
        };
        // The fate of a payment must not be lost.
        if streams::print_painted(&text) != Written::Done && !self.reads() {
            streams::message(text.as_str().trim_end());
        }
    }

    /// A result that came from no reply.
    pub(crate) fn result<T: Serialize>(result: &T) {
        Self::line(&Document::without_reply(result));
    }

    /// A text for people, or a document of its own shape.
    pub(crate) fn either(&self, text: &str, document: &impl Serialize) {
        if self.is_table() {
            print(text);
        } else {
            Self::line(document);
        }
    }

    /// One line of JSON, whatever the output is.
    pub(crate) fn line(line: &impl Serialize) {
        print(&json::one_line(line));
    }

    /// For people: the money is under way, and settling may take long.
    pub(crate) fn waiting(&self, payment: Option<PaymentId>) {
        if let (true, Some(payment)) = (self.is_table(), payment) {
            streams::prose(&format!("accepted as payment {payment}; waiting until it is final"));
        }
    }

    /// The key of a write, before its first send: a program that is killed loses
    /// nothing.
    ///
    /// Whether it could be written: a key that nobody can read is lost with the
    /// program.
    #[must_use]
    pub(crate) fn key(&self, key: IdempotencyKey) -> bool {
        if self.is_table() {
            return streams::message(&format!("idempotency key: {key}"));
        }
        streams::message(&json::spaced(&KeyLine { idempotency_key: key }))
    }

    /// The value of a later `--first-sent`.
    pub(crate) fn first_sent(&self, first_sent: DateTime<Utc>) {
        let first_sent = document::rfc3339(first_sent);
        if self.is_table() {
            streams::message(&format!("first sent: {first_sent}"));
            return;
        }
        streams::message(&json::spaced(&FirstSentLine { first_sent }));
    }

    /// For people, before they are asked.
    pub(crate) fn before_question(text: &str) {
        streams::prose(&plain_lines(text));
    }

    /// Asks; the answer is on the same line.
    pub(crate) fn question(text: &str) {
        streams::question(&plain(text));
    }

    /// Where a receiver listens.
    pub(crate) fn listening(url: String) {
        streams::message(&json::spaced(&ListeningLine { listening: url }));
    }

    /// What is wrong with the arguments, for people.
    pub(crate) fn usage(text: &str) {
        streams::prose(text.trim_end());
    }

    /// Before the result or the failure, which stays the last on standard error: for
    /// people, or as a document.
    pub(crate) fn warning(&self, text: &str) {
        if self.is_table() {
            streams::prose(&plain(&format!("warning: {text}")));
        } else {
            streams::message(&json::one_line(&WarningLine { warning: text }));
        }
    }

    /// The exit code after a success: a read whose response could not be printed is
    /// a failure.
    pub(crate) fn success(&self) -> ExitCode {
        if self.reads() && streams::has_failed() {
            let what = "the response cannot be written to standard output";
            return self.failure(&Failure::Local(what.to_owned()));
        }
        ExitCode::SUCCESS
    }

    /// The failure, on standard error, and its exit code. What became of a payment
    /// goes to standard output where standard error cannot be written.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        if let Failure::Ended(code) = failure {
            return ExitCode::from(*code);
        }
        let document = ErrorDocument::of(failure, self.unsent);
        if self.is_table() {
            let fate = document.error.fate;
            let text = format!("error: {}", text_of(failure));
            self.report(|text| streams::failure(text, fate), &text);
            if let Some(options) = how_to_resume(&document) {
                // In one line, to be copied.
                self.report(streams::message, &options);
            }
        } else {
            self.report(streams::message, &json::one_line(&document));
        }
        // This run sent nothing; the run that it resumes may have.
        let local = matches!(failure, Failure::Local(_));
        let unknown = local && self.unsent == Fate::Unknown;
        ExitCode::from(if unknown { UNKNOWN } else { failure.code() })
    }

    fn report(&self, write: impl Fn(&str) -> bool, text: &str) {
        if !write(text) && !self.reads() {
            print(text);
        }
    }
}

/// What failed, on one line; of a file a line for each of its rows. A line break in a text from
/// outside begins no line.
fn text_of(failure: &Failure) -> String {
    match failure {
        Failure::Rows { what, rows } => {
            let rows = rows.iter().map(|row| plain(&row.to_string()));
            std::iter::once(plain(what)).chain(rows).collect::<Vec<_>>().join("\n")
        }
        other => plain(&other.to_string()),
    }
}

/// In a table there is no document to take key and moment from.
fn how_to_resume(document: &ErrorDocument<'_>) -> Option<String> {
    let error = &document.error;
    let (key, first_sent) = (error.idempotency_key?, error.first_sent.as_ref()?);
    // Input that is refused, or too old, would be refused again.
    let resumable =
        error.fate == Fate::Unknown.as_str() && error.kind != ErrorKind::InvalidInput.as_str();
    resumable
        .then(|| format!("to resend: --resume --idempotency-key {key} --first-sent {first_sent}"))
}
