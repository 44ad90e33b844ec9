//! Each variable works, and an option beats it; where account numbers come from.

mod program;

use program::scripted::{Received, ScriptedBank};
use program::{ACH, Bank, OPERATING, Program, READS, WIRE, WRITES, file};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-some-length";

/// Gives a token, an empty list of accounts, and accepts ACH payments.
fn scripted_bank() -> ScriptedBank {
    ScriptedBank::responding(|request| {
        if request.is_token() {
            let token = json!({"access_token": TOKEN, "token_type": "bearer", "expires_in": 60});
            return (200, token.to_string());
        }
        match request.head.split(' ').nth(1) {
            Some("/v1/accounts") => (200, "[]".into()),
            _ => (202, String::new()),
        }
    })
}

#[test]
fn addresses() {
    let bank = Bank::start();
    let other = scripted_bank();
    let ended = bank.qbank("accounts list --base-url").arg(&other.base_url).run();
    assert_eq!(ended.ok()["result"], json!([]));
    assert!(bank.requests().is_empty());

    // Tokens from one place, accounts from the other.
    let token_url = format!("{}/token", bank.base_url());
    let ended = Program::new("accounts list")
        .env("QBANK_BASE_URL", &other.base_url)
        .env("QBANK_TOKEN_URL", &token_url)
        .env("QBANK_CLIENT_ID", "sandbox")
        .env("QBANK_CLIENT_SECRET", "sandbox-secret")
        .run();
    assert_eq!(ended.ok()["result"], json!([]));
    assert_eq!(bank.sends("/token").len(), 1);
    let ended = bank
        .qbank("accounts list --token-url")
        .arg(&token_url)
        .env("QBANK_TOKEN_URL", "https://token.invalid/token")
        .run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn credentials() {
    let bank = scripted_bank();
    let (_folder, path) = file("from-a-file\r\n");
    let qbank = |line: &str| {
        Program::new(line)
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_CLIENT_ID", "from-env")
            .env("QBANK_CLIENT_SECRET", "secret-from-env")
    };
    let form = |program: Program| {
        program.run().ok();
        let received = bank.received();
        let token = received.iter().rev().find(|it| it.is_token());
        token.map(|it| it.body.clone()).unwrap_or_default()
    };
    let sent = form(qbank("accounts list"));
    assert!(sent.contains("client_id=from-env&"), "{sent}");
    assert!(sent.contains("client_secret=secret-from-env"), "{sent}");
    let sent = form(qbank("accounts list --client-id from-option"));
    assert!(sent.contains("client_id=from-option&"), "{sent}");
    let sent = form(qbank("accounts list --client-secret-file").arg(&path));
    assert!(sent.contains("client_secret=from-a-file"), "{sent}");
    let sent = form(qbank("accounts list --client-secret-file -").stdin("typed\n"));
    assert!(sent.contains("client_secret=typed"), "{sent}");

    // A ready-made token needs nothing else, and beats the rest.
    let before = bank.received().len();
    let ready = qbank("accounts list").env("QBANK_ACCESS_TOKEN", "ready-made-token\n");
    ready.run().ok();
    let received = bank.received();
    assert_eq!(received.len(), before + 1);
    let head = received[before].head.to_lowercase();
    assert!(head.contains("authorization: bearer ready-made-token\r\n"), "{head}");
}

#[test]
fn scopes() {
    let bank = scripted_bank();
    let scope = |program: Program| {
        program
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_CLIENT_ID", "sandbox")
            .env("QBANK_CLIENT_SECRET", "sandbox-secret")
            .run();
        let received = bank.received();
        let token = received.iter().rev().find(|it| it.is_token()).cloned();
        let body = token.map(|it| it.body).unwrap_or_default();
        let scope = body.split('&').find_map(|it| it.strip_prefix("scope="));
        scope.map(ToOwned::to_owned)
    };
    let of = |line: &str| scope(Program::new(line).args("--max-retries 0 --deadline 1"));
    for (line, scopes) in [
        (READS[1], "accounts.read"),
        (READS[2], "balances.read"),
        (READS[3], "transactions.read"),
        (READS[4], "payments.read"),
        (READS[5], "payments.read"),
        (READS[6], "positivepay.exceptions.read"),
        (WRITES[0], "payments.ach.write+payments.read"),
        (WRITES[1], "payments.wire.write+payments.read"),
        (WRITES[2], "transfers.write"),
        (WRITES[3], "positivepay.issues.write"),
    ] {
        assert_eq!(of(line).as_deref(), Some(scopes), "{line}");
    }
    let env = Program::new("accounts list").env("QBANK_SCOPES", "a.read b.read");
    assert_eq!(scope(env).as_deref(), Some("a.read+b.read"));
    let option = Program::new("accounts list --scope c.read --scope d.read");
    let both = option.env("QBANK_SCOPES", "a.read b.read");
    assert_eq!(scope(both).as_deref(), Some("c.read+d.read"));
    let empty = Program::new("accounts list").env("QBANK_SCOPES", "");
    assert_eq!(scope(empty).as_deref(), Some("accounts.read"));
}

/// A root certificate in PEM, as it is trusted.
fn certificate() -> String {
    use base64::Engine as _;
    let der = &webpki_root_certs::TLS_SERVER_ROOT_CERTS[0];
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
    let lines = lines.join("\r\n");
    format!("-----BEGIN CERTIFICATE-----\r\n{lines}\r\n-----END CERTIFICATE-----\r\n")
}

#[test]
fn what_an_editor_or_a_copy_adds_is_dropped() {
    let pasted = |text: &str| format!("\u{feff} {text} \t\r\n");
    let bank = scripted_bank();
    let (_one, roots) = file(&format!("\u{feff}{}", certificate()));
    let (_two, secret) = file(&pasted("secret-from-a-file"));
    let (_three, number) = file(&pasted("739105528846"));
    for transport in ["blocking", "hyper"] {
        let qbank = |line: &str| {
            Program::new(line)
                .env("QBANK_BASE_URL", pasted(&bank.base_url))
                .env("QBANK_TOKEN_URL", pasted(&format!("{}/token", bank.base_url)))
                .env("QBANK_CLIENT_ID", pasted("our-client"))
                .env("QBANK_CLIENT_SECRET", pasted("a-secret-of-ours"))
                .env("QBANK_SCOPES", pasted("a.read b.read"))
                .env("QBANK_CA_FILE", pasted(&roots.to_string_lossy()))
                .env("QBANK_TRANSPORT", pasted(transport))
        };
        let form = |program: Program| {
            program.run().ok();
            let received = bank.received();
            received.iter().rev().find(|it| it.is_token()).map(|it| it.body.clone())
        };
        let sent = form(qbank("accounts list")).unwrap_or_default();
        assert!(sent.contains("client_id=our-client&"), "{sent}");
        assert!(sent.contains("client_secret=a-secret-of-ours"), "{sent}");
        assert!(sent.contains("scope=a.read+b.read"), "{sent}");
        let sent = form(qbank("accounts list --client-secret-file").arg(&secret));
        assert!(sent.is_some_and(|sent| sent.contains("client_secret=secret-from-a-file")));
        qbank("accounts list").env("QBANK_ACCESS_TOKEN", pasted("a-ready-made-token")).run().ok();

        let wire = WIRE.replace("--account-number 739105528846", "--account-number-file");
        let (before, after) = wire.split_once("--account-number-file").unwrap_or_default();
        let from_file = qbank(before).args(after).arg("--account-number-file").arg(&number);
        let from_stdin = qbank(before).args(after).args("--account-number -");
        for program in [from_file, from_stdin.stdin(pasted("739105528846"))] {
            program.args("--max-retries 0").run();
            let sent = bank.received().pop().map(|it| it.body).unwrap_or_default();
            let sent: Value = serde_json::from_str(&sent).unwrap_or_default();
            assert_eq!(sent["beneficiary_details"]["account_number"], "739105528846", "{sent}");
        }
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let bank = scripted_bank();
    let ended = Program::new("accounts list --base-url")
        .arg(&bank.base_url)
        .env("QBANK_BASE_URL", "")
        .env("QBANK_TOKEN_URL", "")
        .env("QBANK_CA_FILE", "")
        .env("QBANK_SCOPES", "")
        .env("QBANK_TRANSPORT", "")
        .env("QBANK_CLIENT_ID", "")
        .env("QBANK_CLIENT_SECRET", "")
        .env("QBANK_ACCESS_TOKEN", TOKEN)
        .run();
    assert_eq!(ended.ok()["result"], json!([]));
    // Without a URL it is the bank itself, which a dead proxy keeps out of this test.
    let ended = Program::new("accounts list --max-retries 0 --proxy http://127.0.0.1:1")
        .env("QBANK_BASE_URL", "")
        .env("QBANK_ACCESS_TOKEN", TOKEN)
        .run();
    assert_eq!(ended.error(3)["kind"], "transport");
}

#[test]
fn a_variable_of_white_space_is_refused_by_name() {
    let bank = Bank::start();
    for name in [
        "QBANK_BASE_URL",
        "QBANK_TOKEN_URL",
        "QBANK_CA_FILE",
        "QBANK_CLIENT_CERTIFICATE_FILE",
        "QBANK_CLIENT_KEY_FILE",
        "QBANK_SCOPES",
        "QBANK_TRANSPORT",
        "QBANK_CLIENT_ID",
        "QBANK_CLIENT_SECRET",
        "QBANK_ACCESS_TOKEN",
    ] {
        let error = bank.qbank(ACH).env(name, "\u{feff} \r\n").run().error(2);
        assert!(error["message"].to_string().contains(name), "{error}");
    }
    assert!(bank.requests().is_empty());
}

#[test]
fn roots_and_transport() {
    let bank = Bank::start();
    let (_folder, path) = file("no certificate");
    for program in [
        bank.qbank("accounts list --ca-file").arg(&path),
        bank.qbank("accounts list").env("QBANK_CA_FILE", &path),
        bank.qbank("accounts list").env("QBANK_TRANSPORT", "unknown"),
        bank.qbank("accounts list --transport unknown"),
    ] {
        assert_eq!(program.run().error(2)["kind"], "invalid_input");
    }
    for program in [
        bank.qbank("accounts list --transport blocking"),
        bank.qbank("accounts list").env("QBANK_TRANSPORT", "blocking"),
    ] {
        assert_eq!(program.run().code, Some(0));
    }
}

#[test]
fn a_proxy_is_never_for_loopback() {
    let bank = Bank::start();
    let nobody = "http://127.0.0.1:1";
    for name in ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY", "https_proxy"] {
        let ended = bank.qbank("accounts list").env(name, nobody).run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    bank.qbank("accounts list --proxy").arg(nobody).run().ok();
    let error = bank.qbank("accounts list --proxy nonsense://").run().error(2);
    assert!(error["message"].as_str().is_some_and(|it| it.contains("proxy")), "{error}");

    // For anything else it is taken, and an option beats the environment.
    let list = || {
        Program::new("accounts list --max-retries 0 --base-url https://bank.invalid/v1")
            .env("QBANK_ACCESS_TOKEN", TOKEN)
    };
    let proxy = ScriptedBank::responding(|_| (403, String::new()));
    let address = proxy.base_url.trim_end_matches("/v1").to_owned();
    list().env("HTTPS_PROXY", &address).run().error(3);
    list().env("ALL_PROXY", &address).run().error(3);
    list().env("HTTPS_PROXY", nobody).arg("--proxy").arg(&address).run().error(3);
    let received = proxy.received();
    assert_eq!(received.len(), 3);
    for request in received {
        assert!(request.head.starts_with("CONNECT bank.invalid:443 "));
        assert!(!request.head.contains(TOKEN));
    }
    list().env("HTTPS_PROXY", &address).env("NO_PROXY", "bank.invalid").run().error(3);
    assert_eq!(proxy.received().len(), 3);
}

#[test]
fn a_proxy_that_cannot_be_used_is_never_gone_past() {
    // What would be reached without the proxy, and what the second variable names.
    let other = ScriptedBank::responding(|_| (403, String::new()));
    let address = other.base_url.trim_end_matches("/v1").to_owned();
    for transport in ["blocking", "hyper"] {
        for value in ["socks5://127.0.0.1:1080", "https://127.0.0.1:1", "'http://127.0.0.1:1'", " "]
        {
            for name in ["HTTPS_PROXY", "https_proxy"] {
                let paid = Program::new(WIRE)
                    .args("--max-retries 0 --base-url https://bank.invalid/v1 --transport")
                    .arg(transport)
                    .env("QBANK_ACCESS_TOKEN", TOKEN)
                    .env(name, value)
                    .env("ALL_PROXY", &address);
                let error = paid.run().error(3);
                assert_eq!(
                    (&error["kind"], &error["fate"]),
                    (&json!("transport"), &json!("never_sent"))
                );
                let message = error["message"].as_str().unwrap_or_default();
                assert!(
                    message.contains(&format!("{name} must be a URL such as http://")),
                    "{message}"
                );
            }
        }
        let paid = Program::new(WIRE)
            .args("--max-retries 0 --base-url https://bank.invalid/v1 --transport")
            .arg(transport)
            .env("QBANK_ACCESS_TOKEN", TOKEN)
            .env("ALL_PROXY", "socks5://127.0.0.1:1080");
        assert_eq!(paid.run().error(3)["fate"], "never_sent");
    }
    assert!(other.received().is_empty());
}

#[test]
fn account_numbers_stay_out_of_the_process_list() {
    let number = "739105528846";
    let (_folder, path) = file("739105528846\n");
    let recipient = format!(
        "payments ach --from {OPERATING} --recipient-name ACME --bank-id 021000021 --amount 1"
    );
    let wire = WIRE.replace("--account-number 739105528846", "");
    for line in [&recipient, &wire] {
        let bank = scripted_bank();
        let qbank = |line: &str| {
            Program::new(line)
                .env("QBANK_BASE_URL", &bank.base_url)
                .env("QBANK_ACCESS_TOKEN", TOKEN)
                .args("--max-retries 0")
        };
        for program in [
            qbank(line).args("--account-number").arg(number),
            qbank(line).args("--account-number -").stdin("739105528846\n"),
            qbank(line).args("--account-number -").stdin(number),
            qbank(line).args("--account-number-file -").stdin("739105528846\r\n"),
            qbank(line).arg("--account-number-file").arg(&path),
        ] {
            let ended = program.run();
            assert!(ended.stderr.contains("idempotency_key"), "{ended:?}");
            let sent = bank.received().pop().map(|it| it.body).unwrap_or_default();
            let sent: Value = serde_json::from_str(&sent).unwrap_or_default();
            let details = &sent["recipient_details"]["account_number"];
            let other = &sent["beneficiary_details"]["account_number"];
            assert!(details == number || other == number, "{sent}");
        }
        let none = qbank(line).args("--account-number -").run().error(2);
        assert!(none["message"].as_str().is_some_and(|it| it.contains("empty")), "{none}");
    }
}

#[test]
fn options_stand_before_and_after_the_subcommand() {
    let bank = Bank::start();
    for line in [
        "--output jsonl accounts list",
        "accounts --output jsonl list",
        "accounts list --output jsonl",
        "accounts list --output=jsonl",
    ] {
        let ended = bank.qbank(line).run();
        assert_eq!(ended.stdout.lines().count(), 5, "{ended:?}");
    }
    let ended = bank.qbank(ACH).args("--output table").run();
    assert!(!ended.stdout.starts_with('{'), "{ended:?}");
    let error = bank.qbank("accounts list --output yaml").run().error(2);
    assert!(error["message"].as_str().is_some_and(|it| it.contains("--output")), "{error}");
}

#[test]
fn of_a_global_option_that_is_given_twice_the_last_one_wins() {
    let bank = Bank::start();
    for line in [
        "accounts list --output json --output jsonl",
        "--output json accounts list --output jsonl",
        "--output json accounts --output jsonl list",
        "--output json --output table --output jsonl accounts list",
        "accounts --output json list --output=jsonl",
    ] {
        let ended = bank.qbank(line).run();
        assert_eq!(ended.stdout.lines().count(), 5, "{line}: {ended:?}");
    }
    let (_folder, path) = file("sandbox-secret");
    let path = path.to_string_lossy();
    let base_url = bank.base_url();
    let token_url = format!("{base_url}/token");
    for (option, last) in [
        ("--base-url", base_url.as_str()),
        ("--token-url", token_url.as_str()),
        ("--client-id", "sandbox"),
        ("--client-secret-file", &path),
        ("--proxy", "http://127.0.0.1:1"),
        ("--connect-timeout", "5"),
        ("--transport", "hyper"),
        ("--timeout", "5"),
        ("--deadline", "5"),
        ("--max-retries", "1"),
        ("--on-conflict", "report"),
    ] {
        let first = match option {
            "--transport" => "blocking",
            "--on-conflict" => "follow",
            _ => "7",
        };
        bank.qbank(&format!("accounts list {option} {first} {option} {last}")).run().ok();
        bank.qbank(&format!("{option} {first} accounts list {option} {last}")).run().ok();
    }
    // An option of one payment is no global one.
    let error = bank.qbank(ACH).args("--amount 2").run().error(2);
    assert!(error["message"].to_string().contains("--amount"), "{error}");
    // Also where the arguments cannot be parsed.
    let ended = bank.qbank("--output table payments ach --output json").run();
    assert_eq!(ended.error(2)["kind"], "invalid_input");
}

#[test]
fn logs_are_asked_for() {
    let bank = Bank::start();
    assert_eq!(bank.qbank("accounts list").run().stderr, "");
    for program in [
        bank.qbank("accounts list -v"),
        bank.qbank("-vv accounts list"),
        bank.qbank("accounts list").env("RUST_LOG", "debug"),
        bank.qbank("accounts list").env("RUST_LOG", "qbank_proto=trace"),
    ] {
        let ended = program.run();
        ended.ok();
        assert!(ended.stderr.contains("qbank"), "{ended:?}");
    }
    // Logs do not come after the document.
    bank.fault(r#"{"path":"/accounts","kind":"status","status":400}"#);
    bank.qbank("accounts list -vv").run().error(3);
    // A bad filter is no reason not to pay.
    let bad = bank.qbank("accounts list").env("RUST_LOG", "[[[=,,");
    assert_eq!(bad.run().code, Some(0));
}

#[cfg(unix)]
#[test]
fn the_sandbox_takes_a_name_for_its_address() {
    let running = Program::new("sandbox --addr localhost:0 --output json").start();
    let line = running.stdout_line();
    assert!(line.contains("http://127.0.0.1:"), "{line}");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(0));
    let refused = Program::new("sandbox --addr nonsense").run();
    assert!(refused.error(2)["message"].to_string().contains("--addr"));
}

#[test]
fn further_parameters_go_to_the_token_endpoint() {
    let bank = scripted_bank();
    let list = || {
        Program::new("accounts list")
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_CLIENT_ID", "us")
            .env("QBANK_CLIENT_SECRET", "secret-of-ours")
    };
    list()
        .args(
            "--token-parameter audience=https://api.example/?a=b --token-parameter resource=urn:a",
        )
        .args("--token-parameter resource=urn:b")
        .run()
        .ok();
    let sent = bank.received().into_iter().find(Received::is_token).unwrap().body;
    let expected =
        "&audience=https%3A%2F%2Fapi.example%2F%3Fa%3Db&resource=urn%3Aa&resource=urn%3Ab";
    assert!(sent.ends_with(expected), "{sent}");

    for bad in ["audience", "=x", "scope=accounts.read", "client_secret=x"] {
        let error = list().arg("--token-parameter").arg(bad).run().error(2);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("--token-parameter"), "{bad}: {message}");
    }
}

#[test]
fn what_the_token_endpoint_wants_is_said_with_the_option_for_it() {
    for (status, what, option) in [
        (404, "check the token URL", "--token-url or QBANK_TOKEN_URL"),
        (413, "ask for fewer scopes", "--scope or QBANK_SCOPES"),
        (407, "a proxy on the way wants credentials", "--proxy, HTTPS_PROXY or ALL_PROXY"),
    ] {
        let bank = ScriptedBank::responding(move |_| (status, "<html></html>".into()));
        let error = Program::new(ACH)
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_CLIENT_ID", "us")
            .env("QBANK_CLIENT_SECRET", "secret-of-ours")
            .run()
            .error(3);
        assert_eq!(
            (&error["kind"], &error["fate"]),
            (&json!("unauthenticated"), &json!("never_sent"))
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(what) && message.contains(option), "{message}");
        assert!(!message.contains("check the credentials"), "{message}");
        assert_eq!(bank.received().len(), 1, "{status}");
    }
}
