//! `webhooks verify`: exit 0 only if the signature is genuine.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use program::document::assert_members;
use program::{ACH, Bank, Ended, Program, file};
use serde_json::Value;
use sha2::Sha256;

const SECRET: &str = "a-webhook-secret-of-ours";
const EVENT: &str = r#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10",
    "event_type":"paymentStatusUpdate","resource_type":"payment","data":{
    "payment_id":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","type":"ACH","amount":1000.5,
    "status":"P_COMPLETED"}}"#;

fn tag(secret: &[u8], body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn hex(tag: &[u8]) -> String {
    use std::fmt::Write as _;
    tag.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn signed(body: &str) -> String {
    hex(&tag(SECRET.as_bytes(), body.as_bytes()))
}

fn verify(signature: &str, body: &str) -> Program {
    Program::new("webhooks verify --signature")
        .arg(signature)
        .env("QBANK_WEBHOOK_SECRET", SECRET)
        .stdin(body)
}

#[track_caller]
fn forged(ended: &Ended) -> String {
    let error = ended.error(3);
    assert_eq!(error["kind"], "invalid_signature");
    assert_eq!(error["fate"], "not_applicable");
    error["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn genuine_in_every_spelling() {
    let tag = tag(SECRET.as_bytes(), EVENT.as_bytes());
    for signature in [
        hex(&tag),
        hex(&tag).to_uppercase(),
        format!("sha256={}", hex(&tag)),
        BASE64_STANDARD.encode(&tag),
        BASE64_URL_SAFE_NO_PAD.encode(&tag),
        format!("{}, {}", hex(&[7; 32]), hex(&tag)),
    ] {
        let ended = verify(&signature, EVENT).run();
        let document = ended.ok();
        assert_members(&document, &["verified", "event"]);
        assert_eq!(document["verified"], true);
        let event = &document["event"];
        assert_members(event, &["event_id", "event_type", "resource_type", "data"]);
        assert_eq!(event["event_type"], "payment.status.update");
        assert_members(&event["data"], &["paymentId", "type", "amount", "status"]);
        assert!(ended.stdout.contains(r#""amount":1000.50,"#));
    }
}

#[test]
fn what_the_sandbox_signs_is_genuine() {
    let bank = Bank::start();
    bank.qbank(ACH).run().ok();
    let event = {
        let handle = bank.server().bank();
        let mut bank = handle.lock();
        let id = bank.entries()[0].payment_id;
        id.and_then(|id| bank.event_for(id)).unwrap()
    };
    let header = |name: &str| event.headers[name].to_str().unwrap_or_default().to_owned();
    let verify = || {
        bank.qbank("webhooks verify --signature")
            .arg(header("webhook-signature"))
            .arg("--event-id")
            .arg(header("webhook-event-id"))
            .env("QBANK_WEBHOOK_SECRET", qbank_sandbox::WEBHOOK_SECRET)
    };
    let document = verify().stdin(event.body.to_vec()).run().ok();
    assert_eq!(document["event"]["event_id"], event.event_id.to_string());
    // One byte more is another body: not even a newline may be added.
    let mut more = event.body.to_vec();
    more.push(b'\n');
    forged(&verify().stdin(more).run());
}

#[test]
fn while_a_secret_is_rotated() {
    for secrets in [
        format!("new-secret-of-ours\n{SECRET}"),
        format!("{SECRET}\r\nnew-secret-of-ours\n"),
        format!("\n\n{SECRET}\n"),
    ] {
        let program = verify(&signed(EVENT), EVENT).env("QBANK_WEBHOOK_SECRET", secrets);
        assert_eq!(program.run().ok()["verified"], true);
    }
    let other = verify(&signed(EVENT), EVENT).env("QBANK_WEBHOOK_SECRET", "new-secret-of-ours");
    forged(&other.run());
}

#[test]
fn forged_or_unreadable() {
    let genuine = signed(EVENT);
    forged(&verify(&genuine, &EVENT.replace("1000.5", "9000.5")).run());
    forged(&verify(&hex(&[0; 32]), EVENT).run());
    for bad in ["", " ", "nonsense", &genuine[..62], "-", "--"] {
        forged(&verify(bad, EVENT).run());
    }
    let many = [genuine.as_str(); 9].join(",");
    assert!(forged(&verify(&many, EVENT).run()).contains('8'));
    let message = forged(&verify(&format!("t=1700000000,v1={genuine}"), EVENT).run());
    assert!(message.contains("timestamp"), "{message}");
}

#[test]
fn genuine_but_no_event_of_ours() {
    for body in ["", "{}", "not json", "[1]", r#"{"event_id":"x"}"#] {
        let document = verify(&signed(body), body).run().ok();
        assert_eq!(document["verified"], true, "{body}");
        assert_eq!(document["event"], Value::Null, "{body}");
    }
    let text = verify(&signed(""), "").args("--output table").run();
    assert!(text.stdout.contains("genuine"), "{text:?}");
}

#[test]
fn a_file_or_standard_input() {
    let (_folder, path) = file(EVENT);
    let from_file = verify(&signed(EVENT), "").arg(&path).run().ok();
    assert_eq!(from_file["verified"], true);
    let from_stdin = verify(&signed(EVENT), EVENT).arg("-").run().ok();
    assert_eq!(from_stdin, from_file);
    forged(&verify(&signed(EVENT), EVENT.trim_end_matches('}')).arg("-").run());
    let error = verify(&signed(EVENT), "").arg("/no/such/file").run().error(2);
    assert_eq!(error["kind"], "invalid_input");
    assert_eq!(error["fate"], "not_applicable");
    let table = verify(&signed(EVENT), EVENT).args("--output table").run();
    assert!(table.stdout.starts_with("genuine\n"), "{table:?}");
}

#[test]
fn without_a_secret() {
    for secret in ["", "\n", " \n "] {
        let program = verify(&signed(EVENT), EVENT).env("QBANK_WEBHOOK_SECRET", secret);
        let error = program.run().error(2);
        assert_eq!(error["kind"], "invalid_input");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("QBANK_WEBHOOK_SECRET"), "{message}");
    }
    let program = verify(&signed(EVENT), EVENT).without("QBANK_WEBHOOK_SECRET");
    assert_eq!(program.run().error(2)["fate"], "not_applicable");
    let unsigned = Program::new("webhooks verify").stdin(EVENT).run().error(2);
    let message = unsigned["message"].as_str().unwrap_or_default();
    assert!(message.contains("--signature"), "{message}");
}

#[test]
fn the_standard_scheme() {
    let key = b"thirty-two bytes of key, or so..";
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(key));
    let id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
    let now = program::unix_now().as_secs();
    let verify_at = |time: u64| {
        let content = format!("{id}.{time}.{EVENT}");
        let tag = BASE64_STANDARD.encode(tag(key, content.as_bytes()));
        verify(&format!("v1,{tag}"), EVENT)
            .env("QBANK_WEBHOOK_SECRET", &secret)
            .args("--scheme standard --event-id")
            .arg(id)
    };
    let at = |time: u64| verify_at(time).args("--timestamp").arg(time.to_string());
    assert_eq!(at(now).run().ok()["verified"], true);
    for stale in [now - 600, now + 600, 0] {
        assert!(forged(&at(stale).run()).contains("timestamp"));
    }
    forged(&verify_at(now).args("--timestamp").arg((now + 1).to_string()).run());
    forged(&verify_at(now).run());
    // A plain secret cannot be meant for this scheme.
    let plain = at(now).env("QBANK_WEBHOOK_SECRET", SECRET).run().error(2);
    assert_eq!(plain["kind"], "invalid_input");
}
