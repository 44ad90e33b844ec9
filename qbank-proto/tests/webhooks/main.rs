//! Webhooks: published vectors, every spelling of a signature, and forgeries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use qbank_proto::webhook::{Delivery, Verifier, VerifyError};
use sha2::Sha256;

mod events;
mod standard;
mod vectors;

const BODY: &[u8] = br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","event_type":"payment.status.update","resource_type":"payment","data":{"paymentId":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","type":"ACH","amount":12.30,"status":"P_COMPLETED"}}"#;
const SECRET: &str = "whs-3c9d5a";
const NOON: Duration = Duration::from_secs(1_767_614_400);

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn signed(body: &[u8]) -> [u8; 32] {
    mac(SECRET.as_bytes(), &[body])
}

fn delivery<'a>(body: &'a [u8], signature: &'a str) -> Delivery<'a> {
    Delivery { body, signature: signature.into(), event_id: None, timestamp: None }
}

fn verify(signature: &str) -> Result<(), VerifyError> {
    let verifier = Verifier::new([SECRET]).unwrap();
    verifier.verify(&delivery(BODY, signature), Duration::ZERO)
}

/// Every way to write a tag of any length.
fn spellings(tag: &[u8]) -> Vec<String> {
    let lower = hex(tag);
    let mixed = lower
        .char_indices()
        .map(|(at, digit)| if at % 2 == 0 { digit.to_ascii_uppercase() } else { digit });
    vec![
        mixed.collect(),
        lower.to_uppercase(),
        format!("sha256={lower}"),
        format!("sha256={}", lower.to_uppercase()),
        lower,
        STANDARD.encode(tag),
        STANDARD_NO_PAD.encode(tag),
        URL_SAFE.encode(tag),
        URL_SAFE_NO_PAD.encode(tag),
    ]
}

#[test]
fn every_spelling_of_a_genuine_tag_is_accepted() {
    for signature in spellings(&signed(BODY)) {
        assert_eq!(verify(&signature), Ok(()), "{signature}");
        assert_eq!(verify(&format!(" {signature}\t")), Ok(()));
    }
}

