//! A [`Transport`](crate::Transport) from any way to drive a machine of `qbank-proto`: turns a
//! scenario's call into the client's own types, and its result back into data.
//!
//! Only with the feature `client`. The server and the scenarios do not depend on the
//! client.

use std::error::Error as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qbank_proto::chrono::{DateTime, NaiveDate};
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Destination, Endpoint,
    GetBalance, GetPayment, ListAccounts, ListCheckExceptions, ListTransactions, Payment, Read,
    Recipient, Write,
};
use qbank_proto::{
    AccessToken, Attempt, Authenticate, Call as ClientCall, CallOptions, Config, ConflictPolicy,
    Credentials, Entropy, Environment, Error, ErrorKind, Fate, IdempotencyKey, Machine, Reply,
    Resume, Scope, Session, WaitForPayment, WriteOptions,
};
use serde::Serialize;
use serde_json::Value;

use crate::{Arguments, Call, OnConflict, Operation, Options, Outcome, Party, Target};

/// Drives a machine to its end, however the transport does that.
pub trait Runner {
    /// To its end.
    fn run<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static;

    /// Random bytes.
    fn entropy(&self) -> Entropy;
}

/// Makes a scenario's call over a new session.
pub fn play(runner: &impl Runner, target: &Target, call: &Call) -> Outcome {
    let player = match Player::new(runner, target, &call.options) {
        Ok(player) => player,
        Err(error) => return failed(&error),
    };
    let result = player.play(call.operation, &call.arguments());
    result.unwrap_or_else(|error| {
        let mut outcome = failed(&error);
        // An argument is refused before it is known what it is for.
        if !call.operation.is_write() && error.kind() == ErrorKind::InvalidInput {
            outcome.fate = Fate::NotApplicable.to_string();
        }
        outcome
    })
}

struct Player<'a, R> {
    runner: &'a R,
    session: Session,
    options: &'a Options,
}

