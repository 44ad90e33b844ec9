//! Reads what came of one exchange: a good answer, or a verdict with its
//! evidence.

use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode, Uri, header};

use crate::call::{Meaning, Operation};
use crate::endpoint::ApiResponse;
use crate::error::Evidence;
use crate::json::DecodeError;
use crate::machine::Fault;
use crate::policy;
use crate::policy::Verdict;
use crate::response::{PaymentUrls, Problem, redact_bounded, redact_source, retry_after};
use crate::session::Session;
use crate::types::{AccessToken, FaultKind, PaymentId};

/// What an outcome is read against.
pub(crate) struct Scene<'a> {
    pub(crate) base: &'a Uri,
    pub(crate) uri: &'a Uri,
    pub(crate) write: bool,
    pub(crate) unix: Duration,
    pub(crate) max_body: usize,
    pub(crate) session: &'a Session,
    /// The token of this attempt and that of the one before, which an answer may
    /// still repeat.
    pub(crate) tokens: [Option<&'a AccessToken>; 2],
}

pub(crate) enum Judged {
    Good { meaning: Meaning, response: Response<Bytes> },
    Bad { verdict: Verdict, evidence: Box<Evidence> },
}

impl Judged {
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Good { response, .. } => Some(response.status()),
            Self::Bad { evidence, .. } => evidence.status,
        }
    }
}

/// An answer that broke off after its head is judged by the head: a 401 is a
/// 401, and an ACH payment with a usable `Location` is accepted.
pub(crate) fn judge(
    operation: &mut dyn Operation,
    scene: &Scene<'_>,
    outcome: Result<Response<Bytes>, Fault>,
) -> Judged {
    match outcome {
        Ok(response) if response.status().is_success() => {
            match scene.decode(
                operation,
                response.status(),
                response.headers(),
                Some(response.body()),
            ) {
                Ok(meaning) => Judged::Good { meaning, response },
                Err(error) => scene.unreadable(&error, response),
            }
        }
        Ok(response) => scene.refusal(operation, response, None),
        Err(mut fault) => match fault.head.take() {
            Some(head) if head.status.is_success() => {
                match scene.decode(operation, head.status, &head.headers, None) {
                    Ok(meaning) => Judged::Good { meaning, response: bodiless(*head) },
                    Err(_) => scene.broken(operation, Fault { head: Some(head), ..fault }),
                }
            }
            Some(head) => scene.refusal(operation, bodiless(*head), Some(fault)),
            None => scene.broken(operation, fault),
        },
    }
}

fn bodiless(head: Parts) -> Response<Bytes> {
    Response::from_parts(head, Bytes::new())
}

impl Scene<'_> {
    fn decode(
        &self,
        operation: &mut dyn Operation,
        status: StatusCode,
        headers: &HeaderMap,
        body: Option<&[u8]>,
    ) -> Result<Meaning, DecodeError> {
        let location = self.location(headers);
        operation.decode(&ApiResponse { status, headers, body, location })
    }

    fn location(&self, headers: &HeaderMap) -> Option<PaymentId> {
        let location = headers.get(header::LOCATION)?.to_str().ok()?;
        PaymentUrls::new(self.base, self.uri).id_of_reference(location)
    }

    /// Texts that no error may repeat.
    fn secrets<'s>(&'s self, operation: &'s dyn Operation) -> Vec<&'s str> {
        let mut secrets = self.session.secrets();
        secrets.extend(self.tokens.iter().flatten().map(|token| token.expose()));
        secrets.extend(operation.secrets());
        secrets
    }

    /// A status that promised success over a body that cannot be.
    fn unreadable(&self, error: &DecodeError, response: Response<Bytes>) -> Judged {
        let status = response.status();
        Judged::Bad {
            verdict: policy::judge(status, policy::NO_CONFLICT, self.write),
            evidence: Box::new(Evidence {
                what: format!(
                    "the bank answered {}, but the answer cannot be used: {error}",
                    status.as_u16()
                ),
                status: Some(status),
                response: Some(response),
                ..Evidence::default()
            }),
        }
    }

    /// A status that promises nothing.
    fn refusal(
        &self,
        operation: &dyn Operation,
        response: Response<Bytes>,
        fault: Option<Fault>,
    ) -> Judged {
        let status = response.status();
        let headers = response.headers();
        let urls = PaymentUrls::new(self.base, self.uri);
        let problem = Problem::read(headers, response.body(), &urls, &self.secrets(operation));
        let mut verdict = policy::judge(status, problem.conflict(), self.write);
        // The connection ended inside this answer.
        verdict.fresh_connection |= fault.is_some();
        let said = [&problem.message, &problem.title, &problem.detail]
            .into_iter()
            .flatten()
            .next()
            .map_or(String::new(), |said| format!(": {}", said.trim_end_matches('.')));
        let note = if status.is_redirection() { ", which is never followed" } else { "" };
        Judged::Bad {
            verdict,
            evidence: Box::new(Evidence {
                what: format!("the bank answered {}{note}{said}", status.as_u16()),
                status: Some(status),
                retry_after: retry_after(headers, self.unix),
                problem,
                response: Some(response),
                source: fault.map(|fault| redact_source(fault.source, &self.secrets(operation))),
                ..Evidence::default()
            }),
        }
    }

    /// No complete answer.
    fn broken(&self, operation: &dyn Operation, fault: Fault) -> Judged {
        let verdict = policy::judge_fault(&fault);
        let what = match (fault.kind, &fault.head) {
            (FaultKind::BodyTooLarge, _) => {
                format!("the answer's body is larger than the limit of {} bytes", self.max_body)
            }
            (kind, head) => {
                let source = redact_bounded(fault.told(), &self.secrets(operation));
                let after = head
                    .as_ref()
                    .map_or(String::new(), |head| format!(" (after {})", head.status.as_u16()));
                let host = self.uri.authority().map_or("", |host| host.as_str());
                format!("{}{after} ({host}): {source}", kind.explain())
            }
        };
        Judged::Bad {
            verdict,
            evidence: Box::new(Evidence {
                what,
                status: fault.head.as_ref().map(|head| head.status),
                response: fault.head.map(|head| bodiless(*head)),
                source: Some(redact_source(fault.source, &self.secrets(operation))),
                ..Evidence::default()
            }),
        }
    }
}
