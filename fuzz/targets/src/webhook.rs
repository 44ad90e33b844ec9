//! Deliveries: genuine ones, altered ones, and anything else.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use qbank_proto::webhook::{Delivery, Event, Verifier, VerifyError};
use sha2::Sha256;

#[derive(Debug, Arbitrary)]
struct Case<'a> {
    secrets: Vec<&'a str>,
    signer: usize,
    encoding: u8,
    /// Signatures that stand before and after the genuine one.
    before: Vec<Noise>,
    after: Vec<Noise>,
    commas: bool,
    harm: Harm,
    headers: Vec<(Name, &'a [u8])>,
    unix: u64,
    tolerance: u32,
    body: &'a [u8],
}

/// Well-formed, and somebody else's.
#[derive(Debug, Arbitrary)]
struct Noise([u8; 32], u8);

#[derive(Debug, Arbitrary)]
enum Harm {
    Body { at: usize, bit: u8 },
    Longer(u8),
    Shorter,
    Tag { at: usize, bit: u8 },
    Secret,
}

#[derive(Debug, Arbitrary)]
enum Name {
    Signature,
    EventId,
    Id,
    Timestamp,
    Other,
}

/// A genuine delivery verifies in every spelling of its tag; with one bit
/// altered anywhere it does not; no headers and no body make a panic.
pub fn webhook(input: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(input)) else { return };
    anything(&case);
    let Some(secret) = case.secrets.get(case.signer % case.secrets.len().max(1)) else { return };
    let Ok(verifier) = Verifier::new(&case.secrets) else {
        assert!(case.secrets.iter().any(|secret| secret.is_empty()), "a secret was not taken");
        return;
    };
    hmac(&case, secret, &verifier);
    standard(&case, secret);
}

/// Headers and bodies that nobody signed.
fn anything(case: &Case<'_>) {
    let mut headers = HeaderMap::new();
    for (name, value) in &case.headers {
        let name = match name {
            Name::Signature => "webhook-signature",
            Name::EventId => "webhook-event-id",
            Name::Id => "webhook-id",
            Name::Timestamp => "webhook-timestamp",
            Name::Other => "content-type",
        };
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        headers.append(HeaderName::from_static(name), value);
    }
    let tolerance = Duration::from_secs(case.tolerance.into());
    let verifiers = [
        Verifier::new(["a secret that signs nothing here"]).unwrap(),
        Verifier::standard(["whsec_c2lnbnMgbm90aGluZyBoZXJl"], tolerance).unwrap(),
    ];
    if let Ok(delivery) = Delivery::new(&headers, case.body) {
        for verifier in verifiers {
            verifier.verify(&delivery, Duration::from_secs(case.unix)).unwrap_err();
        }
    }
    if let Ok(event) = Event::parse(case.body) {
        let written = serde_json::to_vec(&event).unwrap();
        assert_eq!(Event::parse(&written).unwrap(), event);
    }
}

fn hmac(case: &Case<'_>, secret: &str, verifier: &Verifier) {
    let tag = tag_of(secret.as_bytes(), &[case.body]);
    let others = case.before.iter().take(3).map(Noise::text);
    let mut candidates: Vec<String> = others.collect();
    candidates.push(spelled(&tag, case.encoding));
    candidates.extend(case.after.iter().take(4).map(Noise::text));
    let signature = candidates.join(if case.commas { "," } else { " " });
    let delivery = Delivery {
        body: case.body,
        signature: (&signature).into(),
        event_id: None,
        timestamp: None,
    };
    assert_eq!(verifier.verify(&delivery, Duration::ZERO), Ok(()), "{signature}");

    // Nine are too many, even with a genuine one among them.
    let nine = [&signature[..], " "].concat() + &vec![Noise([0; 32], 0).text(); 8].join(" ");
    let crowded = Delivery { signature: (&nine).into(), ..delivery };
    assert_eq!(verifier.verify(&crowded, Duration::ZERO), Err(VerifyError::TooMany));

    let (body, tag) = case.harm.done(case.body, tag);
    let signature = spelled(&tag, case.encoding);
    let altered = Delivery { body: &body, signature: (&signature).into(), ..delivery };
    let verifier = match case.harm {
        // A key of up to a block is padded with zeros: a dot makes it another.
        Harm::Secret => Verifier::new([format!("{secret}.")]).unwrap(),
        _ => verifier.clone(),
    };
    assert_eq!(verifier.verify(&altered, Duration::ZERO), Err(VerifyError::Mismatch));
}

/// The Standard Webhooks scheme: id, timestamp and body are signed.
fn standard(case: &Case<'_>, secret: &str) {
    let tolerance = Duration::from_secs(case.tolerance.into());
    let encoded = format!("whsec_{}", STANDARD.encode(secret));
    let verifier = Verifier::standard([&encoded], tolerance).unwrap();
    let (id, timestamp) = ("msg_1", case.unix.to_string());
    let signed = |id: &str, timestamp: &str, body: &[u8]| {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(tag_of(secret.as_bytes(), &parts)))
    };
    let signature = signed(id, &timestamp, case.body);
    let delivery = Delivery {
        body: case.body,
        signature: (&signature).into(),
        event_id: Some(id),
        timestamp: Some(&timestamp),
    };
    let sent = Duration::from_secs(case.unix);
    assert_eq!(verifier.verify(&delivery, sent), Ok(()));
    if let Some(late) = sent.checked_add(tolerance + Duration::from_secs(1)) {
        assert_eq!(verifier.verify(&delivery, late), Err(VerifyError::Stale));
    }
    let (body, _) = Harm::Longer(7).done(case.body, [0; 32]);
    for altered in [
        Delivery { event_id: Some("msg_2"), ..delivery },
        Delivery { body: &body, ..delivery },
        Delivery {
            signature: (&signed(id, "1", case.body)).into(),
            timestamp: Some("2"),
            ..delivery
        },
    ] {
        verifier.verify(&altered, sent).unwrap_err();
    }
}

impl Noise {
    fn text(&self) -> String {
        spelled(&self.0, self.1)
    }
}

impl Harm {
    /// Another body, another tag, or neither where the secret is another.
    fn done(&self, body: &[u8], mut tag: [u8; 32]) -> (Vec<u8>, [u8; 32]) {
        let mut body = body.to_vec();
        match self {
            Self::Body { at, bit } if !body.is_empty() => {
                let at = at % body.len();
                body[at] ^= 1 << (bit % 8);
            }
            Self::Body { .. } | Self::Longer(_) | Self::Shorter if body.is_empty() => body.push(0),
            Self::Body { .. } | Self::Secret => {}
            Self::Longer(byte) => body.push(*byte),
            Self::Shorter => drop(body.pop()),
            Self::Tag { at, bit } => tag[at % 32] ^= 1 << (bit % 8),
        }
        (body, tag)
    }
}

fn tag_of(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Every way in which a bank may write a tag.
fn spelled(tag: &[u8; 32], encoding: u8) -> String {
    let hex = tag.map(|byte| format!("{byte:02x}")).concat();
    match encoding % 7 {
        0 => hex,
        1 => hex.to_uppercase(),
        2 => format!("sha256={hex}"),
        3 => STANDARD.encode(tag),
        4 => URL_SAFE.encode(tag),
        5 => STANDARD_NO_PAD.encode(tag),
        _ => URL_SAFE_NO_PAD.encode(tag),
    }
}
