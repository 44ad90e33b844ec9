//! A proxy is a tunnel to hosts that are not this machine; it gets host names, not
//! tokens, and its password is in no message.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::{
    AccessToken, AccountId, Client, Config, Credentials, Environment, Error, ErrorKind, Fate,
    Reply, Ureq, endpoint::AchAccepted,
};
use qbank_conformance::{Proxy, Response, Script, Server, Step, Tls, Values};
use qbank_sandbox::BankConfig;

const PASSWORD: &str = "pa%40ss-word-7";
/// `user:pa@ss-word-7`.
const BASIC: &str = "Basic dXNlcjpwYUBzcy13b3JkLTc=";

fn url(proxy: &Proxy) -> String {
    format!("http://user:{PASSWORD}@127.0.0.1:{}", proxy.port())
}

/// A bank with a certificate for `other.example`, a name that this machine
/// cannot resolve.
fn other_example() -> (Server, Config) {
    let location = "/v1/payments/5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11";
    let accepted = Response {
        status: 202,
        headers: [("location".to_owned(), Values::One(location.to_owned()))].into(),
        ..Response::default()
    };
    let script = Script {
        api: vec![vec![Step::Respond(accepted)]],
        tls: Some(Tls::OtherName),
        token_tls: Some(Tls::OtherName),
        ..Script::default()
    };
    let server = Server::start(&script).unwrap();
    let target = server.target().clone();
    let elsewhere = |url: &str| url.replace("127.0.0.1", "other.example");
    let environment = Environment::Custom {
        base_url: elsewhere(&target.base_url),
        token_url: Some(elsewhere(&target.token_url)),
    };
    let credentials = Credentials::client(target.client_id, target.client_secret);
    let mut config = Config::new(environment, credentials).timeout(Duration::from_secs(3));
    config.retry.base = Duration::from_millis(5);
    (server, config)
}

fn pay(server: &Server, config: Config, proxy: &Proxy) -> Result<Reply<AchAccepted>, Error> {
    pay_through(server, config, &url(proxy))
}

fn pay_through(server: &Server, config: Config, url: &str) -> Result<Reply<AchAccepted>, Error> {
    let pem = server.target().ca_pem.clone().unwrap();
    let builder = Ureq::builder().root_certificates(pem.as_bytes())?;
    let driver = builder.proxy(url)?.build();
    let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
    Client::with_driver(config, driver)?.payments().create_ach(payment).send()
}

#[test]
fn another_host_is_reached_through_the_proxy_with_its_password() {
    let (server, config) = other_example();
    let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    assert_eq!(pay(&server, config, &proxy).unwrap().fate, Fate::Accepted);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "one tunnel to the API, one to the tokens");
    for head in heads {
        assert!(head.starts_with("CONNECT other.example:"), "{head}");
        let auth = format!("proxy-authorization: {BASIC}").to_lowercase();
        assert!(head.to_lowercase().contains(&auth), "{head}");
        assert!(!head.contains("Bearer"), "{head}");
    }
    let log = server.log();
    assert_eq!((log.token.len(), log.api.len()), (1, 1));
}

#[test]
fn a_proxy_that_refuses_leaves_the_payment_unsent_and_its_password_hidden() {
    let (server, config) = other_example();
    let proxy = Proxy::start("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").unwrap();
    let error = pay(&server, config, &proxy).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent));
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!shown.contains("ss-word") && !shown.contains("dXNlcjpw"), "{shown}");
    assert!(server.log().token.is_empty());
}

#[test]
fn a_proxy_that_refuses_is_named_with_its_status_and_what_to_do() {
    for (response, message) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nnot!",
            "responded 407 to CONNECT; a proxy on the way wants credentials",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "responded 403 to CONNECT"),
        ("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "responded 302 to CONNECT"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not respond in HTTP to CONNECT"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", "sent more than its response to CONNECT"),
        ("", "could not be used"),
    ] {
        let (server, config) = other_example();
        let proxy = Proxy::start(response).unwrap();
        let error = pay(&server, config, &proxy).unwrap_err();
        let name = format!("proxy 127.0.0.1:{} {message}", proxy.port());
        assert!(error.to_string().contains(&name), "{name}: {error}");
        assert_eq!(error.fate(), Fate::NeverSent, "{response:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ss-word") && !shown.contains("dXNlcjpw"), "{shown}");
    }
}

