//! A request as it comes in, byte by byte: as much of it as there is.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The tokens that the server hands out begin like this, and so does the ready-made one, so that
/// one search finds a token in a message.
pub(crate) const TOKEN_PREFIX: &str = "conformance-token-";

/// A request that was received, whole or in part.
#[derive(Debug, Clone, Default)]
pub struct ReceivedRequest {
    /// Which TCP connection of its endpoint it came over, counted from 1 in accept order.
    pub connection: usize,
    /// Was it read to its end?
    pub complete: bool,
    /// The method; empty if not so much was read.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Every header field, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
    /// Its SHA-256, in hexadecimal.
    pub body_sha256: String,
}

impl ReceivedRequest {
    /// The first header field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The bearer token, by its short name: `t1` for the first that the server gave, `ready` for
    /// the ready-made one; an unknown token as it is.
    pub fn token(&self) -> Option<&str> {
        let token = self.header("authorization")?.strip_prefix("Bearer ")?;
        Some(token.strip_prefix(TOKEN_PREFIX).unwrap_or(token))
    }

    /// Reads what there is of a request.
    pub(crate) fn parse(bytes: &[u8]) -> ReceivedRequest {
        let mut received = ReceivedRequest::default();
        let (head, rest) = match head_end(bytes) {
            Some(end) => bytes.split_at(end),
            None => (bytes, &[][..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut request_line = lines.next().unwrap_or_default().splitn(3, ' ');
        if let (Some(method), Some(target), Some(_)) =
            (request_line.next(), request_line.next(), request_line.next())
        {
            method.clone_into(&mut received.method);
            target.clone_into(&mut received.target);
        }
        received.headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let body = match body_framing(&received) {
            Framing::Chunked => chunks(rest).0,
            Framing::Length(length) => rest[..length.min(rest.len())].to_vec(),
        };
        received.complete = whole_len(bytes).is_some();
        received.body_sha256 = hex(&Sha256::digest(&body));
        received.body = String::from_utf8_lossy(&body).into_owned();
        received
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

/// Where the head ends, its empty line included.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// How long the request is, once all of it is there.
pub(crate) fn whole_len(bytes: &[u8]) -> Option<usize> {
    let head = head_end(bytes)?;
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let field = |name: &str| {
        text.split("\r\n").find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned())
    };
    if field("transfer-encoding:").is_some_and(|value| value.contains("chunked")) {
        return chunks(&bytes[head..]).1.map(|end| head + end);
    }
    let length = field("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
    (bytes.len() - head >= length).then_some(head + length)
}

fn body_framing(received: &ReceivedRequest) -> Framing {
    if received.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return Framing::Chunked;
    }
    let length = received.header("content-length").and_then(|value| value.parse().ok());
    Framing::Length(length.unwrap_or(0))
}

/// The decoded chunks, and where the body ends if it does.
fn chunks(mut bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
    let total = bytes.len();
    let mut body = Vec::new();
    while let Some(line) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&bytes[..line]);
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or("").trim(), 16)
        else {
            break;
        };
        let Some(chunk) = bytes.get(line + 2..).filter(|rest| rest.len() >= size.saturating_add(2))
        else {
            break;
        };
        body.extend_from_slice(&chunk[..size]);
        bytes = &chunk[size + 2..];
        if size == 0 {
            return (body, Some(total - bytes.len()));
        }
    }
    (body, None)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_cut_off_gives_what_is_there() {
        let received = ReceivedRequest::parse(b"POST /v1/payments/ach HTTP/1.1\r\nidempotency-k");
        assert_eq!(received.method, "POST");
        assert!(!received.complete);
        assert_eq!(ReceivedRequest::parse(b"PO").method, "");
    }

    #[test]
    fn a_length_or_chunks_end_a_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcdef";
        assert_eq!(whole_len(request), Some(request.len() - 3));
        assert_eq!(ReceivedRequest::parse(request).body, "abc");
        let request = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(whole_len(request), Some(request.len()));
        let received = ReceivedRequest::parse(request);
        assert_eq!((received.body.as_str(), received.complete), ("abc", true));
        assert!(!ReceivedRequest::parse(&request[..request.len() - 6]).complete);
    }

    #[test]
    fn a_token_goes_by_its_short_name() {
        let head = format!("GET / HTTP/1.1\r\nauthorization: Bearer {TOKEN_PREFIX}t1\r\n\r\n");
        assert_eq!(ReceivedRequest::parse(head.as_bytes()).token(), Some("t1"));
    }
}
