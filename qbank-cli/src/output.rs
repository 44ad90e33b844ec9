//! What the program prints: one document on stdout, or one error on stderr.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use qbank_proto::chrono::{DateTime, SecondsFormat, Utc};
use qbank_proto::endpoint::Payment;
use qbank_proto::{Error, ErrorKind, Fate, IdempotencyKey, PaymentId, Reply};
use serde::Serialize;

use crate::args::Output;
use crate::exit::{Failure, UNKNOWN};
use crate::streamed::Streamed;
use crate::table::{self, Rows};

#[derive(Clone)]
pub(crate) struct Printer {
    output: Output,
    /// What to say of the money when this run sent nothing: not applicable to a
    /// command that reads, and unknown to one that resumes.
    unsent: Fate,
    /// The moment of the first send was not given, and is no good to anybody.
    guessed: bool,
}

/// A good answer, as a document.
#[derive(Serialize)]
struct Document<'a, T> {
    result: &'a T,
    status: Option<u16>,
    attempts: usize,
    fate: &'static str,
    idempotency_key: Option<IdempotencyKey>,
    followed_conflict: bool,
}

/// A failure, as a document.
#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    kind: &'a str,
    fate: &'a str,
    message: String,
    http_status: Option<u16>,
    error_code: Option<&'a str>,
    request_id: Option<String>,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    transaction_id: Option<String>,
    idempotency_key: Option<IdempotencyKey>,
    first_sent: Option<String>,
    attempts: usize,
    retry_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<&'a Payment>,
    /// Where a list broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

impl<'a, T> Document<'a, T> {
    fn of<U>(result: &'a T, reply: &Reply<U>) -> Self {
        Self {
            result,
            status: Some(reply.status().as_u16()),
            attempts: reply.attempts.len(),
            fate: reply.fate.as_str(),
            idempotency_key: reply.key,
            followed_conflict: reply.followed,
        }
    }
}

impl Printer {
    pub(crate) fn new(chosen: Option<Output>, unsent: Fate) -> Self {
        let fallback = if io::stdout().is_terminal() { Output::Table } else { Output::Json };
        Self { output: chosen.unwrap_or(fallback), unsent, guessed: false }
    }

    /// For arguments that could not be understood: looks only for `--output`, for
    /// `--resume`, and for the names of commands that read.
    pub(crate) fn of_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
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
            chosen = match value {
                Some("json") => Some(Output::Json),
                Some("jsonl") => Some(Output::Jsonl),
                Some("table") => Some(Output::Table),
                _ => chosen,
            };
        }
        Self::new(chosen, unsent)
    }

    /// The moment of the first send was guessed.
    pub(crate) fn guessed(mut self, guessed: bool) -> Self {
        self.guessed = guessed;
        self
    }

    fn reads(&self) -> bool {
        self.unsent == Fate::NotApplicable
    }

    pub(crate) fn is_table(&self) -> bool {
        self.output == Output::Table
    }

    /// A list of resources.
    pub(crate) fn list<T: Serialize + Rows>(&self, reply: &Reply<Vec<T>>) {
        match self.output {
            Output::Table => {
                say(&table::list(&reply.value));
            }
            Output::Jsonl => {
                for item in &reply.value {
                    say(&json(item));
                }
            }
            Output::Json => {
                say(&document(reply));
            }
        }
    }

    /// A list that is printed while it arrives.
    pub(crate) fn streamed(&self) -> Streamed {
        Streamed::new(self.output)
    }

    /// One resource.
    pub(crate) fn one<T: Serialize + Rows>(&self, reply: &Reply<T>) {
        let text = if self.is_table() { table_of(reply) } else { document(reply) };
        // What became of the money must not be lost.
        if !say(&text) && !self.reads() {
            tell(&text);
        }
    }

    /// A text for people, or a document of its own shape.
    pub(crate) fn either(&self, text: &str, document: &impl Serialize) {
        say(&if self.is_table() { text.to_owned() } else { json(document) });
    }

    /// Tells a person that the money is under way and that this may take long.
    pub(crate) fn waiting(&self, payment: Option<PaymentId>) {
        if let (true, Some(payment)) = (self.is_table(), payment) {
            tell(&format!("accepted as payment {payment}; waiting until it is final"));
        }
    }

    /// The key of a write, before its first send: a program that is killed loses
    /// nothing.
    pub(crate) fn key(key: IdempotencyKey) {
        tell(&format!("{{\"idempotency_key\": \"{key}\"}}"));
    }

    /// What a later `--first-sent` needs.
    pub(crate) fn first_sent(first_sent: DateTime<Utc>) {
        tell(&format!("{{\"first_sent\": \"{}\"}}", moment(first_sent)));
    }

    /// The exit code when all went well: nothing was learnt from a read whose
    /// answer was lost.
    pub(crate) fn success(&self) -> ExitCode {
        if self.reads() && LOST.load(Ordering::Relaxed) {
            let what = "the answer cannot be written to standard output";
            return self.failure(&Failure::Local(what.to_owned()));
        }
        ExitCode::SUCCESS
    }

    /// The failure, on stderr, and its exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        if self.is_table() {
            tell(&table::plain(&format!("error: {failure}")));
            self.tell_how_to_resume(failure);
        } else {
            tell(&json(&ErrorDocument { error: Body::of(failure, self.unsent) }));
        }
        // Nothing was sent now; an earlier run, which this one resumes, may have.
        let local = matches!(failure, Failure::Local(_));
        let unknown = local && self.unsent == Fate::Unknown;
        ExitCode::from(if unknown { UNKNOWN } else { failure.code() })
    }

    /// A person has no document to take key and moment from.
    fn tell_how_to_resume(&self, failure: &Failure) {
        let body = Body::of(failure, self.unsent);
        if let (Some(key), Some(first_sent)) = (body.idempotency_key, body.first_sent)
            && body.fate == Fate::Unknown.as_str()
            // Too old, or wrong: resending is no help.
            && body.kind != ErrorKind::InvalidInput.as_str()
        {
            tell(&format!("to resend: --resume --idempotency-key {key} --first-sent {first_sent}"));
        }
    }
}

