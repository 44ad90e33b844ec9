//! The rows of the table of outcomes (`exactly-once.md`), each with what becomes of the
//! request on its way, and what the table says of it. Written down from the table, not
//! taken from the client: the client is compared with it.

use qbank_proto::{ErrorKind, Fate, FaultKind};

/// One row of the table, at one place of the network.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub name: &'static str,
    pub bank: Reaches,
    pub client: Gets,
    pub only: Only,
}

/// When the bank gets the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaches {
    /// Never.
    Never,
    /// Before the client gets its outcome.
    AtOnce,
    /// Twice: a proxy on the way resent it, and passes on the second response.
    Twice,
    /// Only after the next attempt; after everything else, if there is none.
    Later,
}

/// What the client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gets {
    /// What the bank responds.
    Response,
    /// No byte of the request was written.
    Unsent(FaultKind),
    /// It may have been written.
    Fault(FaultKind),
    /// The driver never settles it.
    Nothing,
    /// The process dies meanwhile.
    Crash,
    /// The bank's good response, and the connection breaks after its head.
    CutOff(FaultKind),
    /// The bank's good response with another body, or another head.
    Spoilt(Spoilt),
    /// A status of the bank's or of a gateway's, without a body.
    Status(u16),
    /// The same with `Retry-After: 7`.
    Busy(u16),
    /// The bank takes the token back first: 401.
    Revoked,
    /// The bank does it, and says that it is in process.
    InProcess,
    /// A conflict of keys that names the payment of somebody else.
    ForeignConflict,
    /// 409 with the bank's standard error.
    OtherConflict,
    /// A page under a 200.
    Page,
    /// A problem document under a 200.
    Problem,
}

/// What becomes of the bank's own good response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// No JSON, under the bank's head.
    Garbage,
    /// No body.
    Emptied,
    /// Another payment's body, under the bank's head.
    AnotherPayment,
    /// A `Location` of another origin.
    ForeignLocation,
    /// 200 instead of the documented status.
    OtherSuccess,
    /// A 409 without a body.
    BareConflict,
    /// A 409 with a page.
    ConflictPage,
}

/// For which operations it differs from another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    All,
    Ach,
    NotAch,
}

/// What the table says of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub kind: Option<ErrorKind>,
    pub fate: Fate,
    pub resend: Resend,
}

/// Whether the same key may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    Never,
    /// One time in a call.
    OnceForSize,
    /// One time in a call, with another token.
    OnceForToken,
    Yes,
}

const fn row(name: &'static str, bank: Reaches, client: Gets) -> Outcome {
    Outcome { name, bank, client, only: Only::All }
}

const fn ach(name: &'static str, client: Gets) -> Outcome {
    Outcome { name, bank: AtOnce, client, only: Only::Ach }
}

use Gets::{
    Busy, Crash, CutOff, Fault, ForeignConflict, InProcess, Nothing, OtherConflict, Page, Problem,
    Response, Revoked, Status, Unsent,
};
use Reaches::{AtOnce, Later, Never, Twice};

/// Every row, and for those of which the table says "maybe": the bank never gets it, has
/// it, or gets it later.
pub const OUTCOMES: &[Outcome] = &[
    row("the response", AtOnce, Response),
    row("connect failure", Never, Unsent(FaultKind::Connect)),
    row("certificate failure", Never, Unsent(FaultKind::Certificate)),
    row("GOAWAY below the stream, put back in vain", Never, Unsent(FaultKind::Disconnected)),
    row("timeout, lost", Never, Fault(FaultKind::Timeout)),
    row("timeout, done", AtOnce, Fault(FaultKind::Timeout)),
    row("timeout, arrives later", Later, Fault(FaultKind::Timeout)),
    row("reset or REFUSED_STREAM, lost", Never, Fault(FaultKind::Disconnected)),
    row("reset or REFUSED_STREAM, done", AtOnce, Fault(FaultKind::Disconnected)),
    row("reset or REFUSED_STREAM, arrives later", Later, Fault(FaultKind::Disconnected)),
    row("the driver loses it, lost", Never, Nothing),
    row("the driver loses it, done", AtOnce, Nothing),
    row("what came was no HTTP, done", AtOnce, Fault(FaultKind::Protocol)),
    row("the response ends after its head", AtOnce, CutOff(FaultKind::Disconnected)),
    row("the response's body does not come", AtOnce, CutOff(FaultKind::Timeout)),
    row("the response is too large", AtOnce, CutOff(FaultKind::BodyTooLarge)),
    row("the response is no JSON", AtOnce, Gets::Spoilt(Spoilt::Garbage)),
    Outcome {
        only: Only::NotAch,
        ..row("the response has no body", AtOnce, Gets::Spoilt(Spoilt::Emptied))
    },
    row("the response is about another payment", AtOnce, Gets::Spoilt(Spoilt::AnotherPayment)),
    row("the response has another 2xx", AtOnce, Gets::Spoilt(Spoilt::OtherSuccess)),
    ach("the response has a foreign Location", Gets::Spoilt(Spoilt::ForeignLocation)),
    row("a page under 200, lost", Never, Page),
    row("a page under 200, done", AtOnce, Page),
    row("a problem under 200, done", AtOnce, Problem),
    row("a proxy sends it twice", Twice, Response),
    row("401", AtOnce, Revoked),
    row("403", Never, Status(403)),
    row("404", Never, Status(404)),
    row("422", Never, Status(422)),
    row("408, lost", Never, Status(408)),
    row("408, done", AtOnce, Status(408)),
    row("408, arrives later", Later, Status(408)),
    row("409, in process", AtOnce, InProcess),
    row("409 without a body", AtOnce, Gets::Spoilt(Spoilt::BareConflict)),
    row("409 with a page", AtOnce, Gets::Spoilt(Spoilt::ConflictPage)),
    row("409 about the payment of somebody else", Never, ForeignConflict),
    row("409 with a standard error", Never, OtherConflict),
    row("425", Never, Status(425)),
    row("429 with Retry-After", Never, Busy(429)),
    row("500, lost", Never, Status(500)),
    row("500, done", AtOnce, Status(500)),
    row("502 or 504, lost", Never, Status(502)),
    row("502 or 504, done", AtOnce, Status(504)),
    row("502 or 504, arrives later", Later, Status(504)),
    row("503 with Retry-After, lost", Never, Busy(503)),
    row("503 with Retry-After, done", AtOnce, Busy(503)),
    row("3xx, lost", Never, Status(307)),
    row("3xx, done", AtOnce, Status(302)),
    row("the process dies meanwhile, lost", Never, Crash),
    row("the process dies meanwhile, done", AtOnce, Crash),
    row("the process dies meanwhile, arrives later", Later, Crash),
];