impl<'a, R: Runner> Player<'a, R> {
    fn new(runner: &'a R, target: &Target, options: &'a Options) -> Result<Self, Error> {
        let environment = Environment::Custom {
            base_url: target.base_url.clone(),
            token_url: Some(target.token_url.clone()),
        };
        let credentials = match &options.access_token {
            Some(token) => Credentials::Token(AccessToken::new(token)?),
            None => Credentials::client(&target.client_id, target.client_secret.as_str()),
        };
        let mut config =
            Config::new(environment, credentials).scopes(Scope::ALL).allow_loopback_http();
        config.timeout = Duration::from_millis(options.timeout_ms);
        config.connect_timeout = options.connect_timeout_ms.map(Duration::from_millis);
        config.deadline = Duration::from_millis(options.deadline_ms);
        config.retry.base = Duration::from_millis(options.backoff_ms);
        config.poll_interval = Duration::from_millis(options.poll_ms);
        if let Some(bytes) = options.max_body_bytes {
            config.max_body = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        if let Some(retries) = options.max_retries {
            config.retry.max_retries = retries;
        }
        if let Some(policy) = options.on_conflict {
            config.on_conflict = match policy {
                OnConflict::Report => ConflictPolicy::Report,
                OnConflict::FollowOwn => ConflictPolicy::FollowOwn,
                OnConflict::Follow => ConflictPolicy::FollowAlways,
            };
        }
        Ok(Self { runner, session: Session::new(config)?, options })
    }

    fn play(&self, operation: Operation, args: &Arguments) -> Result<Outcome, Error> {
        match operation {
            Operation::Ach => {
                let destination: Destination =
                    match (&args.recipient_details, &args.destination_account_id) {
                        (Some(party), _) => recipient(party)?.into(),
                        (None, id) => {
                            Destination::Account(parsed("destination account", id.as_ref())?)
                        }
                    };
                let mut ach = CreateAch::new(
                    parsed("source account", args.source_account_id.as_ref())?,
                    destination,
                    parsed("amount", args.amount.as_ref())?,
                );
                ach.effective_date = optional("effective date", args.effective_date.as_ref())?;
                ach.reference_id.clone_from(&args.reference_id);
                self.write(ach, |value| (value.payment_id.map(|id| id.to_string()), render(value)))
            }
            Operation::Wire => {
                let party = args.beneficiary_details.as_ref();
                let party =
                    party.ok_or_else(|| Error::invalid_input("beneficiary", "is missing"))?;
                let beneficiary = Beneficiary::new(
                    &party.name,
                    parsed("bank id", Some(&party.bank_id))?,
                    party.account_number.as_str(),
                );
                let wire = CreateWire::new(
                    parsed("source account", args.source_account_id.as_ref())?,
                    beneficiary,
                    parsed("amount", args.amount.as_ref())?,
                    args.reference_code.clone().unwrap_or_default(),
                );
                self.write(wire, payment)
            }
            Operation::Transfer => self.write(
                CreateTransfer::new(
                    parsed("from account", args.from_account_id.as_ref())?,
                    parsed("to account", args.to_account_id.as_ref())?,
                    parsed("amount", args.amount.as_ref())?,
                ),
                |value| (value.location.map(|id| id.to_string()), render(value)),
            ),
            Operation::CheckIssue => self.write(
                CreateCheckIssue::new(
                    parsed("issue id", args.issue_id.as_ref())?,
                    parsed("account", args.account_id.as_ref())?,
                    args.check_number.clone().unwrap_or_default(),
                    parsed("amount", args.amount.as_ref())?,
                    parsed("issue date", args.issue_date.as_ref())?,
                ),
                |_| (None, None),
            ),
            Operation::Balance => {
                let account = parsed("account", args.account_id.as_ref())?;
                Ok(self.read(GetBalance::new(account), listed))
            }
            Operation::Accounts => Ok(self.read(ListAccounts, listed)),
            Operation::Transactions => {
                let mut filter = ListTransactions::new();
                filter.account_id = optional("account", args.account_id.as_ref())?;
                filter.posted_since = optional::<NaiveDate>("date", args.posted_since.as_ref())?;
                Ok(self.read(filter, listed))
            }
            Operation::Exceptions => Ok(self.read(ListCheckExceptions, listed)),
            Operation::Payment => {
                let id = parsed("payment", args.payment_id.as_ref())?;
                Ok(self.read(GetPayment::new(id), payment))
            }
            Operation::Wait => {
                let id = parsed("payment", args.payment_id.as_ref())?;
                let jitter = self.runner.entropy().jitter;
                let wait = WaitForPayment::new(&self.session, id, CallOptions::new(), jitter);
                Ok(outcome(self.runner.run(wait), payment))
            }
            Operation::Authenticate => {
                let jitter = self.runner.entropy().jitter;
                let machine = Authenticate::new(&self.session, &CallOptions::new(), jitter);
                match self.runner.run(machine) {
                    Ok(_) => Ok(Outcome {
                        ok: true,
                        fate: Fate::NotApplicable.to_string(),
                        ..Outcome::default()
                    }),
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn write<E: Endpoint<Effect = Write>>(
        &self,
        endpoint: E,
        show: impl Fn(&E::Output) -> (Option<String>, Option<Value>),
    ) -> Result<Outcome, Error> {
        let entropy = self.runner.entropy();
        let key = match &self.options.idempotency_key {
            Some(text) => {
                text.parse().map_err(|error| Error::invalid_input("idempotency key", error))?
            }
            None => IdempotencyKey::from_entropy(entropy.key),
        };
        let mut options = WriteOptions::new(key);
        if let Some(resume) = self.options.resume {
            let ago = Duration::from_secs(resume.first_sent_seconds_ago);
            let first_sent = SystemTime::now().checked_sub(ago).unwrap_or(UNIX_EPOCH);
            options = WriteOptions::resume(Resume::new(key, first_sent));
        }
        if let Some(date) = &self.options.auth_date {
            options.auth_date = Some(date.parse()?);
        }
        let call = ClientCall::new(&self.session, endpoint, options, entropy.jitter);
        Ok(outcome(self.runner.run(call), show))
    }

    fn read<E: Endpoint<Effect = Read>>(
        &self,
        endpoint: E,
        show: impl Fn(&E::Output) -> (Option<String>, Option<Value>),
    ) -> Outcome {
        let jitter = self.runner.entropy().jitter;
        let call = ClientCall::new(&self.session, endpoint, CallOptions::new(), jitter);
        outcome(self.runner.run(call), show)
    }
}

fn recipient(party: &Party) -> Result<Recipient, Error> {
    let bank = parsed("bank id", Some(&party.bank_id))?;
    Ok(Recipient::new(&party.name, bank, party.account_number.as_str()))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: Option<&String>,
) -> Result<T, Error> {
    text.map_or("", String::as_str).parse().map_err(|error| Error::invalid_input(field, error))
}

fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: Option<&String>,
) -> Result<Option<T>, Error> {
    text.map(|text| parsed(field, Some(text))).transpose()
}

fn payment(payment: &Payment) -> (Option<String>, Option<Value>) {
    (Some(payment.payment_id.to_string()), render(payment))
}

fn listed<T: Serialize>(value: &T) -> (Option<String>, Option<Value>) {
    (None, render(value))
}

/// As JSON with amounts as decimal strings: `Value` would make them floats.
fn render(value: &impl Serialize) -> Option<Value> {
    let text = serde_json::to_string(value).ok()?;
    serde_json::from_str(&quoted_amounts(&text)).ok()
}

/// Puts quotes around the numbers of a compact JSON text.
fn quoted_amounts(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 64);
    let mut chars = json.chars().peekable();
    let (mut in_text, mut escaped) = (false, false);
    while let Some(c) = chars.next() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
        } else if c == '-' || c.is_ascii_digit() {
            out.push('"');
            out.push(c);
            while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() || *c == '.') {
                out.push(digit);
            }
            out.push('"');
        } else {
            in_text = c == '"';
            out.push(c);
        }
    }
    out
}

