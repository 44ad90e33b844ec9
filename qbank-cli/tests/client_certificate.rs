//! Mutual TLS: the certificate that options or variables name is shown to a bank that wants
//! one, over either transport; what is wrong with it is named, and no key is printed.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::path::{Path, PathBuf};

use program::{Program, file, set_mode};
use qbank_conformance::{ClientCertificate, Response, Script, Server, Step, Tls};
use serde_json::Value;

struct Bank {
    server: Server,
    /// Its root, and the certificate and the key to show.
    files: [(tempfile::TempDir, PathBuf); 3],
}

impl Bank {
    fn start() -> Self {
        let accounts = Response { status: 200, body: Some("[]".to_owned()), ..Response::default() };
        let script = Script {
            api: vec![vec![Step::Respond(accounts)]],
            tls: Some(Tls::WantsClientCertificate),
            token_tls: Some(Tls::WantsClientCertificate),
            client_certificate: Some(ClientCertificate::Good),
            ..Script::default()
        };
        let server = Server::start(&script).unwrap();
        let target = server.target().clone();
        let files = [target.ca_pem, target.client_certificate_pem, target.client_key_pem]
            .map(|pem| file(&pem.unwrap()));
        Self { server, files }
    }

    fn chain(&self) -> &Path {
        &self.files[1].1
    }

    fn key(&self) -> &Path {
        &self.files[2].1
    }

    /// `accounts list`, with nothing to show yet.
    fn list(&self, transport: &str) -> Program {
        let target = self.server.target();
        Program::new("accounts list --max-retries 0 --ca-file-only --transport")
            .arg(transport)
            .env("QBANK_BASE_URL", &target.base_url)
            .env("QBANK_TOKEN_URL", &target.token_url)
            .env("QBANK_CLIENT_ID", &target.client_id)
            .env("QBANK_CLIENT_SECRET", &target.client_secret)
            .env("QBANK_CA_FILE", &self.files[0].1)
    }
}

#[test]
fn it_is_shown_to_a_bank_that_wants_one() {
    let bank = Bank::start();
    for transport in ["blocking", "hyper"] {
        let by_option = bank.list(transport);
        let by_option = by_option.arg("--client-certificate-file").arg(bank.chain());
        by_option.arg("--client-key-file").arg(bank.key()).run().ok();
        let by_variable = bank.list(transport);
        let by_variable = by_variable.env("QBANK_CLIENT_CERTIFICATE_FILE", bank.chain());
        by_variable.env("QBANK_CLIENT_KEY_FILE", bank.key()).run().ok();
    }
}

#[test]
fn a_bank_that_gets_none_is_an_error_that_names_the_options() {
    let bank = Bank::start();
    for transport in ["blocking", "hyper"] {
        let error = bank.list(transport).run().error(3);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("the server refused the client certificate"), "{message}");
        assert!(message.contains("--client-certificate-file and --client-key-file"), "{message}");
    }
}

#[test]
fn half_of_it_or_a_bad_half_is_refused_by_name() {
    let bank = Bank::start();
    let (_folder, other) = file(&bank.server.target().ca_pem.clone().unwrap());
    let certificate = "--client-certificate-file";
    let key = "--client-key-file";
    let list = || bank.list("blocking");
    for (program, start) in [
        (list().arg(certificate).arg(bank.chain()), "--client-certificate-file needs a key"),
        (list().arg(key).arg(bank.key()), "--client-key-file needs a certificate"),
        (
            list().env("QBANK_CLIENT_KEY_FILE", bank.key()),
            "QBANK_CLIENT_KEY_FILE needs a certificate",
        ),
        (
            list().arg(certificate).arg(bank.key()).arg(key).arg(bank.key()),
            "--client-certificate-file must hold a CERTIFICATE in PEM",
        ),
        (
            list().arg(certificate).arg(bank.chain()).env("QBANK_CLIENT_KEY_FILE", bank.chain()),
            "QBANK_CLIENT_KEY_FILE must hold a PRIVATE KEY in PEM",
        ),
        (
            list().arg(certificate).arg(&other).arg(key).arg(bank.key()),
            "--client-key-file does not belong to the client certificate",
        ),
        (
            list().arg(certificate).arg("/no/such/file").arg(key).arg(bank.key()),
            "--client-certificate-file: /no/such/file cannot be read",
        ),
        (list().without("QBANK_CA_FILE"), "--ca-file-only needs --ca-file or QBANK_CA_FILE"),
    ] {
        let ended = program.run();
        let error = ended.error(2);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(start), "{start}: {message}");
        hides_the_key(&bank, &ended.stderr);
    }
    assert!(bank.server.log().token.is_empty());
}

#[cfg(unix)]
#[test]
fn a_key_file_that_every_user_can_read_is_warned_of_and_used() {
    let bank = Bank::start();
    set_mode(bank.key(), 0o644);
    let shown = || bank.list("blocking").arg("--client-certificate-file").arg(bank.chain());
    for (program, name) in [
        (shown().arg("--client-key-file").arg(bank.key()), "--client-key-file: "),
        (shown().env("QBANK_CLIENT_KEY_FILE", bank.key()), "QBANK_CLIENT_KEY_FILE: "),
    ] {
        let ended = program.args("-vv").run();
        ended.ok();
        let warning = ended.stderr.lines().find(|line| line.contains("\"warning\"")).unwrap();
        let warning: Value = serde_json::from_str(warning).unwrap();
        assert!(warning["warning"].as_str().unwrap().starts_with(name), "{warning}");
        hides_the_key(&bank, &ended.stderr);
    }
}

/// Not eight characters of it, in order.
fn hides_the_key(bank: &Bank, text: &str) {
    let key = bank.server.target().client_key_pem.clone().unwrap();
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!text.contains(&line[..8]), "{text}");
    }
}