/// A reply as lines, with what is to be known of the money.
fn table_of<T: Rows>(reply: &Reply<T>) -> String {
    let item = table::one(&reply.value);
    let Some(key) = reply.key else { return item };
    let how = if reply.followed { ", found in process and followed" } else { "" };
    let fate = reply.fate;
    format!("{item}\nidempotency key  {key}\nfate             {fate}{how}")
}

/// The document of a reply.
fn document<T: Serialize>(reply: &Reply<T>) -> String {
    json(&Document::of(&reply.value, reply))
}

/// The document of a list, without its items: what is before them, and what after.
pub(crate) fn around_list(reply: &Reply<()>) -> (String, String) {
    let nothing: [(); 0] = [];
    let whole = json(&Document::of(&nothing, reply));
    let (before, after) = whole.split_once("[]").unwrap_or_default();
    (format!("{before}["), format!("]{after}"))
}

/// The document of a result that came from no reply.
pub(crate) fn say_result<T: Serialize>(result: &T) {
    say(&json(&Document {
        result,
        status: None,
        attempts: 0,
        fate: Fate::NotApplicable.as_str(),
        idempotency_key: None,
        followed_conflict: false,
    }));
}

/// What only the commands that read are called.
const READERS: [&str; 8] =
    ["token", "accounts", "balances", "transactions", "get", "wait", "exceptions", "webhooks"];

impl<'a> Body<'a> {
    fn of(failure: &'a Failure, unsent: Fate) -> Self {
        let mut body = Self::told(failure, failure.to_string());
        if body.fate == Fate::NeverSent.as_str() {
            body.fate = unsent.as_str();
        }
        body
    }

    fn told(failure: &'a Failure, message: String) -> Self {
        match failure {
            Failure::Usage(_) => Self::plain("invalid_input", Fate::NeverSent, message),
            Failure::Local(_) => Self::plain("transport", Fate::NeverSent, message),
            Failure::Control { status, error_code, .. } => Self {
                http_status: Some(*status),
                error_code: error_code.as_deref(),
                ..Self::plain(control_kind(*status), Fate::NotApplicable, message)
            },
            Failure::Signature(_) => Self::plain("invalid_signature", Fate::NotApplicable, message),
            Failure::Call(error) => Self::of_error(error, message),
            Failure::Torn { error, head } => Self {
                http_status: Some(head.status),
                attempts: head.attempts,
                ..Self::of_error(error, message)
            },
            Failure::CutShort { head, .. } => Self {
                http_status: Some(head.status),
                attempts: head.attempts,
                ..Self::plain("transport", Fate::NotApplicable, message)
            },
            Failure::Interrupted { resumed: None } => {
                Self::plain("transport", Fate::NeverSent, message)
            }
            Failure::Interrupted { resumed: Some(submitted) } => Self {
                idempotency_key: submitted.key,
                first_sent: submitted.first_sent.map(moment),
                ..Self::plain("transport", Fate::Unknown, message)
            },
            Failure::AfterSubmit { error, submitted } => Self {
                idempotency_key: submitted.key,
                first_sent: submitted.first_sent.map(moment),
                attempts: submitted.attempts,
                ..Self::of_error(error, message)
            },
        }
    }

    fn plain(kind: &'a str, fate: Fate, message: String) -> Self {
        Self {
            kind,
            fate: fate.as_str(),
            message,
            http_status: None,
            error_code: None,
            request_id: None,
            title: None,
            detail: None,
            transaction_id: None,
            idempotency_key: None,
            first_sent: None,
            attempts: 0,
            retry_after_s: None,
            payment: None,
            offset: None,
        }
    }

    fn of_error(error: &'a Error, message: String) -> Self {
        Self {
            http_status: error.status().map(|status| status.as_u16()),
            error_code: error.error_code(),
            request_id: error.request_id().map(|id| id.to_string()),
            title: error.title(),
            detail: error.detail(),
            transaction_id: error.transaction_id().map(|id| id.to_string()),
            idempotency_key: error.idempotency_key(),
            first_sent: error.first_sent().map(moment),
            attempts: error.attempts().len(),
            retry_after_s: error
                .retry_after()
                .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            payment: error.payment(),
            offset: error.offset(),
            ..Self::plain(error.kind().as_str(), error.fate(), message)
        }
    }
}

/// The contract's kind of a status, as far as the control surface has them.
fn control_kind(status: u16) -> &'static str {
    match status {
        404 => "not_found",
        400..500 => "invalid_request",
        500.. => "server",
        _ => "unexpected_response",
    }
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Something could not be written to standard output.
static LOST: AtomicBool = AtomicBool::new(false);

/// What became of a text for standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Written,
    /// The reader has seen enough, which is no failure.
    Unwanted,
    Lost,
}

/// Whether it was said.
pub(crate) fn say(text: &str) -> bool {
    put(&format!("{text}\n")) != Put::Lost
}

/// Writes as it is.
pub(crate) fn put(text: &str) -> Put {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Put::Written,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Put::Unwanted,
        Err(_) => {
            LOST.store(true, Ordering::Relaxed);
            Put::Lost
        }
    }
}

/// One JSON line of many, whatever the output is.
pub(crate) fn say_line(line: &impl Serialize) {
    say(&json(line));
}

pub(crate) fn tell(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{text}").and_then(|()| err.flush());
}
