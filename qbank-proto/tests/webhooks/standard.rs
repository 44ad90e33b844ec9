//! The Standard Webhooks scheme, an explicit opt-in.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qbank_proto::webhook::{Delivery, Verifier, VerifyError};

use crate::{BODY, NOON, delivery, mac};

fn standard(timestamp: u64, now: u64, tolerance: u64) -> Result<(), VerifyError> {
    let key = b"a key of 24 bytes or so.";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let verifier = Verifier::standard([secret], Duration::from_secs(tolerance)).unwrap();
    let timestamp = timestamp.to_string();
    let tag = mac(key, &[b"msg_1", b".", timestamp.as_bytes(), b".", BODY]);
    let signature = format!("v2,xx v1,{}", STANDARD.encode(tag));
    let delivery = Delivery {
        body: BODY,
        signature: (&signature).into(),
        event_id: Some("msg_1"),
        timestamp: Some(&timestamp),
    };
    verifier.verify(&delivery, Duration::from_secs(now))
}

#[test]
fn the_standard_scheme_has_a_tolerance_on_both_sides() {
    let now = NOON.as_secs();
    for (timestamp, expected) in [
        (now, Ok(())),
        (now - 300, Ok(())),
        (now + 300, Ok(())),
        (now - 301, Err(VerifyError::Stale)),
        (now + 301, Err(VerifyError::Stale)),
        (0, Err(VerifyError::Stale)),
        (u64::MAX, Err(VerifyError::Stale)),
    ] {
        assert_eq!(standard(timestamp, now, 300), expected, "{timestamp}");
    }
}

#[test]
fn the_standard_scheme_needs_its_headers_and_its_secret() {
    let tolerance = Duration::from_secs(300);
    for secret in ["", "plain", "whsec_", "whsec_***", "WHSEC_YWJj"] {
        assert_eq!(Verifier::standard([secret], tolerance).unwrap_err(), VerifyError::BadSecret);
    }
    let verifier = Verifier::standard(["whsec_YWJj"], tolerance).unwrap();
    let bare = delivery(BODY, "v1,x");
    assert_eq!(verifier.verify(&bare, NOON), Err(VerifyError::NoIdOrTimestamp));
    for odd in ["", "noon", "-1", "1.5", "+1", "99999999999999999999999"] {
        let delivery = Delivery { event_id: Some("m"), timestamp: Some(odd), ..bare };
        assert_eq!(verifier.verify(&delivery, NOON), Err(VerifyError::Malformed), "{odd}");
    }
}