fn outcome<T>(
    result: Result<Reply<T>, Error>,
    show: impl Fn(&T) -> (Option<String>, Option<Value>),
) -> Outcome {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => return failed(&error),
    };
    let (payment_id, value) = show(&reply.value);
    Outcome {
        ok: true,
        fate: reply.fate.to_string(),
        http_status: Some(reply.status().as_u16()),
        attempts: count(&reply.attempts),
        followed: reply.followed,
        payment_id,
        idempotency_key: reply.key.map(|key| key.to_string()),
        first_sent_unix: reply.first_sent.map(unix),
        value,
        ..Outcome::default()
    }
}

fn failed(error: &Error) -> Outcome {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    let text = |text: Option<&str>| text.map(ToOwned::to_owned);
    Outcome {
        ok: false,
        kind: Some(error.kind().to_string()),
        fate: error.fate().to_string(),
        http_status: error.status().map(|status| status.as_u16()),
        attempts: count(error.attempts()),
        payment_id: error.payment().map(|payment| payment.payment_id.to_string()),
        transaction_id: error.transaction_id().map(|id| id.to_string()),
        error_code: text(error.error_code()),
        request_id: error.request_id().map(|id| id.to_string()),
        retry_after_s: error
            .retry_after()
            .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
        message,
        idempotency_key: error.key().map(|key| key.to_string()),
        first_sent_unix: error.first_sent().map(unix),
        ..Outcome::default()
    }
}

fn count(attempts: &[Attempt]) -> u32 {
    u32::try_from(attempts.len()).unwrap_or(u32::MAX)
}

fn unix(time: DateTime<qbank_proto::chrono::Utc>) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or_default()
}
