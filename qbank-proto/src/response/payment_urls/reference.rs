//! Resolution against that of iri-string, which is the law.

use iri_string::types::{UriAbsoluteStr, UriReferenceStr};
use proptest::prelude::*;

use super::*;

const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

/// What iri-string and http make of a reference.
fn oracle(text: &str, base: &Uri, request: &Uri) -> Option<PaymentId> {
    let reference = UriReferenceStr::new(text).ok()?;
    let request = request.to_string();
    let request = UriAbsoluteStr::new(request.split('?').next()?).ok()?;
    let resolved = reference.resolve_against(request).to_string();
    if resolved.contains(['#', '?']) {
        return None;
    }
    let uri: Uri = resolved.parse().ok()?;
    if !same_origin(&uri, base) {
        return None;
    }
    let prefix = base.path().trim_end_matches('/');
    let id = uri.path().strip_prefix(prefix)?.strip_prefix("/payments/")?;
    hyphenated(id).map(PaymentId::from_uuid)
}

fn agree(text: &str, base: &str, request: &str) -> Result<(), TestCaseError> {
    let (base, request): (Uri, Uri) = (base.parse().unwrap(), request.parse().unwrap());
    let ours = PaymentUrls::new(&base, &request).id_of_reference(text);
    prop_assert_eq!(ours, oracle(text, &base, &request), "{} at {}", text, request);
    Ok(())
}

/// Base URLs, each with the URLs of requests below it.
fn places() -> impl Strategy<Value = (&'static str, String)> {
    let bases = prop_oneof![
        Just("https://api.qbankconnect.com/v1"),
        Just("https://api.qbankconnect.com"),
        Just("https://api.qbankconnect.com:443/v1/"),
        Just("http://127.0.0.1:8080/v1"),
        Just("http://[::1]:8080/a/b"),
    ];
    let targets = prop_oneof![
        Just("/payments/ach".to_owned()),
        Just(format!("/payments/{ID}")),
        Just("/transactions?accountId=7".to_owned()),
        Just("/a/./b/../c/".to_owned()),
        Just(format!("/x%2e/%2E%2e/payments/{ID}")),
    ];
    (bases, targets)
        .prop_map(|(base, target)| (base, format!("{}{target}", base.trim_end_matches('/'))))
}

/// References that are nearly right, piece by piece.
fn references() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "/", "/", "/", ".", "..", "/v1", "/payments/", "payments", "v1", "a", "b", "//", ":",
            "%2e", "%2E", "%2f", "%", "%4", "@", "[", "]", "[::1]", "::1", "?", "#", "\\", " ", "é", "{",
            "https:", "HTTPS:", "http:", "//api.qbankconnect.com", "//API.qbankconnect.COM:443",
            "//127.0.0.1:8080", "//[::1]:8080", "//evil.example", "user@", ":8080", ":", ":+443",
            ":0443", "api.qbankconnect.com", "mailto:", "urn:uuid:", "+", "|", "^", "\"", "<",
        ]),
        3 => Just(ID),
    ];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

/// References that are right but for what is done to them.
fn detours() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "",
        "",
        "https://api.qbankconnect.com",
        "//api.qbankconnect.com:443",
        "http://127.0.0.1:8080",
        "//[::1]:8080",
        "//[0:0::1]:8080",
        "hTTps://API.qbankconnect.com:",
        "https://u@api.qbankconnect.com",
        "https://u:p@api.qbankconnect.com",
    ]);
    let way = prop::sample::select(vec![
        "/v1",
        "/a/b",
        "",
        "/v1/x/..",
        "/v1/./x/%2e%2E",
        "/../v1",
        "/v1/%2E",
        "..",
        ".",
        "x/../..",
        "/v1//..",
        "//v1",
        "/v1/x:y/..",
        "/x[/../v1",
        "/v1/é/..",
        "/v1/ /..",
        "/v1/%zz/..",
    ]);
    let end =
        prop::sample::select(vec!["", "", "", "/", "/.", "/..", "/x/..", "?", "#", "?a", "%00"]);
    (host, way, end).prop_map(|(host, way, end)| format!("{host}{way}/payments/{ID}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn pieces_resolve_as_rfc_3986_has_it(text in references(), (base, request) in places()) {
        agree(&text, base, &request)?;
    }

    #[test]
    fn detours_resolve_as_rfc_3986_has_it(text in detours(), (base, request) in places()) {
        agree(&text, base, &request)?;
    }

    #[test]
    fn any_text_resolves_as_rfc_3986_has_it(text in "\\PC{0,30}", (base, request) in places()) {
        agree(&text, base, &request)?;
    }

    #[test]
    fn a_path_loses_its_dots_as_rfc_3986_has_it(path in "(/(\\.|\\.\\.|%2[eE]|\\.%2e|a|b\\.|)){1,7}") {
        let base = UriAbsoluteStr::new("https://h/").unwrap();
        let reference = UriReferenceStr::new(&path).ok();
        // What begins with two slashes names a host.
        if let Some(reference) = reference.filter(|_| !path.starts_with("//")) {
            let resolved = reference.resolve_against(base).to_string();
            prop_assert_eq!(format!("https://h{}", without_dots(&path)), resolved);
        }
    }
}
