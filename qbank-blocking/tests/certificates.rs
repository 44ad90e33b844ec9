//! Root certificates that cannot be used are refused when they are given, not
//! when the first payment fails over them.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use qbank_blocking::{ErrorKind, Fate, Ureq};
use qbank_conformance::{Script, Server, Tls};

fn good_pem() -> String {
    let script = Script { tls: Some(Tls::Good), ..Script::default() };
    let server = Server::start(&script).unwrap();
    server.target().ca_pem.clone().unwrap()
}

fn pem(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

#[test]
fn a_pem_without_a_usable_certificate_is_refused_by_name() {
    let good = good_pem();
    let cut = good.split_at(good.len() / 2).0;
    let cases = [
        ("nothing", String::new()),
        ("garbage", "garbage".to_owned()),
        ("bytes", "\u{0}\u{1}\u{fffd}".to_owned()),
        ("another label", pem("PUBLIC KEY", "aGVsbG8=")),
        ("no base64", pem("CERTIFICATE", "!!!!")),
        ("cut off", cut.to_owned()),
        ("no certificate inside", pem("CERTIFICATE", "aGVsbG8=")),
        ("an empty certificate", pem("CERTIFICATE", "")),
        ("a good one and garbage", good.clone() + &pem("CERTIFICATE", "aGVsbG8=")),
    ];
    for (what, pem) in cases {
        let refused = Ureq::builder().root_certificates(pem.as_bytes());
        let Err(error) = refused else {
            panic!("{what}: taken for a root certificate");
        };
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{what}");
        assert_eq!(error.fate(), Fate::NeverSent, "{what}");
        assert!(error.to_string().starts_with("root certificates "), "{what}: {error}");
    }
}

#[test]
fn one_or_more_certificates_are_taken_with_what_stands_around_them() {
    let good = good_pem();
    let bundle = format!("# our own\n{good}\n{}{good}", pem("X509 CRL", "aGVsbG8="));
    for pem in [&good, &bundle] {
        let builder = Ureq::builder().root_certificates(pem.as_bytes()).unwrap();
        let _ = builder.root_certificates(good.as_bytes()).unwrap().build();
    }
}
