//! A bank and a transport that repeat every secret they got: none shows.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking, and uses a part of the bed"
)]

mod bed;

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use qbank_proto::endpoint::{Beneficiary, CreateAch, RawWrite, Recipient};
use qbank_proto::{
    AccessToken, Authenticate, CallOptions, ClientAuth, Credentials, Error, FaultKind,
    IdempotencyKey, Machine, Resume, Secret, Step, WaitForPayment, WriteOptions,
};
use tracing_subscriber::fmt::format::FmtSpan;

use bed::*;

const TOKEN: &str = "eyJhbGciOiJub25lIn0.x7Qm-9f8e7d6c5b4a";

/// What all secrets look like when a bank repeats them.
fn echo() -> String {
    format!("{CLIENT_SECRET} Bearer {TOKEN} {ACCOUNT_NUMBER}")
}

/// An error in every format at once, with a secret in every member.
fn blabs(status: u16) -> Act {
    let echo = echo();
    says(status)
        .header("location", &format!("https://evil.example/{TOKEN}"))
        .header("www-authenticate", &echo)
        .json(&format!(
            r#"{{"message":"m {echo}","error_code":"E {echo}","type":"t {echo}","title":"T {echo}","detail":"d {echo}","instance":"{echo}","transaction_id":"{ACCOUNT_NUMBER}"}}"#
        ))
}

fn key_conflict() -> Act {
    says(409).json(&format!(
        r#"{{"type":"x/idempotency-conflict","title":"{e}","detail":"{e}","transaction_id":"{PAYMENT}"}}"#,
        e = echo()
    ))
}

