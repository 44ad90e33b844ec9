//! A 2xx response, as an endpoint reads it.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::json::{DecodeError, DecodeErrorKind, Document, Member};
use crate::response::{content_coding, declares_problem};
use crate::types::PaymentId;

/// A 2xx response, as an endpoint reads it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ApiResponse<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, or `None` if it broke off.
    pub body: Option<&'a [u8]>,
    /// The payment that the `Location` header names, if it is a uuid directly
    /// under our own `…/payments/`.
    pub location: Option<PaymentId>,
}

impl<'a> ApiResponse<'a> {
    /// The whole body, which may be empty. An encoded one cannot be read.
    pub fn whole(&self) -> Result<&'a [u8], DecodeError> {
        match (content_coding(self.headers), self.body) {
            (Some(coding), _) => Err(DecodeErrorKind::Encoded(coding).into()),
            (None, Some(body)) => Ok(body),
            (None, None) => Err(DecodeErrorKind::BrokeOff.into()),
        }
    }

    /// The body of a response that must have one, without a byte order mark.
    pub fn content(&self) -> Result<&'a [u8], DecodeError> {
        match without_mark(self.whole()?) {
            body if blank(body) => Err(DecodeErrorKind::Empty.into()),
            body => Ok(body),
        }
    }

    /// The body as JSON. [`Money`](crate::Money) and ids read themselves from it.
    ///
    /// A lone surrogate in a text, such as `\ud800`, reads as U+FFFD.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.document()?.value()
    }

    /// The JSON of a body that must be there.
    pub(super) fn document(&self) -> Result<Document<'a>, DecodeError> {
        Document::parse(self.content()?)
    }

    /// The JSON of a body that must be there and must not be an error.
    pub(super) fn success(&self) -> Result<Document<'a>, DecodeError> {
        let document = self.document()?;
        if is_problem(self.headers, &document, self.location.is_some())? {
            return Err(DecodeErrorKind::Problem.into());
        }
        Ok(document)
    }

    /// The same where the documented status may come without a body: then `None`.
    pub(super) fn success_or_empty(
        &self,
        documented: StatusCode,
    ) -> Result<Option<Document<'a>>, DecodeError> {
        let empty = blank(without_mark(self.whole()?));
        if self.status == documented && empty && !declares_problem(self.headers) {
            return Ok(None);
        }
        self.success().map(Some)
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

/// The members by which an error is known.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Signs<'a> {
    #[serde(borrow)]
    error_code: Member<'a>,
    error: Member<'a>,
    errors: Member<'a>,
    #[serde(rename = "errorCode")]
    error_code_other: Member<'a>,
    #[serde(rename = "type")]
    problem_type: Member<'a>,
    title: Member<'a>,
    detail: Member<'a>,
    status: Member<'a>,
}

/// A problem document, a standard error or an OAuth error is no success, whatever the
/// status over it.
fn is_problem(
    headers: &HeaderMap,
    document: &Document<'_>,
    located: bool,
) -> Result<bool, DecodeError> {
    let declared = declares_problem(headers);
    // Most bodies hold none of these words, and are read once instead of twice.
    // A status stands in many, and is looked at where no `Location` names the payment.
    let words = ["error", "title", "about:blank", "problems", "\"status\""];
    let words = if located { &words[..4] } else { &words };
    if !declared && !document.may_hold(words) {
        return Ok(false);
    }
    let signs: Signs<'_> = document.object()?;
    let given = |member: Member<'_>| member.json().is_some_and(|it| !matches!(it, "false" | "[]"));
    let text = |member: Member<'_>| member.json().is_some_and(|json| json.starts_with('"'));
    // A payment's status is a text; a problem's is the number of an HTTP status.
    let numeric_status = signs.status.json().is_some_and(|json| !json.starts_with('"'));
    let failed_status = signs
        .status
        .json()
        .is_some_and(|json| json.parse::<u16>().is_ok_and(|status| (400..600).contains(&status)));
    let names_a_problem = signs.problem_type.text().lenient().is_some_and(|name| {
        name == "about:blank" || name.contains("/problems/") || name.contains("/errors/")
    });
    Ok(declared
        || given(signs.error_code)
        || given(signs.error_code_other)
        || given(signs.error)
        || given(signs.errors)
        || names_a_problem
        || failed_status
        || text(signs.title) && (numeric_status || text(signs.detail)))
}