#[test]
fn a_proxy_that_is_dead_is_named() {
    let (server, config) = other_example();
    let config = config.connect_timeout(Duration::from_millis(300)).max_retries(0);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    for (address, kind) in
        [("127.0.0.1:1", "no connection could be made"), ("proxy.invalid:3128", ""), (&*silent, "")]
    {
        let url = format!("http://user:{PASSWORD}@{address}");
        let error = pay_through(&server, config.clone(), &url).unwrap_err();
        let name = format!("proxy {address} could not be used: ");
        assert!(error.to_string().contains(&name), "{name}: {error}");
        assert!(error.to_string().contains(kind), "{kind}: {error}");
        assert_eq!(error.fate(), Fate::NeverSent, "{address}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ss-word") && !shown.contains("dXNlcjpw"), "{shown}");
    }
}

#[test]
fn the_head_of_a_proxys_response_may_be_as_large_as_that_of_any_other() {
    for (fields, value, read) in
        [(250, "x".repeat(400), true), (1, "x".repeat(100 * 1024), true), (257, "x".into(), false)]
    {
        let field = format!("X-Policy: {value}\r\n");
        let head = format!("HTTP/1.1 200 Fine\r\n{}\r\n", field.repeat(fields));
        let (server, config) = other_example();
        let proxy = Proxy::start(Box::leak(head.into_boxed_str())).unwrap();
        let paid = pay(&server, config, &proxy).map(|reply| reply.fate);
        match paid {
            Ok(fate) => assert!(read && fate == Fate::Accepted, "{fields} fields"),
            Err(error) => {
                assert!(!read, "{fields} fields: {error}");
                let limit = "with a head of more than 256 fields or 128 KiB";
                assert!(error.to_string().contains(limit), "{error}");
            }
        }
    }
}

/// In the child process, whose environment names the proxy, makes the call.
#[test]
fn the_hosts_of_no_proxy_are_reached_directly() {
    const NAME: &str = "the_hosts_of_no_proxy_are_reached_directly";
    if let Some(port) = std::env::var_os("QBANK_TEST_CHILD") {
        let credentials = Credentials::Token(AccessToken::new("t").unwrap());
        let base = format!("https://api.other.example:{}/v1", port.to_str().unwrap());
        let config = Config::new(Environment::custom(base), credentials).max_retries(0);
        let client = Client::new(config).unwrap();
        let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
        let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
        let error = client.payments().create_ach(payment).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        return;
    }
    for (list, exempt) in [
        ("", false),
        ("*", true),
        ("other.example", true),
        (".other.example", true),
        ("*.other.example", true),
        ("first.example, OTHER.example", true),
        ("other.example:8443", true),
        ("other.example:443", false),
        ("ther.example", false),
        ("0.0.0.0/0,::/0", false),
    ] {
        let proxy = Proxy::start("HTTP/1.1 403 Forbidden\r\n\r\n").unwrap();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact"])
            .env("QBANK_TEST_CHILD", "8443")
            .env("HTTPS_PROXY", url(&proxy))
            .env("NO_PROXY", list)
            .env_remove("no_proxy")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        assert_eq!(proxy.heads().is_empty(), exempt, "NO_PROXY={list}");
    }
}

#[test]
fn loopback_is_never_proxied() {
    let bank = qbank_sandbox::Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default());
    let bank = bank.unwrap();
    let proxy = Proxy::start("HTTP/1.1 502 Bad Gateway\r\n\r\n").unwrap();
    let driver = Ureq::builder().proxy(&url(&proxy)).unwrap().build();
    let credentials = Credentials::client(qbank_sandbox::CLIENT_ID, qbank_sandbox::CLIENT_SECRET);
    let environment = Environment::Sandbox { port: bank.addr().port() };
    let client = Client::with_driver(Config::new(environment, credentials), driver).unwrap();
    assert!(client.accounts().list().send().is_ok());
    assert!(proxy.heads().is_empty());
}

#[test]
fn an_unusable_proxy_url_is_refused_without_being_echoed() {
    for url in ["", "proxy:3128", "https://u:secret-word@proxy:1", "socks5://u:secret-word@p:1"] {
        let error = Ureq::builder().proxy(url).unwrap_err();
        assert!(error.to_string().starts_with("proxy must be a URL"), "{error}");
        assert!(!error.to_string().contains("secret-word"));
    }
}