impl Outcome {
    /// What follows once a script is used up.
    pub const GOOD: &'static Self = &OUTCOMES[0];

    /// What the table says of an attempt that did not bring the bank's own response, or
    /// brought a spoilt one. `located`: the bank's own head has the payment's `Location`.
    pub fn expected(&self, located: bool, empty_is_good: bool) -> Expected {
        use ErrorKind as K;
        use Fate::{InProgress, NeverSent, Refused, Unknown};
        let failed = |kind, fate, resend| Expected { kind: Some(kind), fate, resend };
        let accepted = Expected::ACCEPTED;
        match self.client {
            Unsent(FaultKind::Certificate) => failed(K::Transport, NeverSent, Resend::Never),
            Unsent(_) => failed(K::Transport, NeverSent, Resend::Yes),
            Fault(FaultKind::Protocol) => failed(K::UnexpectedResponse, Unknown, Resend::Yes),
            Fault(_) | Nothing | Crash => failed(K::Transport, Unknown, Resend::Yes),
            CutOff(_) | Gets::Spoilt(Spoilt::Garbage | Spoilt::AnotherPayment) if located => {
                accepted
            }
            CutOff(FaultKind::BodyTooLarge) => {
                failed(K::UnexpectedResponse, Unknown, Resend::OnceForSize)
            }
            CutOff(FaultKind::Timeout) => failed(K::Transport, Unknown, Resend::Yes),
            Gets::Spoilt(Spoilt::Emptied) if empty_is_good => accepted,
            Gets::Spoilt(Spoilt::ForeignLocation | Spoilt::OtherSuccess) | Response => accepted,
            Gets::Spoilt(Spoilt::BareConflict | Spoilt::ConflictPage)
            | ForeignConflict
            | InProcess => failed(K::IdempotencyConflict, InProgress, Resend::Never),
            OtherConflict => failed(K::Conflict, Refused, Resend::Never),
            CutOff(_) | Gets::Spoilt(_) | Page | Problem => {
                failed(K::UnexpectedResponse, Unknown, Resend::Yes)
            }
            Revoked => failed(K::Unauthenticated, Refused, Resend::OnceForToken),
            Status(status) | Busy(status) => Self::of_status(status),
        }
    }

    fn of_status(status: u16) -> Expected {
        use ErrorKind as K;
        use Fate::{Refused, Unknown};
        let (kind, fate, resend) = match status {
            403 => (K::PermissionDenied, Refused, Resend::Never),
            404 => (K::NotFound, Refused, Resend::Never),
            408 => (K::RequestTimeout, Unknown, Resend::Yes),
            425 | 429 => (K::RateLimited, Refused, Resend::Yes),
            400..=499 => (K::InvalidRequest, Refused, Resend::Never),
            502..=504 => (K::Unavailable, Unknown, Resend::Yes),
            500..=599 => (K::Server, Unknown, Resend::Yes),
            _ => (K::UnexpectedResponse, Unknown, Resend::Never),
        };
        Expected { kind: Some(kind), fate, resend }
    }
}

impl Expected {
    pub const ACCEPTED: Self = Self { kind: None, fate: Fate::Accepted, resend: Resend::Never };

    /// Of the bank's own response.
    pub fn of_bank(status: u16) -> Self {
        match status {
            200..=299 => Self::ACCEPTED,
            401 => Outcome { client: Revoked, ..*Outcome::GOOD }.expected(false, false),
            409 => Outcome { client: InProcess, ..*Outcome::GOOD }.expected(false, false),
            _ => Outcome::of_status(status),
        }
    }
}
