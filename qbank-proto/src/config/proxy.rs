//! The HTTP proxy that a driver goes through, checked.

use std::ffi::OsString;

use http::Uri;

use super::urls::absolute_url;
use crate::error::Error;

/// Reads the URL of an HTTP proxy. The error does not repeat it, since it may have a password.
///
/// ```
/// use qbank_proto::proxy_url;
/// assert!(proxy_url("proxy", "http://user:password@proxy.example:3128").is_ok());
/// assert!(proxy_url("proxy", "socks5://proxy.example:1080").is_err());
/// ```
pub fn proxy_url(field: &str, text: &str) -> Result<Uri, Error> {
    let uri = absolute_url(field, text).ok().filter(|uri| {
        // After a second `@`, part of a password would be part of the host.
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        uri.scheme_str() == Some("http") && authority.matches('@').count() <= 1
    });
    uri.ok_or_else(|| {
        let rule = "must be a URL such as http://proxy.example:3128; \
                    no other kind of proxy is supported";
        Error::invalid_input(field, rule)
    })
}

/// The proxy that the environment names for https: the first of `HTTPS_PROXY`, `https_proxy`,
/// `ALL_PROXY` and `all_proxy` that is not empty, where `variable` looks one up. White space
/// around it is dropped, and `http://` may be left out. One that cannot be used is an error:
/// going past it would send money by a way that is not allowed.
pub fn proxy_of_environment(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Uri>, Error> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        // What is no text is no URL either.
        let text = value.to_str().unwrap_or_default().trim();
        let scheme = if text.contains("://") { "" } else { "http://" };
        return proxy_url(name, &format!("{scheme}{text}")).map(Some);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_proxy_variable_that_is_set_counts_and_must_be_usable() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.into())).collect();
            proxy_of_environment(|name| {
                set.iter()
                    .find(|(it, _)| *it == name)
                    .map(|(_, value): &(_, OsString)| value.clone())
            })
            .map(|uri| uri.map(|uri| uri.to_string()))
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&[("HTTPS_PROXY", ""), ("NO_PROXY", "*")]).unwrap(), None);
        for (value, proxy) in [
            ("http://p.example:3128", "http://p.example:3128/"),
            (" http://p.example:3128\r\n", "http://p.example:3128/"),
            ("p.example:3128", "http://p.example:3128/"),
            ("http://u:pa%40ss@p.example", "http://u:pa%40ss@p.example/"),
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                assert_eq!(of(&[(name, value)]).unwrap().as_deref(), Some(proxy), "{name}");
            }
        }
        for value in [
            " ",
            "'http://p.example:3128'",
            "\"http://p.example:3128\"",
            "https://p.example:3128",
            "socks5://u:hush-hush@p.example:1080",
            "http://u:hush hush@p.example:3128",
            "http://u:hush@hush@p.example:3128",
            "http://p.example:99999",
            "http://:3128",
        ] {
            // Nor is another variable used in its place.
            let usable = ("ALL_PROXY", "http://p.example:3128");
            let error = of(&[("HTTPS_PROXY", value), usable]).unwrap_err();
            assert!(error.to_string().starts_with("HTTPS_PROXY must be a URL"), "{value}: {error}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }
}
