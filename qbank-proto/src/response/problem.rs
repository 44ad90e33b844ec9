//! What an error answer says: the bank's standard error, an RFC 9457 problem,
//! or the error of an OAuth token endpoint.

use bytes::Bytes;
use http::{HeaderMap, header};

use crate::json::Fields;
use crate::response::{PaymentUrls, redact_bounded};
use crate::types::{PaymentId, RequestId};

/// The members of an error answer, each as far as it was there.
///
/// Texts are the bank's own words; secrets of the call that they repeat are
/// replaced by `[secret]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Problem {
    /// Standard error: the bank's code, such as `ERR_ACC_001`. Of a token
    /// endpoint: the OAuth code, such as `invalid_client`.
    pub error_code: Option<String>,
    /// Standard error: names the request to the bank's support.
    pub request_id: Option<RequestId>,
    /// Standard error: `message`. OAuth: `error_description`.
    pub message: Option<String>,
    /// Problem: `type`, a URI.
    pub kind: Option<String>,
    /// Problem: a short summary.
    pub title: Option<String>,
    /// Problem: an explanation.
    pub detail: Option<String>,
    /// Problem: the payment in process, from `transaction_id`, `instance` or a
    /// `Link` header, whichever holds a usable id first.
    pub transaction_id: Option<PaymentId>,
}

/// What the body of a 409 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// A request with this key is in process; also when nothing says otherwise.
    OfKeys,
    /// A standard error: something else conflicts, and nothing was done.
    Other,
}

impl Problem {
    /// Reads what it can; an unreadable body is an empty problem.
    pub(crate) fn read(
        headers: &HeaderMap,
        body: &Bytes,
        urls: &PaymentUrls<'_>,
        secrets: &[&str],
    ) -> Self {
        let fields = Fields::parse(body).unwrap_or_default();
        let transaction_id = fields
            .opt_id(&["transaction_id", "transactionId"])
            .or_else(|| fields.text(&["instance"]).ok().flatten().and_then(|it| urls.id_of(&it)))
            .or_else(|| link_id(headers, urls));
        Self { transaction_id, ..Self::of_fields(&fields, secrets) }
    }

    /// Reads the error of a token endpoint, which concerns no payment.
    pub(crate) fn of_token_endpoint(body: &Bytes, secrets: &[&str]) -> Self {
        let fields = Fields::parse(body).unwrap_or_default();
        let text = |name: &str| {
            let text = fields.text(&[name]).ok().flatten()?;
            Some(redact_bounded(text.into_owned(), secrets))
        };
        let problem = Self::of_fields(&fields, secrets);
        Self {
            error_code: text("error").or(problem.error_code),
            message: text("error_description").or(problem.message),
            ..problem
        }
    }

    fn of_fields(fields: &Fields<'_>, secrets: &[&str]) -> Self {
        let text = |name: &str| {
            let text = fields.text(&[name]).ok().flatten()?;
            Some(redact_bounded(text.into_owned(), secrets))
        };
        Self {
            error_code: text("error_code"),
            request_id: fields.opt_id(&["request_id", "requestId"]),
            message: text("message"),
            kind: text("type"),
            title: text("title"),
            detail: text("detail"),
            transaction_id: None,
        }
    }

    /// Only a standard error says that nothing is in process. Anything that is
    /// neither that nor a known problem is taken for a conflict of keys: never
    /// resent, never called refused.
    pub(crate) fn conflict(&self) -> Conflict {
        // A gateway's `{"message": …}` is not the bank's standard error.
        if self.error_code.is_some() && !self.names_key_conflict() && self.transaction_id.is_none()
        {
            Conflict::Other
        } else {
            Conflict::OfKeys
        }
    }

    /// The documentation spells the problem type in two ways.
    fn names_key_conflict(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| {
            let last = kind.rsplit('/').next().unwrap_or(kind);
            matches!(last, "idempotency-conflict" | "idempotency_conflict")
        })
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
