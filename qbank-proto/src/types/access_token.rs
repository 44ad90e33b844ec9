//! A bearer token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::types::Secret;

/// A bearer token. Its text is wiped with the last clone and absent from
/// `Debug`.
#[derive(Clone)]
pub struct AccessToken(Arc<Token>);

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    expires_in: Option<Duration>,
    scope: Option<Box<str>>,
}

const BEARER: &str = "Bearer ";

impl AccessToken {
    /// A token that the application has. An empty text, or one with blanks or
    /// control characters, is refused without being echoed.
    pub fn new(text: &str) -> Result<Self, AccessTokenError> {
        if text.is_empty() {
            return Err(AccessTokenError::Empty);
        }
        let header = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic())
            .then(|| Secret::header(BEARER, text))
            .flatten()
            .ok_or(AccessTokenError::NotPrintable)?;
        Ok(Self(Arc::new(Token { header, expires_in: None, scope: None })))
    }

    /// How long it is valid, from when it was asked for. Matters to a supplier's
    /// token, which is taken to last five minutes otherwise.
    #[must_use]
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let token = Token { expires_in: Some(lifetime), ..(*self.0).clone() };
        Self(Arc::new(token))
    }

    pub(crate) fn with_scope(self, scope: Option<&str>) -> Self {
        let token = Token { scope: scope.map(Into::into), ..(*self.0).clone() };
        Self(Arc::new(token))
    }

    /// The token's text. Do not log it.
    pub fn expose(&self) -> &str {
        let bytes = self.0.header.as_bytes();
        std::str::from_utf8(bytes.get(BEARER.len()..).unwrap_or_default()).unwrap_or_default()
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0.header
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.0.expires_in.unwrap_or(UNSTATED_LIFETIME).min(LONGEST_LIFETIME)
    }

    pub(crate) fn stated_lifetime(&self) -> Option<Duration> {
        self.0.expires_in
    }

    pub(crate) fn granted_scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([secret])")
    }
}

pub(crate) const UNSTATED_LIFETIME: Duration = Duration::from_secs(5 * 60);
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Why a text is not an access token. Never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// There is no text.
    Empty,
    /// A blank, a control character, or one outside ASCII.
    NotPrintable,
}

impl fmt::Display for AccessTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "must not be empty",
            Self::NotPrintable => "must be printable ASCII without blanks",
        })
    }
}

impl std::error::Error for AccessTokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_absent_from_debug() {
        assert_eq!(format!("{:?}", AccessToken::new("abc").unwrap()), "AccessToken([secret])");
        assert_eq!(AccessToken::new("abc").unwrap().expose(), "abc");
    }

    #[test]
    fn a_text_that_is_no_token_is_refused_with_what_holds_for_one() {
        let why = |text| AccessToken::new(text).unwrap_err().to_string();
        assert_eq!(why(""), "must not be empty");
        assert_eq!(why("a b"), "must be printable ASCII without blanks");
    }
}
