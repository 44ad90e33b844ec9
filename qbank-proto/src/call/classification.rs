//! Classifies the outcome of one exchange: a success with its value, or a failure with
//! what is decided about it.

use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode, Uri, header};

use super::intent::{InFlight, Intent};
use crate::endpoint::{ApiResponse, Endpoint};
use crate::error::Details;
use crate::json::DecodeError;
use crate::machine::{Fault, Now};
use crate::policy::{self, Decision};
use crate::response::{
    PaymentUrls, Problem, content_coding, redact_bounded, redact_source, retry_after,
};
use crate::types::{AccessToken, FaultKind, PaymentId};

/// What an outcome is read against.
pub(super) struct Context<'a> {
    base: &'a Uri,
    uri: &'a Uri,
    write: bool,
    unix: Duration,
    max_body: usize,
    /// Texts that no error may repeat: of the session, of the request, and the tokens of
    /// this attempt and of the one before, which a response may still repeat.
    secrets: Vec<&'a str>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        intent: &'a Intent,
        sent: &'a InFlight,
        now: Now,
        request_secrets: Vec<&'a str>,
    ) -> Self {
        let mut secrets = request_secrets;
        secrets.extend(intent.session.secrets());
        secrets.push(sent.token.expose());
        secrets.extend(intent.previous_token.as_ref().map(AccessToken::expose));
        Self {
            base: &intent.session.urls().base,
            uri: &intent.uri,
            write: intent.key.is_some(),
            unix: now.unix,
            max_body: intent.limits.max_body,
            secrets,
        }
    }
}

pub(super) enum Classified<T> {
    Success { value: T, response: Response<Bytes> },
    Failure(Box<Failure>),
}

/// A failed attempt.
pub(super) struct Failure {
    pub(super) decision: Decision,
    pub(super) details: Box<Details>,
}

impl<T> Classified<T> {
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Success { response, .. } => Some(response.status()),
            Self::Failure(failure) => failure.details.status,
        }
    }
}

/// A response that broke off after its head is classified by the head: a 401 is a
/// 401, and an ACH payment with a usable `Location` is accepted.
pub(super) fn classify<E: Endpoint>(
    endpoint: &E,
    context: &Context<'_>,
    outcome: Result<Response<Bytes>, Fault>,
) -> Classified<E::Output> {
    let failure = match outcome {
        Ok(response) if response.status().is_success() => {
            let (status, headers) = (response.status(), response.headers());
            match endpoint.decode(&context.read(status, headers, Some(response.body()))) {
                Ok(value) => return Classified::Success { value, response },
                Err(error) => context.undecodable(&error, response),
            }
        }
        Ok(response) => context.refused(response, None),
        Err(mut fault) => match fault.head.take() {
            Some(head) if head.status.is_success() => {
                match endpoint.decode(&context.read(head.status, &head.headers, None)) {
                    Ok(value) => {
                        return Classified::Success { value, response: bodiless(*head) };
                    }
                    Err(_) => context.broken(Fault { head: Some(head), ..fault }),
                }
            }
            Some(head) => context.refused(bodiless(*head), Some(fault)),
            None => context.broken(fault),
        },
    };
    Classified::Failure(Box::new(failure))
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
        PaymentUrls::new(self.base, self.uri).id_of_reference(location)
    }

    /// A status that promised success over a body that is unusable.
    fn undecodable(&self, error: &DecodeError, response: Response<Bytes>) -> Failure {
        let status = response.status();
        let what = format!(
            "the bank answered {}, but the response cannot be used: {error}",
            status.as_u16()
        );
        Failure {
            decision: policy::classify(status, policy::NO_CONFLICT, self.write),
            details: Box::new(Details {
                status: Some(status),
                response: Some(response),
                ..Details::new(what)
            }),
        }
    }

    /// A status that promises nothing.
    fn refused(&self, response: Response<Bytes>, fault: Option<Fault>) -> Failure {
        let status = response.status();
        let headers = response.headers();
        let urls = PaymentUrls::new(self.base, self.uri);
        let problem = Problem::read(headers, response.body(), &urls, &self.secrets);
        let mut decision = policy::classify(status, problem.conflict(), self.write);
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
                source: fault.map(|fault| redact_source(fault.source, &self.secrets)),
                ..Details::new(what)
            }),
        }
    }

    /// No complete response.
    fn broken(&self, fault: Fault) -> Failure {
        let decision = policy::classify_fault(&fault);
        let what = match (fault.kind, &fault.head) {
            (FaultKind::BodyTooLarge, _) => {
                format!("the response's body is larger than the limit of {} bytes", self.max_body)
            }
            (kind, head) => {
                let source = redact_bounded(fault.message(), &self.secrets);
                let after = head
                    .as_ref()
                    .map_or(String::new(), |head| format!(" (after {})", head.status.as_u16()));
                let host = self.uri.authority().map_or("", |host| host.as_str());
                format!("{}{after} ({host}): {source}", kind.explain())
            }
        };
        Failure {
            decision,
            details: Box::new(Details {
                status: fault.head.as_ref().map(|head| head.status),
                response: fault.head.map(|head| bodiless(*head)),
                source: Some(redact_source(fault.source, &self.secrets)),
                ..Details::new(what)
            }),
        }
    }
}
