//! A 2xx response, as an endpoint reads it.

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::json::{DecodeError, DecodeErrorKind, Document};
use crate::resource::{Record, Signs};
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
        self.content_or_empty()?.ok_or_else(|| DecodeErrorKind::Empty.into())
    }

    fn content_or_empty(&self) -> Result<Option<&'a [u8]>, DecodeError> {
        let body = without_mark(self.whole()?);
        Ok((!blank(body)).then_some(body))
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
        // Most bodies hold none of these words, and are read once instead of twice.
        let words = ["error", "title", "about:blank", "problems", "\"status\""];
        if declares_problem(self.headers) || document.may_hold(&words) {
            self.record(&document)?;
        }
        Ok(document)
    }

    /// What a document says of a payment, a transfer or a check issue. It must not be an error.
    pub(super) fn record<'d>(&self, document: &'d Document<'_>) -> Result<Record<'d>, DecodeError> {
        let record: Record<'_> = document.object()?;
        self.no_problem(&record.signs())?;
        Ok(record)
    }

    /// A problem document, a standard error or an OAuth error is no success, whatever the
    /// status over it.
    pub(super) fn no_problem(&self, signs: &Signs<'_>) -> Result<(), DecodeError> {
        if declares_problem(self.headers) || signs.are_of_a_problem() {
            return Err(DecodeErrorKind::Problem.into());
        }
        Ok(())
    }

    /// The JSON of a body where the documented status may come without one: then `None`.
    pub(super) fn document_or_empty(
        &self,
        documented: StatusCode,
    ) -> Result<Option<Document<'a>>, DecodeError> {
        match self.content_or_empty()? {
            Some(body) => Document::parse(body).map(Some),
            None if self.status == documented && !declares_problem(self.headers) => Ok(None),
            None => Err(DecodeErrorKind::Empty.into()),
        }
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}
