//! Who may use the control surface. A browser sends requests to loopback for any page, so
//! a page has to be allowed by its origin.

use std::fmt;
use std::str::FromStr;

use http::Uri;

/// Which requests may use `/_sandbox`. A program, which sends no `Origin`, always may.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ControlAccess {
    /// The origins of pages that may use it, besides its own.
    pub origins: Vec<Origin>,
    /// Takes any `Host`. Without it the host has to be loopback: a name that leads here by
    /// DNS rebinding makes a foreign page one of the sandbox's own origin.
    pub any_host: bool,
}

/// The origin of a web page, such as `http://localhost:3000`, in the form that a browser
/// sends it (RFC 6454); `null` is that of a page without one, such as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text == "null" {
            return Ok(Self(text.to_owned()));
        }
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        let bare = uri.path() == "/" && uri.query().is_none() && !text.contains(['#', '@']);
        if !bare || authority.host().is_empty() {
            return Err(InvalidOrigin);
        }
        let host = authority.as_str().to_ascii_lowercase();
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        Ok(Self(format!("{scheme}://{host}")))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an origin such as http://localhost:3000, without a path")
    }
}

impl std::error::Error for InvalidOrigin {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_a_browser_sends_it() {
        for (text, origin) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("HTTP://LocalHost:3000/", "http://localhost:3000"),
            ("https://app.example:443", "https://app.example"),
            ("http://app.example:443", "http://app.example:443"),
            ("http://[::1]:80", "http://[::1]"),
            ("null", "null"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin, "{text}");
        }
        for text in ["", "*", "localhost:3000", "http://", "http://x/y", "http://x?y", "http://a@x"]
        {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