#[test]
fn any_other_byte_anywhere_is_a_forgery() {
    let verifier = Verifier::new([SECRET]).unwrap();
    let genuine = hex(&signed(BODY));
    for at in 0..BODY.len() {
        let mut altered = BODY.to_vec();
        altered[at] ^= 1;
        let outcome = verifier.verify(&delivery(&altered, &genuine), Duration::ZERO);
        assert_eq!(outcome, Err(VerifyError::Mismatch));
    }
    for bit in 0..256 {
        let mut tag = signed(BODY);
        tag[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&hex(&tag)), Err(VerifyError::Mismatch));
    }
    let another = Verifier::new(["whs-3c9d5b"]).unwrap();
    assert_eq!(
        another.verify(&delivery(BODY, &genuine), Duration::ZERO),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn several_signatures_are_tried_up_to_eight() {
    let genuine = hex(&signed(BODY));
    let forged = "0".repeat(64);
    for separator in [",", " ", ", ", " , ", "\t"] {
        let seven = [forged.as_str(); 7].join(separator);
        assert_eq!(verify(&format!("{seven}{separator}{genuine}")), Ok(()));
        assert_eq!(verify(&format!("{genuine}{separator}{seven}")), Ok(()));
        assert_eq!(verify(&seven), Err(VerifyError::Mismatch));
        assert_eq!(
            verify(&format!("{genuine}{separator}{seven}{separator}{forged}")),
            Err(VerifyError::TooMany)
        );
    }
    assert_eq!(verify(&format!("garbage,{genuine}")), Ok(()));
}

#[test]
fn a_rotated_secret_is_accepted_beside_the_new_one() {
    let verifier = Verifier::new(["brand-new", SECRET]).unwrap();
    for key in ["brand-new", SECRET] {
        let tag = hex(&mac(key.as_bytes(), &[BODY]));
        assert_eq!(verifier.verify(&delivery(BODY, &tag), Duration::ZERO), Ok(()));
    }
    let tag = hex(&mac(b"older", &[BODY]));
    assert_eq!(verifier.verify(&delivery(BODY, &tag), Duration::ZERO), Err(VerifyError::Mismatch));
}

#[test]
fn what_is_no_tag_is_malformed_and_nothing_is_missing() {
    let genuine = hex(&signed(BODY));
    for signature in [
        "x".to_owned(),
        "sha256=".to_owned(),
        format!("sha512={genuine}"),
        format!("sha1={genuine}"),
        genuine[1..].to_owned(),
        format!("{genuine}0"),
        format!("{}g", &genuine[1..]),
        format!("sha256=sha256={genuine}"),
        format!("sha256={}", STANDARD.encode(signed(BODY))),
        format!("{}=", STANDARD.encode(signed(BODY))),
        STANDARD.encode(&signed(BODY)[..31]),
        STANDARD.encode([0; 33]),
        "é".repeat(32),
    ] {
        assert_eq!(verify(&signature), Err(VerifyError::Malformed), "{signature}");
    }
    for signature in ["", " ", "\t \t"] {
        assert_eq!(verify(signature), Err(VerifyError::Missing));
    }
    for signature in [",", ", ,"] {
        assert!(verify(signature).is_err());
    }
}

#[test]
fn a_timestamped_header_is_refused_by_name() {
    let tag = hex(&signed(BODY));
    let plain = STANDARD.encode(signed(BODY));
    for signature in [
        format!("t=1767614400,v1={tag}"),
        format!("t=1767614400, v1={tag}"),
        format!("v1,{plain}"),
        format!("v1,{plain} v1,{plain}"),
        format!("v1a,{plain}"),
        format!("v1={tag}"),
        format!("{tag},t=1"),
    ] {
        assert_eq!(verify(&signature), Err(VerifyError::Timestamped), "{signature}");
    }
    assert!(VerifyError::Timestamped.to_string().contains("Standard Webhooks"));
}

#[test]
fn no_secret_or_an_empty_one_verifies_nothing() {
    assert_eq!(Verifier::new(Vec::<String>::new()).unwrap_err(), VerifyError::BadSecret);
    assert_eq!(Verifier::new([""]).unwrap_err(), VerifyError::BadSecret);
    assert_eq!(Verifier::new([SECRET, ""]).unwrap_err(), VerifyError::BadSecret);
    assert_eq!(Verifier::from_keys([[0_u8; 0]]).unwrap_err(), VerifyError::BadSecret);
}

#[test]
fn a_delivery_is_taken_from_its_headers() {
    let mut headers = HeaderMap::new();
    assert_eq!(Delivery::new(&headers, BODY).unwrap_err(), VerifyError::Missing);
    let tag = hex(&signed(BODY));
    headers.append("Webhook-Signature", tag.parse().unwrap());
    headers.append("Webhook-Event-ID", "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap());
    let delivery = Delivery::new(&headers, BODY).unwrap();
    assert!(delivery.event_id.is_some() && delivery.timestamp.is_none());
    let verifier = Verifier::new([SECRET]).unwrap();
    assert_eq!(verifier.verify(&delivery, NOON), Ok(()));
    headers.append("Webhook-Event-ID", "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap());
    assert_eq!(Delivery::new(&headers, BODY).unwrap_err(), VerifyError::Malformed);
}

#[test]
fn two_signature_headers_are_one_list() {
    let verifier = Verifier::new([SECRET]).unwrap();
    let verify = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("webhook-signature", value.parse().unwrap());
        }
        verifier.verify(&Delivery::new(&headers, BODY)?, NOON)
    };
    let (tag, forged) = (hex(&signed(BODY)), "0".repeat(64));
    assert_eq!(verify(&[&forged, &tag]), Ok(()));
    assert_eq!(verify(&[&tag, &forged]), Ok(()));
    assert_eq!(verify(&["", &tag]), Ok(()));
    assert_eq!(verify(&[&forged, &forged]), Err(VerifyError::Mismatch));
    assert_eq!(verify(&["", " "]), Err(VerifyError::Missing));
    assert_eq!(verify(&["v1,abc", &tag]), Err(VerifyError::Timestamped));
    let five = [tag.as_str(); 5].join(",");
    assert_eq!(verify(&[&five, &five]), Err(VerifyError::TooMany));
    let mut headers = HeaderMap::new();
    headers.append("webhook-signature", tag.parse().unwrap());
    headers.append("webhook-signature", http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(Delivery::new(&headers, BODY).unwrap_err(), VerifyError::Malformed);
}

#[test]
fn a_verifier_does_not_show_its_secrets() {
    let verifier = Verifier::new([SECRET, "another-secret"]).unwrap();
    let shown = format!("{verifier:?} {verifier:#?}");
    assert!(!shown.contains("whs-") && !shown.contains("another"), "{shown}");
}
