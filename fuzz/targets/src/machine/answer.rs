//! What came of an exchange, and what that says of the money.

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use http::{HeaderValue, Response};
use qbank_proto::{Fate, Fault, FaultKind};

use crate::drive::PAYMENT;

#[derive(Debug, Arbitrary)]
pub(super) enum Answer {
    /// A token that lasts so long.
    Token(Lifetime),
    /// An ACH payment was accepted.
    Accepted,
    /// The bank's record of a payment.
    Record {
        wire: bool,
        ours: bool,
        status: u8,
    },
    Conflict {
        named: bool,
    },
    /// A standard error.
    Standard {
        status: Status,
        retry_after: Option<u16>,
    },
    Says {
        status: Status,
        located: bool,
        body: Body,
    },
    Breaks {
        kind: u8,
        unsent: bool,
        head: Option<Status>,
        located: bool,
    },
}

#[derive(Debug, Arbitrary)]
pub(super) enum Lifetime {
    Hour,
    Second,
    None,
    Negative,
    Huge,
}

#[derive(Debug, Arbitrary)]
pub(super) enum Body {
    Empty,
    Html,
    Null,
    List,
    Cut,
    Raw(Vec<u8>),
}

const KINDS: [FaultKind; 11] = [
    FaultKind::Resolve,
    FaultKind::Connect,
    FaultKind::Tls,
    FaultKind::Certificate,
    FaultKind::Timeout,
    FaultKind::Disconnected,
    FaultKind::Protocol,
    FaultKind::BodyTooLarge,
    FaultKind::Redirected,
    FaultKind::Aborted,
    FaultKind::Other,
];

impl Answer {
    pub(super) fn outcome(&self) -> Result<Response<Bytes>, Fault> {
        if let Self::Breaks { kind, unsent, head, located } = self {
            let kind = KINDS[usize::from(*kind) % KINDS.len()];
            let fault = if *unsent { Fault::unsent(kind, "no") } else { Fault::maybe(kind, "no") };
            return Err(match head {
                Some(status) => {
                    let head = answered(status.0, *located, Bytes::new());
                    fault.with_head(head.into_parts().0)
                }
                None => fault,
            });
        }
        Ok(match self {
            Self::Token(lifetime) => {
                let seconds = match lifetime {
                    Lifetime::Hour => "3600",
                    Lifetime::Second => "1",
                    Lifetime::None => "null",
                    Lifetime::Negative => "-5",
                    Lifetime::Huge => "99999999999999999999999",
                };
                let json = format!(
                    r#"{{"access_token":"t0ken","token_type":"bearer","expires_in":{seconds}}}"#
                );
                answered(200, false, json.into())
            }
            Self::Record { wire, ours, status } => {
                let kind = if *wire { "WIRE" } else { "ACH" };
                let amount = if *ours { "1000.50" } else { "1" };
                let all = ["P_CREATED", "P_PROCESSING", "P_COMPLETED", "P_FAILED", "P_NEW"];
                let status = all[usize::from(*status) % all.len()];
                let json = format!(
                    r#"{{"paymentId":"{PAYMENT}","type":"{kind}","amount":{amount},"status":"{status}"}}"#
                );
                answered(if *wire { 201 } else { 200 }, false, json.into())
            }
            Self::Accepted => answered(202, true, Bytes::new()),
            Self::Conflict { named } => {
                let id = if *named { PAYMENT } else { "of no use" };
                let json = format!(
                    r#"{{"type":"/problems/idempotency-conflict","status":409,"transaction_id":"{id}"}}"#
                );
                answered(409, false, json.into())
            }
            Self::Standard { status, retry_after } => {
                let json = r#"{"message":"no","error_code":"ERR_X_001"}"#;
                let mut response = answered(status.0, false, Bytes::from_static(json.as_bytes()));
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert("retry-after", (*seconds).into());
                }
                response
            }
            Self::Says { status, located, body } => {
                let body = match body {
                    Body::Empty => Bytes::new(),
                    Body::Html => Bytes::from_static(b"<html>"),
                    Body::Null => Bytes::from_static(b"null"),
                    Body::List => Bytes::from_static(b"[]"),
                    Body::Cut => Bytes::from_static(b"{\"paymentId\":"),
                    Body::Raw(bytes) => Bytes::from(bytes.clone()),
                };
                answered(status.0, *located, body)
            }
            Self::Breaks { .. } => unreachable!("it gave an answer"),
        })
    }

    /// The lowest and the highest rung that a write on its only attempt may be on.
    /// What a 2xx means is its operation's to say, so it is bounded only.
    pub(super) fn rungs(&self) -> (Fate, Fate) {
        let alone = |fate| (fate, fate);
        let (status, standard) = match self {
            Self::Breaks { head: None, unsent: true, .. } => return alone(Fate::NeverSent),
            Self::Breaks { head: None, .. } => return alone(Fate::Unknown),
            Self::Standard { status, .. } => (status.0, true),
            Self::Says { status, body: Body::Raw(_), .. } if status.0 == 409 => {
                return (Fate::Refused, Fate::InProgress);
            }
            Self::Says { status, .. } | Self::Breaks { head: Some(status), .. } => {
                (status.0, false)
            }
            Self::Conflict { .. } => (409, false),
            // A 2xx, and a payment that failed is refused by the bank's record.
            Self::Record { .. } => return (Fate::Refused, Fate::Accepted),
            Self::Token(_) | Self::Accepted => (200, false),
        };
        match status {
            200..=299 => (Fate::Unknown, Fate::Accepted),
            408 => alone(Fate::Unknown),
            409 if !standard => alone(Fate::InProgress),
            400..=499 => alone(Fate::Refused),
            _ => alone(Fate::Unknown),
        }
    }
}

/// Any number that can be a status, the usual ones most often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status(u16);

impl<'a> Arbitrary<'a> for Status {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        const USUAL: [u16; 24] = [
            200, 201, 202, 204, 301, 303, 307, 400, 401, 401, 403, 404, 408, 409, 415, 422, 425,
            429, 429, 500, 502, 503, 504, 101,
        ];
        let byte = u8::arbitrary(input)?;
        Ok(Self(match USUAL.get(usize::from(byte)) {
            Some(usual) => *usual,
            None => 100 + u16::arbitrary(input)? % 900,
        }))
    }
}

fn answered(status: u16, located: bool, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    if located {
        let location = format!("/v1/payments/{PAYMENT}");
        response.headers_mut().insert("location", HeaderValue::try_from(location).unwrap());
    }
    response
}
