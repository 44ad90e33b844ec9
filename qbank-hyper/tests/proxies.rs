//! A proxy is a tunnel to hosts that are not this machine; it gets host names, not
//! tokens, and its password is in no message.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::time::Duration;

use qbank_conformance::{Proxy, Response, Script, Server, Step, Tls, Values};
use qbank_hyper::{
    AccessToken, Client, Config, Credentials, Environment, Error, ErrorKind, Fate, Hyper,
};
use support::{SOON, ach, bank, config};
use tokio::time::timeout;

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

fn driver(server: &Server, proxy: &str) -> Result<Hyper, Error> {
    let pem = server.target().ca_pem.clone().unwrap();
    let builder = Hyper::builder().root_certificates(pem.as_bytes())?;
    Ok(builder.proxy(proxy)?.build())
}

async fn pay(server: &Server, config: Config, proxy: &str) -> Result<Fate, Error> {
    let client = Client::with_driver(config, driver(server, proxy)?)?;
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    paid.await.unwrap().map(|reply| reply.fate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_is_reached_through_the_proxy_with_its_password() {
    let (server, config) = other_example();
    let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let driver = driver(&server, &url(&proxy)).unwrap();
    let client = Client::with_driver(config, driver).unwrap();
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    assert_eq!(paid.await.unwrap().unwrap().fate, Fate::Accepted);

    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "one tunnel to the API, one to the tokens");
    for head in heads {
        assert!(head.starts_with("CONNECT other.example:"), "{head}");
        let auth = format!("proxy-authorization: {BASIC}").to_lowercase();
        assert!(head.to_lowercase().contains(&auth), "{head}");
        assert!(!head.contains("Bearer"), "{head}");
    }
    // And nothing of the proxy's goes to the bank.
    let log = server.log();
    assert_eq!((log.token.len(), log.api.len()), (1, 1));
    for arrived in log.token.iter().chain(&log.api) {
        assert!(!format!("{arrived:?}").to_lowercase().contains("proxy-"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_refuses_is_a_call_that_was_never_sent() {
    for response in [
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "garbage\r\n\r\n",
        "",
    ] {
        let (server, config) = other_example();
        let proxy = Proxy::start(response).unwrap();
        let driver = driver(&server, &url(&proxy)).unwrap();
        let client = Client::with_driver(config, driver).unwrap();
        let refused = timeout(SOON, client.payments().create_ach(ach("1")).send());
        let error = refused.await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Transport, Fate::NeverSent),
            "{response:?}"
        );
        says_no_password(&format!("{error} {error:?}"));
        assert_eq!(server.log().api_connections, 0, "it went past the proxy");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_refuses_is_named_with_its_status_and_what_to_do() {
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
        let error = pay(&server, config, &url(&proxy)).await.unwrap_err();
        let name = format!("proxy 127.0.0.1:{} {message}", proxy.port());
        assert!(error.to_string().contains(&name), "{name}: {error}");
        assert_eq!(error.fate(), Fate::NeverSent, "{response:?}");
        says_no_password(&format!("{error} {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_dead_is_named() {
    let (server, config) = other_example();
    let config = config.connect_timeout(Duration::from_millis(300)).max_retries(0);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    for (address, kind) in [
        ("127.0.0.1:1", "could not be used: "),
        ("proxy.invalid:3128", "could not be used: "),
        // It may be the bank that is silent, behind the proxy.
        (&*silent, "no connection in time through"),
    ] {
        let url = format!("http://user:{PASSWORD}@{address}");
        let error = pay(&server, config.clone(), &url).await.unwrap_err();
        let name = format!("proxy {address}");
        assert!(error.to_string().contains(&name), "{name}: {error}");
        assert!(error.to_string().contains(kind), "{kind}: {error}");
        assert_eq!(error.fate(), Fate::NeverSent, "{address}");
        says_no_password(&format!("{error} {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_of_a_proxys_response_may_be_as_large_as_that_of_any_other() {
    for (fields, value, read) in
        [(250, "x".repeat(400), true), (1, "x".repeat(100 * 1024), true), (257, "x".into(), false)]
    {
        let field = format!("X-Policy: {value}\r\n");
        let head = format!("HTTP/1.1 200 Fine\r\n{}\r\n", field.repeat(fields));
        let (server, config) = other_example();
        let proxy = Proxy::start(Box::leak(head.into_boxed_str())).unwrap();
        let paid = pay(&server, config, &url(&proxy)).await;
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
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let error = runtime.block_on(client.payments().create_ach(ach("1")).send()).unwrap_err();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loopback_is_never_proxied() {
    let bank = bank();
    let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let port = bank.addr().port();
    for host in ["127.0.0.1", "localhost"] {
        let driver = Hyper::builder().proxy(&url(&proxy)).unwrap().build();
        let mut config = config(port).allow_loopback_http();
        config.environment = Environment::custom(format!("http://{host}:{port}/v1"));
        let client = Client::with_driver(config, driver).unwrap();
        client.accounts().list().send().await.unwrap();
    }
    assert!(proxy.heads().is_empty(), "{:?}", proxy.heads());
}

#[test]
fn a_proxy_url_that_cannot_be_used_is_refused_without_its_password() {
    for url in [
        "",
        "proxy.example:3128",
        "http://",
        "http://user:pa%40ss-word-7@",
        "http://user:pa%40ss-word-7@proxy example:3128",
        "https://user:pa%40ss-word-7@proxy.example:3128",
        "socks5://user:pa%40ss-word-7@proxy.example:1080",
        // An `@` that was not escaped: what is the password, what is the host?
        "http://user:pa@ss-word-7@proxy.example:3128",
        "http://user:pa%40ss-word-7@proxy.example:99999",
        "http://user:pa%40ss-word-7@:3128",
        "http://:3128",
    ] {
        let refused = Hyper::builder().proxy(url);
        let Err(error) = refused else {
            panic!("{url}: taken for a proxy");
        };
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("proxy "), "{error}");
        says_no_password(&format!("{error} {error:?}"));
    }
}

/// In the child process, whose environment names the proxy, makes the call.
#[test]
fn a_proxy_of_the_environment_that_is_not_http_gets_nothing() {
    const NAME: &str = "a_proxy_of_the_environment_that_is_not_http_gets_nothing";
    if std::env::var_os("QBANK_TEST_CHILD").is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let credentials = Credentials::Token(AccessToken::new("t").unwrap());
        let environment = Environment::custom("https://other.example/v1");
        let config = Config::new(environment, credentials).max_retries(0);
        let client = Client::new(config).unwrap();
        let paid = client.payments().create_ach(ach("1")).send();
        let error = runtime.block_on(paid).unwrap_err();
        assert_eq!(error.fate(), Fate::NeverSent);
        assert!(error.to_string().contains("proxy"), "{error}");
        says_no_password(&format!("{error} {error:?}"));
        return;
    }
    for scheme in ["https", "socks5"] {
        let proxy = Proxy::start("").unwrap();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact"])
            .env("QBANK_TEST_CHILD", "1")
            .env("HTTPS_PROXY", url(&proxy).replace("http:", &format!("{scheme}:")))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        assert!(proxy.heads().is_empty(), "its password went out in the clear");
    }
}

#[test]
fn a_builder_does_not_show_the_password() {
    let builder = Hyper::builder().proxy("http://user:pa%40ss-word-7@proxy.example:3128").unwrap();
    says_no_password(&format!("{builder:?} {:?}", builder.clone().build()));
}

fn says_no_password(text: &str) {
    for secret in [PASSWORD, "pa@ss", "ss-word-7", &BASIC[6..]] {
        assert!(!text.contains(secret), "{text}");
    }
}
