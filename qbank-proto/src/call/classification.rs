//! Classifies the outcome of one exchange: a success with its value, or a failure with
//! what is decided about it.

use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode, header};

use super::intent::{InFlight, Intent};
use crate::endpoint::{ApiResponse, ResponseDecoder};
use crate::error::Details;
use crate::json::{DecodeError, DecodeErrorKind};
use crate::machine::{Fault, Now};
use crate::policy::{self, Decision};
use crate::response::{
    PaymentUrls, Problem, content_coding, redact_bounded, redact_source, retry_after,
};
use crate::types::{AccessToken, FaultKind, PaymentId};

/// What an outcome is read against.
pub(super) struct Context<'a> {
    intent: &'a Intent,
    sent: &'a InFlight,
    unix: Duration,
}

impl<'a> Context<'a> {
    pub(super) fn new(intent: &'a Intent, sent: &'a InFlight, now: Now) -> Self {
        Self { intent, sent, unix: now.unix }
    }

    /// Texts that no error may repeat: of the request, of the session, and the tokens of
    /// this attempt and of the one before, which a response may still repeat.
    fn secrets<'s>(&'s self, mut secrets: Vec<&'s str>) -> Vec<&'s str> {
        secrets.extend(self.intent.session.secrets());
        secrets.push(self.sent.token.expose());
        secrets.extend(self.intent.previous_token.as_ref().map(AccessToken::expose));
        secrets
    }

    fn write(&self) -> bool {
        self.intent.key.is_some()
    }

    fn urls(&self) -> PaymentUrls<'a> {
        PaymentUrls::new(&self.intent.session.urls().base, &self.intent.uri)
    }
}

pub(super) enum Classified<T> {
    Success {
        value: T,
        response: Response<Bytes>,
    },
    /// The bank's own record that the payment of this call failed.
    PaymentFailed {
        id: Option<PaymentId>,
        response: Response<Bytes>,
    },
    Failure(Box<Failure>),
}

/// A failed attempt.
pub(super) struct Failure {
    pub(super) decision: Decision,
    pub(super) details: Box<Details>,
}

impl<T> From<Failure> for Classified<T> {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl<T> Classified<T> {
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Success { response, .. } | Self::PaymentFailed { response, .. } => {
                Some(response.status())
            }
            Self::Failure(failure) => failure.details.status,
        }
    }
}

/// A response that broke off after its head is classified by the head: a 401 is a
/// 401, and an ACH payment with a usable `Location` is accepted.
pub(super) fn classify<D: ResponseDecoder>(
    decoder: &D,
    context: &Context<'_>,
    outcome: Result<Response<Bytes>, Fault>,
) -> Classified<D::Output> {
    let (response, fault) = match outcome {
        Ok(response) => (response, None),
        Err(mut fault) => match fault.head.take() {
            Some(head) => (bodiless(*head), Some(fault)),
            None => return context.broken(decoder.secrets(), fault).into(),
        },
    };
    if !response.status().is_success() {
        return context.refused(decoder.secrets(), response, fault).into();
    }
    let body = fault.is_none().then(|| &**response.body());
    let error = match decoder.decode(&context.read(response.status(), response.headers(), body)) {
        Ok(value) => return Classified::Success { value, response },
        Err(error) => error,
    };
    match (error.kind(), fault) {
        (DecodeErrorKind::PaymentFailed(id), _) => Classified::PaymentFailed { id: *id, response },
        (_, None) => context.undecodable(&error, response).into(),
        (_, Some(fault)) => {
            let head = Some(Box::new(response.into_parts().0));
            context.broken(decoder.secrets(), Fault { head, ..fault }).into()
        }
    }
}

fn bodiless(head: Parts) -> Response<Bytes> {
    Response::from_parts(head, Bytes::new())
}

impl Context<'_> {
    fn read<'r>(
        &self,
        status: StatusCode,
        headers: &'r HeaderMap,
        body: Option<&'r [u8]>,
    ) -> ApiResponse<'r> {
        ApiResponse { status, headers, body, location: self.location(headers) }
    }

    fn location(&self, headers: &HeaderMap) -> Option<PaymentId> {
        let location = headers.get(header::LOCATION)?.to_str().ok()?;
        self.urls().id_of_reference(location)
    }

    /// A status that promised success over a body that is unusable.
    fn undecodable(&self, error: &DecodeError, response: Response<Bytes>) -> Failure {
        let status = response.status();
        let what = format!(
            "the bank answered {}, but the response cannot be used: {error}",
            status.as_u16()
        );
        Failure {
            decision: policy::classify(status, policy::NO_CONFLICT, self.write()),
            details: Box::new(Details {
                status: Some(status),
                response: Some(response),
                ..Details::new(what)
            }),
        }
    }

    /// A status that promises nothing.
    fn refused(
        &self,
        secrets: Vec<&str>,
        response: Response<Bytes>,
        fault: Option<Fault>,
    ) -> Failure {
        let secrets = &self.secrets(secrets);
        let status = response.status();
        let headers = response.headers();
        let urls = self.urls();
        let (problem, conflict) = Problem::read(headers, response.body(), &urls, secrets);
        let mut decision = policy::classify(status, conflict, self.write());
        // The connection ended inside this response.
        decision.fresh_connection |= fault.is_some();
        let message = [&problem.message, &problem.title, &problem.detail]
            .into_iter()
            .flatten()
            .next()
            .map_or(String::new(), |text| format!(": {}", text.trim_end_matches('.')));
        let note = if status.is_redirection() { ", which is never followed" } else { "" };
        let coding = content_coding(headers)
            .map_or(String::new(), |coding| format!(", with a body encoded as {coding}"));
        let what = format!("the bank answered {}{note}{coding}{message}", status.as_u16());
        Failure {
            decision,
            details: Box::new(Details {
                status: Some(status),
                retry_after: retry_after(headers, self.unix),
                problem,
                response: Some(response),
                source: fault.map(|fault| redact_source(fault.source, secrets)),
                ..Details::new(what)
            }),
        }
    }

    /// No complete response.
    fn broken(&self, secrets: Vec<&str>, fault: Fault) -> Failure {
        let secrets = &self.secrets(secrets);
        let decision = policy::classify_fault(&fault);
        let what = match (fault.kind, &fault.head) {
            (FaultKind::BodyTooLarge, _) => {
                format!(
                    "the response's body is larger than the limit of {} bytes",
                    self.intent.limits.max_body
                )
            }
            (kind, head) => {
                let source = redact_bounded(fault.message(), secrets);
                let after = head
                    .as_ref()
                    .map_or(String::new(), |head| format!(" (after {})", head.status.as_u16()));
                let host = self.intent.uri.authority().map_or("", |host| host.as_str());
                format!("{}{after} ({host}): {source}", kind.explain())
            }
        };
        Failure {
            decision,
            details: Box::new(Details {
                status: fault.head.as_ref().map(|head| head.status),
                response: fault.head.map(|head| bodiless(*head)),
                source: Some(redact_source(fault.source, secrets)),
                ..Details::new(what)
            }),
        }
    }
}
