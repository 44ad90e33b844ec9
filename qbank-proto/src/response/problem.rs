//! An error response: the bank's standard error, an RFC 9457 problem, or the error of
//! an OAuth token endpoint.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{self, DecodeError, Document, Member};
use crate::response::{PaymentUrls, Redactor, content_coding};
use crate::types::{PaymentId, RequestId};

/// The members of an error response, each as far as it was there and readable.
///
/// Texts are the bank's own words; secrets of the call that they repeat are
/// replaced by `[secret]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Standard error: the bank's code, such as `ERR_ACC_001`. Of a token
    /// endpoint: the OAuth code, such as `invalid_client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Standard error: names the request to the bank's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// Standard error: `message`. OAuth: `error_description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Problem: `type`, a URI.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub problem_type: Option<String>,
    /// Problem: a short summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Problem: an explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Problem: the payment in process, from `transaction_id`, `instance` or a
    /// `Link` header, whichever holds a usable id first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<PaymentId>,
}

/// What a 409 conflicts with, by its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// A request with this key is in process; also when nothing in it contradicts that: never
    /// resent, never called refused.
    OfKeys,
    /// A standard error: something else conflicts, and nothing was done.
    Other,
}

impl Problem {
    /// Reads what it can; an unreadable or encoded body is an empty problem. Beside it, what
    /// a 409 with this body conflicts with: decided on what the bank wrote, before secrets
    /// are hidden in it.
    pub(crate) fn read(
        headers: &HeaderMap,
        body: &Bytes,
        urls: &PaymentUrls<'_>,
        secrets: &Redactor,
    ) -> (Self, Conflict) {
        let document = document(headers, body);
        let members = Members::of(&document);
        let link = link_id(headers, urls);
        let given = |member: Member<'_>| member.json().is_some();
        // A gateway's `{"message": …}` is not the bank's standard error; nor is what has a
        // problem's type, or names a payment, even by an id that cannot be read.
        let standard = members.error_code.text().lenient().is_some_and(|code| !code.is_empty())
            && !given(members.transaction())
            && !given(members.instance)
            && link.is_none()
            && !declares_problem(headers)
            && !given(members.problem_type);
        let transaction_id = members
            .transaction()
            .id()
            .lenient()
            .or_else(|| urls.id_of(&members.instance.text().lenient()?))
            .or(link);
        let problem = Self { transaction_id, ..members.problem(secrets) };
        (problem, if standard { Conflict::Other } else { Conflict::OfKeys })
    }

    /// Reads the error of a token endpoint, which concerns no payment.
    pub(crate) fn of_token_endpoint(headers: &HeaderMap, body: &Bytes, secrets: &Redactor) -> Self {
        let document = document(headers, body);
        let members = Members::of(&document);
        let text = |member: Member<'_>| Some(secrets.bounded(member.text().lenient()?));
        let problem = members.problem(secrets);
        Self {
            error_code: text(members.error).or(problem.error_code),
            message: text(members.error_description).or(problem.message),
            transaction_id: None,
            ..problem
        }
    }

    fn plain(document: &Document<'_>) -> Result<Self, DecodeError> {
        let members: Members<'_> = document.object()?;
        Ok(Self {
            transaction_id: members.transaction().id().lenient(),
            ..members.problem(&Redactor::default())
        })
    }
}

/// Whether the body is declared to be a problem document.
pub(crate) fn declares_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        let start = value.as_bytes().get(..PROBLEM.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(PROBLEM))
    })
}

const PROBLEM: &[u8] = b"application/problem+json";

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, Self::plain)
    }
}

fn document<'b>(headers: &HeaderMap, body: &'b Bytes) -> Document<'b> {
    let plain = if content_coding(headers).is_none() { body } else { &[][..] };
    Document::parse(plain).unwrap_or(Document::of(""))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow)]
    error_code: Member<'a>,
    request_id: Member<'a>,
    #[serde(rename = "requestId")]
    request_id_other: Member<'a>,
    message: Member<'a>,
    #[serde(rename = "type")]
    problem_type: Member<'a>,
    title: Member<'a>,
    detail: Member<'a>,
    transaction_id: Member<'a>,
    #[serde(rename = "transactionId")]
    transaction_id_other: Member<'a>,
    instance: Member<'a>,
    error: Member<'a>,
    error_description: Member<'a>,
}

impl<'a> Members<'a> {
    fn of(document: &'a Document<'_>) -> Self {
        document.object().unwrap_or_default()
    }

    /// The first spelling that is there.
    fn transaction(&self) -> Member<'a> {
        self.transaction_id.or(self.transaction_id_other)
    }

    fn problem(&self, secrets: &Redactor) -> Problem {
        let text = |member: Member<'_>| Some(secrets.bounded(member.text().lenient()?));
        Problem {
            error_code: text(self.error_code),
            request_id: self.request_id.or(self.request_id_other).id().lenient(),
            message: text(self.message),
            problem_type: text(self.problem_type),
            title: text(self.title),
            detail: text(self.detail),
            transaction_id: None,
        }
    }
}

/// The first target of a `Link` header that is one of our payments.
fn link_id(headers: &HeaderMap, urls: &PaymentUrls<'_>) -> Option<PaymentId> {
    headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split('<').skip(1))
        .filter_map(|link| link.split('>').next())
        .find_map(|target| urls.id_of(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    fn read(headers: &HeaderMap, body: &'static [u8]) -> Problem {
        let base = Uri::from_static("https://bank.example/v1");
        Problem::read(
            headers,
            &Bytes::from_static(body),
            &PaymentUrls::new(&base, &base),
            &Redactor::default(),
        )
        .0
    }

    #[test]
    fn a_problem_is_read_through_a_mark_a_number_and_a_lone_surrogate() {
        let body = b"\xef\xbb\xbf{\"error_code\":4711,\"message\":\"a\\ud800\",\"\\ud800\":1}";
        let problem = read(&HeaderMap::new(), body);
        assert_eq!(problem.error_code.as_deref(), Some("4711"));
        assert_eq!(problem.message.as_deref(), Some("a\u{fffd}"));
    }

    #[test]
    fn an_encoded_body_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(read(&headers, br#"{"error_code":"E"}"#), Problem::default());
    }

    #[test]
    fn a_problem_is_written_and_read() {
        let body = br#"{"type":"x/idempotency-conflict","title":"T","transaction_id":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40"}"#;
        let problem = read(&HeaderMap::new(), body);
        let written = serde_json::to_string(&problem).unwrap();
        assert_eq!(written.as_bytes(), body);
        assert_eq!(serde_json::from_str::<Problem>(&written).unwrap(), problem);
    }
}
