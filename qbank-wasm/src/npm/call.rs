//! One call, as `js/drive.js` drives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::ListTransactions;
use qbank_proto::http::{HeaderName, HeaderValue, Response, StatusCode, header, response};
use qbank_proto::{
    AccessToken, BodyMode, BoxError, Error, Exchange, Fault, FaultKind, JsonObject, ListDecoder,
    Machine as _, Message, Now, Step, Ticket,
};

use super::answer::{self, PACKED};
use super::data::List;
use super::input::Input;
use super::listing::Listing;
use super::operation::Machine;
use crate::exchange::fault;

/// One call, or why there is none.
pub(super) struct Call {
    machine: Result<Machine, Option<Error>>,
    /// Of the exchange, or the question to the supplier, that is out.
    ticket: Option<Ticket>,
    /// The body of a request that goes out, or of the answer that counted.
    bytes: Bytes,
    rung: Arc<Rung>,
    waker: Waker,
    list: ListDecoder<Listing<ListTransactions>>,
}

/// Another call may be of another event of an edge worker, on whose account this one
/// must not run. So it wakes nobody, but rings, and this call looks.
#[derive(Default)]
struct Rung(AtomicBool);

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Call {
    pub(super) fn new(machine: Result<Machine, Error>) -> Self {
        let rung = Arc::new(Rung::default());
        let waker = Waker::from(Arc::clone(&rung));
        Self {
            machine: machine.map_err(Some),
            ticket: None,
            bytes: Bytes::new(),
            rung,
            waker,
            list: ListDecoder::default(),
        }
    }

    fn done(&mut self, done: Done) -> String {
        match done {
            Ok((json, raw)) => {
                self.bytes = raw;
                json
            }
            Err(error) => {
                self.bytes = error.response().map(|it| it.body().clone()).unwrap_or_default();
                answer::bad(&error)
            }
        }
    }
}

type Done = Result<(String, Bytes), Error>;

impl Call {
    /// What to do next, as JSON: `{"send": …}`, `{"authorize": ms}`, `{"wait": ms}`,
    /// or what it came to.
    pub(super) fn poll(&mut self, now: Now) -> String {
        let waker = &self.waker;
        let step = match &mut self.machine {
            Ok(Machine::Call(call)) => done(call.poll(now, waker), answer::good),
            Ok(Machine::Wait(wait)) => done(wait.poll(now, waker), answer::seen),
            Ok(Machine::Token(token)) => done(token.poll(now, waker), answer::token),
            Err(error) => Step::Done(Err(error.take().unwrap_or_else(over))),
        };
        let mut json = JsonObject::new();
        match step {
            Step::Done(outcome) => return self.done(outcome),
            Step::Send(exchange) => {
                self.bytes = exchange.request.body().clone();
                json.json("send", &send(&exchange));
                self.ticket = Some(exchange.ticket);
            }
            Step::Authorize { ticket, timeout } => {
                self.ticket = Some(ticket);
                json.json("authorize", &milliseconds(timeout));
            }
            Step::Wait(limit) => {
                json.json("wait", &milliseconds(limit));
                // Beside this call and its waker, nobody has kept one to ring with.
                if Arc::strong_count(&self.rung) > 2 {
                    json.json("rings", "true");
                }
            }
        }
        json.finish()
    }

    /// Whether somebody rang since the last look.
    pub(super) fn rung(&self) -> bool {
        self.rung.0.swap(false, Ordering::Relaxed)
    }

