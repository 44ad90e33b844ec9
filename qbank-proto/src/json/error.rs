//! Why a response's body cannot be used.

use std::borrow::Cow;
use std::fmt;

use serde_json::error::Category;

use crate::types::PaymentId;

/// Why a response's body cannot be used. Holds names and places of members, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    /// Such as `[17].amount`; empty where it is the whole body.
    path: String,
    /// Line and column, each from 1.
    place: Option<(usize, usize)>,
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// There is no body, or only white space.
    Empty,
    /// The connection broke inside the body.
    BrokeOff,
    /// The body is compressed, or encoded in another way, by this coding. The request asked
    /// for it as it is.
    Encoded(&'static str),
    /// The body is not UTF-8.
    NotUtf8,
    /// The JSON ends before its value does.
    EndsEarly,
    /// The body is not JSON.
    NotJson,
    /// JSON, but not the object or list that was expected, or one with a member twice.
    OtherShape,
    /// The member at [`DecodeError::path`] breaks this rule.
    Member(&'static str),
    /// The member at [`DecodeError::path`] is not the one of this request.
    AboutAnother,
    /// The body is an error document under a status that promised success.
    Problem,
    /// It is no error of decoding: the body is the bank's own record that the payment of
    /// this call failed. The call then fails as
    /// [`ErrorKind::PaymentFailed`](crate::ErrorKind), and no money moved.
    PaymentFailed(Option<PaymentId>),
    /// A reason that an endpoint gave.
    Other(Cow<'static, str>),
}

impl DecodeError {
    /// With a reason, which must not contain any of the response's values.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        DecodeErrorKind::Other(reason.into()).into()
    }

    /// The member `name` breaks a rule, such as `is not a uuid`.
    pub fn member(name: impl Into<String>, rule: &'static str) -> Self {
        Self { path: name.into(), ..DecodeErrorKind::Member(rule).into() }
    }

    /// The member `name` is not the one of this request.
    pub(crate) fn about_another(name: &str) -> Self {
        Self { path: name.to_owned(), ..DecodeErrorKind::AboutAnother.into() }
    }

    /// Of serde_json's error only what repeats no value: its messages may.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            Category::Eof => DecodeErrorKind::EndsEarly,
            Category::Data => DecodeErrorKind::OtherShape,
            Category::Syntax | Category::Io => DecodeErrorKind::NotJson,
        };
        let place = (error.line() > 0).then(|| (error.line(), error.column()));
        Self { kind, path: String::new(), place }
    }

    /// The same about this item of a list.
    #[must_use]
    pub fn at_index(self, index: u64) -> Self {
        self.below(&format!("[{index}]"))
    }

    /// The same about a member of `parent`.
    #[must_use]
    pub(crate) fn below(mut self, parent: &str) -> Self {
        let point = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{point}{}", self.path);
        self
    }

    /// Without the place, which is one inside an item and not inside the body.
    #[must_use]
    pub(crate) fn without_place(mut self) -> Self {
        self.place = None;
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.kind
    }

    /// What it is wrong with, such as `[17].amount`; empty where it is the whole body.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The column in bytes, from 1, where it is known; 0 where the line has not begun.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }
}

impl From<DecodeErrorKind> for DecodeError {
    fn from(kind: DecodeErrorKind) -> Self {
        Self { kind, path: String::new(), place: None }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DecodeErrorKind as K;
        let path = &self.path;
        match &self.kind {
            K::Member(rule) => return write!(f, "`{path}` {rule}"),
            K::AboutAnother => return write!(f, "it is about another `{path}` than this request"),
            _ if !path.is_empty() => write!(f, "`{path}`: ")?,
            _ => {}
        }
        match &self.kind {
            K::Encoded(coding) => {
                write!(f, "the body is encoded as {coding}, and identity was asked for")?;
            }
            K::Other(reason) => f.write_str(reason)?,
            kind => f.write_str(match kind {
                K::Empty => "the body is empty",
                K::BrokeOff => "the body broke off",
                K::NotUtf8 => "the body is not valid UTF-8",
                K::EndsEarly => "the JSON ends too early",
                K::NotJson => "the body is not valid JSON",
                K::Problem => "the body is an error",
                K::PaymentFailed(_) => "the body says that the payment failed",
                _ => "the JSON is not of the expected shape",
            })?,
        }
        match self.place {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DecodeError {}
