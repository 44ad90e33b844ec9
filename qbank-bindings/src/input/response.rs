//! What came of an exchange, or of asking for a token.

use std::time::Duration;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::{Response, StatusCode, response};
use qbank_proto::{AccessToken, BoxError, Error, Fault, FaultKind, Message};

use super::Members;
use crate::headers::Headers;

/// A response, or as much of one as came before a fault: `status`, `headers` (names and values
/// in turn), `fault` (the name of its kind), `neverSent` and `message`.
pub(crate) fn outcome(json: &str, body: Vec<u8>) -> Result<Response<Bytes>, Fault> {
    let received = Members::parse("response", json).and_then(Received::read);
    let Received { head, fault, never_sent, message } =
        received.map_err(|error| Fault::maybe(FaultKind::Protocol, error))?;
    let (kind, head) = match (fault, head) {
        (None, Some(head)) => return Ok(Response::from_parts(head, body.into())),
        (fault, head) => (fault.unwrap_or(FaultKind::Protocol), head),
    };
    let message = Message::new(message);
    Err(match head {
        Some(head) => Fault::maybe(kind, message).with_head(head),
        None if never_sent => Fault::unsent(kind, message),
        None => Fault::maybe(kind, message),
    })
}

struct Received {
    head: Option<response::Parts>,
    fault: Option<FaultKind>,
    never_sent: bool,
    message: String,
}

impl Received {
    fn read(mut members: Members<'_>) -> Result<Self, Error> {
        let mut head = members.number("status")?.and_then(head);
        let headers = Headers::of(members.texts("headers")?);
        if let Some(head) = &mut head {
            headers.into_head(head);
        }
        Ok(Self {
            head,
            fault: members.maybe_text("fault")?.as_deref().map(kind),
            never_sent: members.flag("neverSent"),
            message: members.maybe_text("message")?.unwrap_or_default(),
        })
    }
}

/// The head of a response with this status.
pub(crate) fn head(status: u16) -> Option<response::Parts> {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = StatusCode::from_u16(status).ok()?;
    Some(head)
}

fn kind(name: &str) -> FaultKind {
    match name {
        "resolve" => FaultKind::Resolve,
        "connect" => FaultKind::Connect,
        "tls" => FaultKind::Tls,
        "certificate" => FaultKind::Certificate,
        "client_certificate" => FaultKind::ClientCertificate,
        "timeout" => FaultKind::Timeout,
        "disconnected" => FaultKind::Disconnected,
        "protocol" => FaultKind::Protocol,
        "body_too_large" => FaultKind::BodyTooLarge,
        "redirected" => FaultKind::Redirected,
        "aborted" => FaultKind::Aborted,
        _ => FaultKind::Other,
    }
}

/// What the application's supplier gave: `accessToken` and `expiresIn` in seconds, or a
/// `message` that says why there is none.
pub(crate) fn token(json: &str) -> Result<AccessToken, BoxError> {
    let mut given = Members::parse("token", json)?;
    let Some(text) = given.maybe_text("accessToken")? else {
        return Err(Message::new(given.maybe_text("message")?.unwrap_or_default()).into());
    };
    let token = AccessToken::new(&text)?;
    Ok(match given.number("expiresIn")? {
        Some(seconds) => token.expires_in(Duration::from_secs(seconds)),
        None => token,
    })
}