fn acts() -> Vec<Act> {
    let mut acts: Vec<_> =
        [400, 401, 403, 404, 408, 409, 418, 422, 425, 429, 500, 503, 302, 101].map(blabs).into();
    acts.push(key_conflict());
    acts.push(says(202).body(format!("<html>{}", echo())));
    acts.push(says(202).json(&format!(r#"{{"paymentId":"{TOKEN}","#)));
    for kind in [FaultKind::Tls, FaultKind::Certificate, FaultKind::Protocol, FaultKind::Other] {
        acts.push(breaks(kind).text(&echo()));
        acts.push(breaks_unsent(kind).text(&echo()));
        acts.push(cut_off(blabs(503), kind).text(&echo()));
        acts.push(cut_off(says(202), kind).text(&echo()));
    }
    acts
}

/// Everything an error shows.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {}", error.advice());
    write!(text, " {:?} {:?}", error.problem(), error.attempts()).unwrap();
    let mut next = error.source();
    while let Some(source) = next {
        write!(text, " {source} {source:?} {source:#?}").unwrap();
        next = source.source();
    }
    text
}

/// Not even eight characters of a secret, plain, as hex or as a list of bytes.
#[track_caller]
fn clean(text: &str) {
    for secret in [CLIENT_SECRET, TOKEN, ACCOUNT_NUMBER] {
        for window in secret.as_bytes().windows(8) {
            let plain = std::str::from_utf8(window).unwrap();
            assert!(!text.contains(plain), "{plain} shows in {text}");
            let mut hex = String::new();
            for byte in window {
                write!(hex, "{byte:02x}").unwrap();
            }
            assert!(!text.to_lowercase().contains(&hex), "{plain} shows as hex in {text}");
            let list = format!("{window:?}");
            let list = list.trim_matches(['[', ']']);
            assert!(!text.contains(list), "{plain} shows as bytes in {text}");
        }
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs with all tracing captured, and expects it to be clean.
fn traced(run: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    clean(&text);
    text
}

fn ach_to_recipient() -> CreateAch {
    let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), ACCOUNT_NUMBER);
    CreateAch::new(FROM.parse().unwrap(), recipient, "1".parse().unwrap())
}

fn bed() -> Bed {
    Bed::new().tokens([good_token(TOKEN), good_token(TOKEN), good_token(TOKEN)])
}

#[test]
fn nothing_that_the_bank_or_the_transport_repeats_shows_in_an_error() {
    let log = traced(|| {
        for act in acts() {
            let error = bed().always(act.clone()).send(wire()).unwrap_err();
            clean(&shown(&error));
            if let Err(error) = bed().always(act).send(ach_to_recipient()) {
                clean(&shown(&error));
            }
        }
    });
    assert!(log.contains("qbank.call") && log.contains("will resend"), "it was captured");
}

#[test]
fn nothing_that_the_token_endpoint_repeats_shows_in_an_error() {
    traced(|| {
        let echo = echo();
        let oauth = format!(r#"{{"error":"{echo}","error_description":"{echo}"}}"#);
        for act in [
            says(400).json(&oauth),
            says(401).json(&oauth),
            says(503).json(&oauth),
            blabs(500),
            says(200).body(format!("<html>{echo}")),
            says(200).json(&format!(r#"{{"access_token":"{TOKEN}\n","token_type":"Bearer"}}"#)),
            says(200)
                .json(&format!(r#"{{"access_token":"{TOKEN}","token_type":"{CLIENT_SECRET}"}}"#)),
            breaks(FaultKind::Other).text(CLIENT_SECRET),
            cut_off(says(200), FaultKind::Other).text(CLIENT_SECRET),
        ] {
            let mut bed = Bed::new();
            bed.tokens.extend([act.clone(), act.clone(), act]);
            // The bed knows no other token than the one it gives; the endpoint's
            // errors may only repeat what they were sent.
            let error = bed.send(accounts()).unwrap_err();
            let text = shown(&error);
            assert!(!text.contains("correct-"), "{text}");
        }
    });
}

#[test]
fn nothing_shows_while_a_conflict_is_followed() {
    traced(|| {
        for act in acts() {
            let mut bed = bed().bank([reset(), key_conflict()]).always(act);
            clean(&shown(&bed.send(wire()).unwrap_err()));
        }
    });
}

#[test]
fn nothing_shows_with_a_ready_made_token_of_the_session_or_of_the_call() {
    traced(|| {
        let token = || AccessToken::new(TOKEN).unwrap();
        for act in acts() {
            let mut bed = Bed::with(|config| config.credentials = Credentials::Token(token()));
            bed.always = Some(act.clone());
            let error = bed.send_with(wire(), retries(1)).unwrap_err();
            assert!(!shown(&error).contains("eyJhbGci"), "{}", shown(&error));
            let mut bed = Bed::new().always(act);
            let options = with(|options| options.token = Some(token()));
            clean(&shown(&bed.send_with(wire(), options).unwrap_err()));
        }
    });
}

#[test]
fn nothing_shows_of_the_token_of_the_attempt_before() {
    traced(|| {
        let mut bed = Bed::new().tokens([good_token(TOKEN)]).bank([refuses(401), blabs(400)]);
        let error = bed.send(wire()).unwrap_err();
        assert_eq!(bed.sent[1].header("authorization"), Some("Bearer token-2"));
        clean(&shown(&error));
    });
}

#[test]
fn nothing_shows_while_a_payment_is_waited_for() {
    traced(|| {
        let echo = format!("{CLIENT_SECRET} {TOKEN}");
        for act in [
            refuses(403),
            says(403).json(&format!(r#"{{"message":"{echo}"}}"#)),
            reset().text(&echo),
        ] {
            let mut bed = bed().always(act);
            let jitter = 1;
            let machine =
                WaitForPayment::new(&bed.session, payment_id(), options().of_call(), jitter);
            clean(&shown(&bed.drive(machine).unwrap_err()));
        }
    });
}

fn debugs(value: &impl Debug) {
    clean(&format!("{value:?} {value:#?}"));
}

#[test]
fn no_public_type_shows_a_secret() {
    for client_auth in [ClientAuth::Body, ClientAuth::Basic] {
        let mut bed = Bed::with(|config| config.client_auth = client_auth);
        debugs(&bed.session);
        debugs(bed.session.config());
        debugs(&bed.session.config().credentials);
        let mut call = bed.call(wire(), options());
        debugs(&call);
        // The token request, and then the write itself.
        let step = call.poll(bed.now, Waker::noop());
        debugs(&step);
        let Step::Send(exchange) = step else { panic!("asks for a token") };
        debugs(&exchange);
        call.settle(bed.now, exchange.ticket, good_token(TOKEN).result().unwrap());
        let step = call.poll(bed.now, Waker::noop());
        debugs(&step);
        let Step::Send(exchange) = step else { panic!("sends") };
        debugs(&exchange);
        debugs(&exchange.request.headers());
        debugs(&call);
        let wired = wired().result().unwrap();
        call.settle(bed.now, exchange.ticket, wired);
        let Step::Done(Ok(reply)) = call.poll(bed.now, Waker::noop()) else { panic!("done") };
        debugs(&reply);
        let jitter = 1;
        let mut authenticate = Authenticate::new(&bed.session, &options().of_call(), jitter);
        debugs(&authenticate);
        let Step::Done(Ok(info)) = authenticate.poll(bed.now, Waker::noop()) else { panic!("has") };
        debugs(&info);
        debugs(&WaitForPayment::new(&bed.session, payment_id(), options().of_call(), jitter));
    }
}

#[test]
fn no_value_that_holds_a_secret_shows_it() {
    let token = AccessToken::new(TOKEN).unwrap();
    let body = format!(r#"{{"account_number":"{ACCOUNT_NUMBER}"}}"#);
    let routing = "021000021".parse().unwrap();
    debugs(&Secret::new(CLIENT_SECRET));
    debugs(&token);
    debugs(&Credentials::client("client-7", CLIENT_SECRET));
    debugs(&Credentials::Token(token.clone()));
    debugs(&Recipient::new("ACME", routing, ACCOUNT_NUMBER));
    debugs(&Beneficiary::new("ACME", routing, ACCOUNT_NUMBER));
    debugs(&wire());
    debugs(&ach_to_recipient());
    debugs(&RawWrite::new("/x", body.clone()));
    let resume = Resume::new(IdempotencyKey::from_entropy([1; 16]), ago(5)).body(body);
    debugs(&resume);
    debugs(&WriteOptions::resume(resume).call(CallOptions::new().token(token)));
}

#[test]
fn a_source_that_holds_no_secret_is_the_transports_own() {
    let mut bed = bed().always(breaks(FaultKind::Other).text("os error 104"));
    let error = bed.send(wire()).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "os error 104");
    let mut bed = bed_that_says("cannot send 004417829316 to peer");
    let error = bed.send(wire()).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "cannot send [secret] to peer");
}

fn bed_that_says(text: &str) -> Bed {
    bed().always(breaks(FaultKind::Other).text(text))
}

#[test]
fn headers_that_carry_secrets_are_marked_sensitive() {
    let mut bed = Bed::with(|config| config.client_auth = ClientAuth::Basic).bank([wired()]);
    bed.send(wire()).unwrap();
    for sent in [&bed.sent[0], &bed.token_requests[0]] {
        assert!(sent.headers["authorization"].is_sensitive());
    }
}

#[test]
fn a_number_is_hidden_however_the_bank_punctuates_it() {
    for spelled in ["0044-1782-9316", "0044 1782 9316", "00.44.17.82.93.16"] {
        let body = format!(r#"{{"message":"account {spelled} is closed","error_code":"E"}}"#);
        let error = Bed::new().bank([says(422).json(&body)]).send(wire()).unwrap_err();
        assert!(error.to_string().contains("account [secret] is closed"), "{error}");
    }
}

#[test]
fn a_text_that_an_application_shows_keeps_all_but_the_secrets() {
    let mut bed = bed().always(accepted());
    let text = || format!("the bank wrote {CLIENT_SECRET} and {TOKEN}.");
    let before = format!("the bank wrote [secret] and {TOKEN}.");
    assert_eq!(bed.session.redact(text()), before, "there is no token yet");
    bed.send(ach()).unwrap();
    assert_eq!(bed.session.redact(text()), "the bank wrote [secret] and [secret].");
    assert_eq!(bed.session.redact("nothing secret".to_owned()), "nothing secret");
}

#[test]
fn what_else_was_sent_is_hidden_if_the_bank_repeats_it() {
    let echo = r#"{"message":"no IBAN DE89370400440532013000, no 4417998877665","error_code":"E"}"#;
    let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), ACCOUNT_NUMBER)
        .with_member("iban", r#"["DE89370400440532013000", 4417998877665]"#)
        .unwrap();
    debugs(&recipient);
    assert!(!format!("{recipient:?}").contains("DE8937"), "{recipient:?}");
    let payment = CreateAch::new(FROM.parse().unwrap(), recipient, "1".parse().unwrap());
    let body = r#"{"to":{"iban":"DE89370400440532013000","old":4417998877665}}"#;
    for error in [
        Bed::new().bank([says(422).json(echo)]).send(payment).unwrap_err(),
        Bed::new().bank([says(422).json(echo)]).send(RawWrite::new("/x", body)).unwrap_err(),
    ] {
        assert!(error.to_string().contains("no IBAN [secret], no [secret]"), "{error}");
    }
}
