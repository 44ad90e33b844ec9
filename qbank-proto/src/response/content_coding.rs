//! `Content-Encoding`: what a body is compressed with, which was not asked for.

use http::{HeaderMap, header};

/// The coding of a body that is not as it is. The ones that have a name in RFC 9110 are
/// named; others are not, since a header may hold anything.
pub(crate) fn content_coding(headers: &HeaderMap) -> Option<&'static str> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).find_map(|coding| {
        let coding = coding.trim_ascii();
        let known = ["gzip", "br", "deflate", "zstd", "compress", "x-gzip"];
        match coding {
            b"" => None,
            _ if coding.eq_ignore_ascii_case(b"identity") => None,
            _ => Some(
                known
                    .into_iter()
                    .find(|name| coding.eq_ignore_ascii_case(name.as_bytes()))
                    .unwrap_or("something unknown"),
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_no_coding() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, value.parse().unwrap());
            content_coding(&headers)
        };
        assert_eq!(content_coding(&HeaderMap::new()), None);
        assert_eq!(of("identity"), None);
        assert_eq!(of(" , Identity"), None);
        assert_eq!(of("GZIP"), Some("gzip"));
        assert_eq!(of("identity, br"), Some("br"));
        assert_eq!(of("s3cr3t"), Some("something unknown"));
    }
}
