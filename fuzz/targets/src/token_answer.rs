//! What a token endpoint answers, through a read that needs a token.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use qbank_proto::endpoint::ListAccounts;
use qbank_proto::{Authenticate, Call, Credentials, ErrorKind};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::drive::{JITTER, assert_hidden, drive, retries, session};

const SECRET: &str = "correct-horse-battery-staple";
const STATUSES: [u16; 8] = [200, 200, 200, 201, 400, 401, 429, 503];

/// A token is taken only from a good answer that holds one, exactly as it stands
/// there; everything else is a typed error that repeats no secret.
pub fn token_answer(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    let mut token = Response::new(Bytes::copy_from_slice(body));
    *token.status_mut() = status.try_into().unwrap();

    let session = session(Credentials::client("client-7", SECRET));
    let mut authenticate = Authenticate::new(&session, &retries(0), JITTER);
    let (outcome, sent) = drive(&mut authenticate, |_| Ok(token.clone()));
    assert!((1..=3).contains(&sent.len()), "{} token requests", sent.len());
    for one in &sent {
        assert!(one.request.uri().path().ends_with("/token"));
    }
    let info = match outcome {
        Ok(info) => info,
        Err(error) => {
            assert!(error.response().is_none(), "the answer of a token endpoint is kept");
            let again = matches!(
                error.kind(),
                ErrorKind::UnexpectedResponse
                    | ErrorKind::RateLimited
                    | ErrorKind::Unavailable
                    | ErrorKind::DeadlineExceeded
            );
            assert_eq!(error.kind() == ErrorKind::Unauthenticated, !again, "{error:?}");
            assert_hidden(SECRET, &format!("{error} {error:?} {:?}", error.problem()));
            return;
        }
    };
    assert!(status < 300, "a token out of a {status}");
    // Member by member: what nobody needs may be of no use.
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // A lone surrogate in a name is read as U+FFFD, which serde_json does not do.
    let Ok(json) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(json) else {
        assert!(json.windows(3).any(|it| it.eq_ignore_ascii_case(b"\\ud")));
        return;
    };
    assert!(json.get("error").is_none_or(|error| error.get() == "null"), "a token out of an error");
    let member = |name| {
        json.get(name).map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap_or(Value::Null))
    };
    let token_text = member("access_token").unwrap();
    let stated = token_text.as_str().unwrap();
    assert_eq!(info.token.expose(), stated);
    assert!(!stated.is_empty() && stated.bytes().all(|byte| byte.is_ascii_graphic()));
    if let Some(kind) = member("token_type").filter(|kind| !kind.is_null()) {
        assert!(kind.as_str().unwrap().eq_ignore_ascii_case("bearer"), "{kind}");
    }
    if let Some(seconds) = member("expires_in").and_then(|value| value.as_u64()) {
        assert_eq!(info.expires_in.unwrap().as_secs(), seconds);
    }
    assert_eq!(format!("{:?}", info.token), "AccessToken([secret])");

    // The next call sends it, and asks for another only if this one is gone.
    let call = &mut Call::new(&session, ListAccounts, retries(0), JITTER);
    let (accounts, sent) = drive(call, |request| {
        let asks = request.uri().path().ends_with("/token");
        Ok(if asks { token.clone() } else { Response::new(Bytes::from_static(b"[]")) })
    });
    assert_eq!(accounts.unwrap().value, []);
    assert!(sent.len() <= 2, "an expired token goes in circles");
    let bearer = &sent.last().unwrap().request.headers()["authorization"];
    assert_eq!(bearer.to_str().unwrap(), format!("Bearer {stated}"));
}