    /// The body of the request to send, or of the answer that counted.
    pub(super) const fn body(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether the body of an answer with this status is to be read as a list.
    pub(super) fn streams(&mut self, now: Now, status: u16) -> bool {
        let (Ok(Machine::Call(call)), Some(ticket)) = (&mut self.machine, &self.ticket) else {
            return false;
        };
        let Ok(status) = StatusCode::from_u16(status) else { return false };
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = status;
        call.head(now, ticket, &head) == BodyMode::Stream
    }

    /// What came of the exchange, as a record in JSON: an answer, or as much of one as
    /// came before a `fault`. It has the headers that the machine reads by their names,
    /// and all of them as `x-packed`.
    pub(super) fn settle(&mut self, now: Now, answer: &str, body: Vec<u8>) {
        let (Some(ticket), Ok(answer)) = (self.ticket.take(), Input::of(answer)) else { return };
        let head = parts(&answer);
        let outcome = match (answer.count("fault"), head) {
            (None, Some(head)) => Ok(Response::from_parts(head, Bytes::from(body))),
            (kind, head) => {
                let kind = kind.map_or(FaultKind::Protocol, fault);
                let fault = Fault::maybe(kind, Message::new(answer.text("told").into_owned()));
                Err(match head {
                    Some(head) => fault.with_head(head),
                    None => fault,
                })
            }
        };
        match &mut self.machine {
            Ok(Machine::Call(call)) => call.settle(now, ticket, outcome),
            Ok(Machine::Wait(wait)) => wait.settle(now, ticket, outcome),
            Ok(Machine::Token(token)) => token.settle(now, ticket, outcome),
            Err(_) => {}
        }
    }

    /// What the application's supplier gave, as a record in JSON: a `token` and how many
    /// seconds it lasts, or `told`, why there is none.
    pub(super) fn supply(&mut self, now: Now, given: &str) {
        let (Some(ticket), Ok(given)) = (self.ticket.take(), Input::of(given)) else { return };
        let token = match given.opt_text("told") {
            Some(told) => Err(Message::new(told.into_owned()).into()),
            None => supplied(&given),
        };
        match &mut self.machine {
            Ok(Machine::Call(call)) => call.supply(now, ticket, token),
            Ok(Machine::Wait(wait)) => wait.supply(now, ticket, token),
            Ok(Machine::Token(machine)) => machine.supply(now, ticket, token),
            Err(_) => {}
        }
    }

    /// Gives up, and says what is known.
    pub(super) fn abandon(&mut self, now: Now) -> String {
        let step: Step<Done> = match &mut self.machine {
            Ok(Machine::Call(call)) => done(Step::Done(call.abandon(now)), answer::good),
            Ok(Machine::Wait(wait)) => done(Step::Done(wait.abandon(now)), answer::seen),
            Ok(Machine::Token(token)) => done(Step::Done(token.abandon(now)), answer::token),
            Err(error) => Step::Done(Err(error.take().unwrap_or_else(over))),
        };
        match step {
            Step::Done(outcome) => self.done(outcome),
            _ => String::new(),
        }
    }

    /// Takes the next bytes of a list and gives the items that are complete, and what
    /// is wrong after them, if something is. No bytes are the end, and `broken` says
    /// why it came too early.
    pub(super) fn items(&mut self, chunk: &[u8], broken: String) -> String {
        self.list.push(chunk);
        if !broken.is_empty() {
            self.list.broken(broken);
        } else if chunk.is_empty() {
            self.list.end();
        }
        let mut items = List::new();
        let mut json = JsonObject::new();
        while let Some(next) = self.list.next() {
            match next {
                Ok(item) => items.push(&item),
                Err(error) => {
                    json.json("error", &answer::evidence(&error));
                }
            }
        }
        json.json("items", &items.finish());
        json.finish()
    }
}

fn over() -> Error {
    Error::invalid_input("call", "is over")
}

fn done<T>(step: Step<Result<T, Error>>, tell: fn(T) -> (String, Bytes)) -> Step<Done> {
    match step {
        Step::Done(outcome) => Step::Done(outcome.map(tell)),
        Step::Send(exchange) => Step::Send(exchange),
        Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
        Step::Wait(limit) => Step::Wait(limit),
    }
}

/// The request but for its body.
fn send(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut headers = List::new();
    for (name, header) in &SENT {
        if let Some(value) = request.headers().get(header).and_then(|value| value.to_str().ok()) {
            let mut pair = List::new();
            pair.push(&JsonObject::quoted(name));
            pair.push(&JsonObject::quoted(value));
            headers.push(&pair.finish());
        }
    }
    let mut json = JsonObject::new();
    json.text("method", request.method().as_str())
        .text("url", &request.uri().to_string())
        .json("headers", &headers.finish())
        .json("timeoutMs", &milliseconds(exchange.timeout))
        .json("maxBody", &exchange.max_body.to_string());
    if let Some(timeout) = exchange.stream_timeout {
        json.json("streamMs", &milliseconds(timeout));
    }
    json.finish()
}

/// The headers that the machine sends.
static SENT: [(&str, HeaderName); 6] = [
    ("authorization", header::AUTHORIZATION),
    ("accept", header::ACCEPT),
    ("user-agent", header::USER_AGENT),
    ("content-type", header::CONTENT_TYPE),
    ("idempotency-key", HeaderName::from_static("idempotency-key")),
    ("x-fapi-auth-date", HeaderName::from_static("x-fapi-auth-date")),
];

/// Rounded up: a timer that is early would only be set again.
fn milliseconds(time: Duration) -> String {
    let part = u64::from(time.subsec_nanos().div_ceil(1_000_000));
    time.as_secs().saturating_mul(1000).saturating_add(part).to_string()
}

/// The head of the answer, if there was one.
fn parts(answer: &Input<'_>) -> Option<response::Parts> {
    let (mut parts, ()) = Response::new(()).into_parts();
    let status = answer.number("status").and_then(|status| u16::try_from(status).ok())?;
    parts.status = StatusCode::from_u16(status).ok()?;
    for (name, header) in &READ {
        if let Some(value) = answer.opt_text(name)
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
        {
            parts.headers.insert(header, value);
        }
    }
    Some(parts)
}

/// The headers that the machine reads, and all of them.
static READ: [(&str, HeaderName); 5] = [
    ("location", header::LOCATION),
    ("retry-after", header::RETRY_AFTER),
    ("date", header::DATE),
    ("link", header::LINK),
    ("x-packed", PACKED),
];

fn supplied(given: &Input<'_>) -> Result<AccessToken, BoxError> {
    let token = AccessToken::new(&given.text("token"))?;
    Ok(match given.number("expiresIn") {
        Some(seconds) => token.expires_in(Duration::from_secs(seconds)),
        None => token,
    })
}
