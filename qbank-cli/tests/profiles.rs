//! Profiles: where they are, what they may hold, and what goes before them.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::fs;
use std::path::PathBuf;

use program::{Bank, Ended, Program, file};
use qbank_sandbox::{CLIENT_ID, CLIENT_SECRET};
use tempfile::TempDir;

/// A home folder with a configuration.
struct Home(TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let folder = home.0.path().join(".config/qbank");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), config).unwrap();
        home
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(".config/qbank/config.toml")
    }

    fn qbank(&self, line: &str) -> Program {
        Program::new(line).env("HOME", self.0.path())
    }

    /// What stands in the message of a refusal.
    fn refused(&self, line: &str) -> String {
        message(&self.qbank(line).run())
    }
}

fn message(ended: &Ended) -> String {
    let error = ended.error(2);
    assert_eq!(error["kind"], "invalid_input", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

/// A section for the sandbox, whose secret is in a file beside the configuration.
fn section(name: &str, bank: &Bank) -> String {
    format!(
        "[{name}]\nbase-url = \"{}\"\nclient-id = \"{CLIENT_ID}\"\n\
         client-secret-command = \"printf '%s\\n' {CLIENT_SECRET}\"\n",
        bank.base_url()
    )
}

#[test]
fn a_profile_gives_what_no_option_and_no_variable_gives() {
    let bank = Bank::start();
    let config = section("default", &bank) + "output = \"jsonl\"\ntimeout = 30\n";
    let home = Home::new(&config);
    let ended = home.qbank("accounts list").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 5, "{ended:?}");
    // An option goes before it, and so does a variable.
    home.qbank("accounts list --output json").run().ok();
    for program in [
        home.qbank("accounts list --client-id nobody"),
        home.qbank("accounts list").env("QBANK_CLIENT_ID", "nobody"),
        home.qbank("accounts list").env("QBANK_CLIENT_SECRET", "wrong"),
    ] {
        assert_eq!(program.run().error(3)["kind"], "unauthenticated");
    }
    // An option goes before a variable.
    let program = home.qbank("accounts list --client-id").arg(CLIENT_ID);
    assert_eq!(program.env("QBANK_CLIENT_ID", "nobody").run().code, Some(0));
    // An empty variable is as if not set.
    assert_eq!(home.qbank("accounts list").env("QBANK_CLIENT_ID", "").run().code, Some(0));
}

#[test]
fn a_profile_is_chosen_by_its_name() {
    let (bank, other) = (Bank::start(), Bank::start());
    let home = Home::new(&(section("default", &bank) + &section("other", &other)));
    let requests = || (bank.requests().len(), other.requests().len());
    home.qbank("accounts list").run().ok();
    assert_eq!(requests(), (2, 0));
    home.qbank("accounts list --profile other").run().ok();
    assert_eq!(requests(), (2, 2));
    home.qbank("accounts list").env("QBANK_PROFILE", "other").run().ok();
    assert_eq!(requests(), (2, 4));
    home.qbank("accounts list --profile default").env("QBANK_PROFILE", "other").run().ok();
    assert_eq!(requests(), (4, 4));

    let error = home.refused("accounts list --profile otter");
    assert!(error.starts_with("--profile: there is no profile `otter` in "), "{error}");
    assert!(error.ends_with("config.toml; there are: default, other"), "{error}");
    let ended = home.qbank("accounts list").env("QBANK_PROFILE", "otter").run();
    assert!(message(&ended).starts_with("QBANK_PROFILE: "), "{ended:?}");
    // Without a file there is none.
    let error = message(&Program::new("accounts list --profile x").run());
    assert!(error.contains("no profile `x`: neither HOME nor XDG_CONFIG_HOME"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let ended = Program::new("accounts list --profile x").env("HOME", empty.path()).run();
    assert!(message(&ended).contains("there is no file "), "{ended:?}");
}

#[test]
fn a_file_without_a_default_is_for_those_who_name_a_profile() {
    let bank = Bank::start();
    let home = Home::new(&section("prod", &bank));
    assert!(home.refused("accounts list").contains("no client id"));
    home.qbank("accounts list --profile prod").run().ok();
}

#[test]
fn the_file_is_where_the_variables_say() {
    let bank = Bank::start();
    let home = Home::new(&section("default", &bank));
    let folder = home.config().parent().unwrap().parent().unwrap().to_owned();
    let list = || Program::new("accounts list");
    list().env("XDG_CONFIG_HOME", &folder).run().ok();
    list().env("QBANK_CONFIG", home.config()).run().ok();
    // It goes before the home folder.
    let wrong = Home::new("nonsense");
    wrong.qbank("accounts list").env("XDG_CONFIG_HOME", &folder).run().ok();
    wrong.qbank("accounts list").env("QBANK_CONFIG", home.config()).run().ok();
    // One that was named has to be there.
    let ended = list().env("QBANK_CONFIG", "/no/such/file").run();
    assert!(message(&ended).starts_with("QBANK_CONFIG: /no/such/file cannot be read"), "{ended:?}");
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_key() {
    for (config, line, what) in [
        ("\n[default]\nbase-ulr = \"x\"", 3, "`base-ulr` is no setting of a profile; there are: "),
        ("[default]\nbase_url = \"x\"", 2, "`base_url` is no setting of a profile"),
        ("[default]\nprofile = \"x\"", 2, "`profile` is no setting"),
        ("[default]\nverbose = 2", 2, "`verbose` is no setting"),
        ("[a]\ntimeout = 1\n[b]\ntimeout = \"30\"", 4, "`timeout`: must be a number"),
        ("[a]\ntimeout = -1", 2, "`timeout`: must be a number of seconds, more than zero"),
        ("[a]\nmax-retries = 2.5", 2, "`max-retries`: "),
        ("[a]\nbase-url = 7", 2, "`base-url`: must be a text"),
        ("[a]\nbase-url = \"\"", 2, "`base-url`: must not be empty"),
        ("[a]\nscopes = 7", 2, "`scopes`: must be a list of texts"),
        ("[a]\nscopes = [7]", 2, "`scopes`: must be a list of texts"),
        ("[a]\nca-file-only = \"yes\"", 2, "`ca-file-only`: must be true or false"),
        ("[a]\ntransport = \"http\"", 2, "`transport`: must be one of blocking, hyper"),
        ("[a]\non-conflict = \"x\"", 2, "must be one of report, follow-own, follow"),
        ("[a]\nmax-row = 10.5", 2, "`max-row`: must be dollars as a text, such as \"2500.00\""),
        ("[a]\nmax-total = \"-1\"", 2, "`max-total`: must be dollars"),
        ("[a]\nclient-secret-command = \"'\"", 2, "`client-secret-command`: has a quote without"),
        ("[a]\nclient-secret-command = []", 2, "`client-secret-command`: names no program"),
        ("[a]\nclient-secret-file = \"x\"\nclient-secret-command = \"y\"", 3, "exclude each other"),
        ("timeout = 1", 1, "`timeout` must stand in a section such as [default]"),
        ("[a]\ntimeout = 1\ntimeout = 2", 3, "duplicate key"),
        ("[a\n", 1, ""),
        ("[a.b]\nx = 1", 1, "`b` is no setting"),
    ] {
        let home = Home::new(config);
        let error = home.refused("accounts list");
        let place = format!("{}, line {line}: ", home.config().display());
        assert!(error.starts_with(&place) && error.contains(what), "{config:?}: {error}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    for key in ["client-secret", "client_secret", "access-token", "token"] {
        let home = Home::new(&format!("[default]\n{key} = \"hidden-secret\""));
        let ended = home.qbank("accounts list").run();
        let error = message(&ended);
        let rule = format!("`{key}`: a secret must not stand in this file");
        assert!(error.contains(&rule) && error.contains("`client-secret-file`"), "{error}");
        assert!(!format!("{ended:?}").contains("hidden-secret"), "{ended:?}");
    }
    // Nor one that stands in the wrong place.
    for config in [
        "[default]\ntimeout = \"hidden-secret\"",
        "[default]\ntransport = \"hidden-secret\"",
        "[default]\nmax-row = \"hidden-secret\"",
        "[default]\nclient-secret-command = [\"false\", \"hidden-secret\"]\nclient-id = \"x\"",
        "[default]\nclient-secret = hidden-secret",
        "client-secret = \"hidden-secret\"",
    ] {
        let ended = Home::new(config).qbank("accounts list").run();
        ended.error(2);
        assert!(!format!("{ended:?}").contains("hidden-secret"), "{ended:?}");
    }
}

#[test]
fn a_secret_comes_from_a_file_or_a_command() {
    let bank = Bank::start();
    let (folder, secret) = file(CLIENT_SECRET);
    let base =
        format!("[default]\nbase-url = \"{}\"\nclient-id = \"{CLIENT_ID}\"", bank.base_url());
    let name = secret.file_name().unwrap().to_str().unwrap();
    let in_home = Home::new("");
    fs::copy(&secret, in_home.0.path().join("secret")).unwrap();
    for line in [
        format!("client-secret-file = \"{}\"", secret.display()),
        // Beside the configuration.
        format!("client-secret-file = \"{name}\""),
        "client-secret-file = \"~/secret\"".to_owned(),
        format!("client-secret-command = \"cat '{}'\"", secret.display()),
        format!("client-secret-command = [\"cat\", \"{}\"]", secret.display()),
    ] {
        let config = folder.path().join("config.toml");
        fs::write(&config, format!("{base}\n{line}\n")).unwrap();
        let ended = in_home.qbank("accounts list").env("QBANK_CONFIG", &config).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line}: {ended:?}");
        // Others can read the configuration: it has no secret, unlike the file that it names.
        program::set_mode(&config, 0o644);
        program::set_mode(&secret, 0o644);
        let ended = in_home.qbank("accounts list").env("QBANK_CONFIG", &config).run();
        let warned = line.starts_with("client-secret-file") && !line.contains('~');
        let named = "{\"warning\":\"`client-secret-file` in the profile: ";
        assert_eq!(ended.stderr.starts_with(named), warned, "{line}: {ended:?}");
        program::set_mode(&secret, 0o600);
    }
    // It runs only where a secret is needed.
    let marker = folder.path().join("marker");
    let touch = format!("client-secret-command = [\"touch\", \"{}\"]", marker.display());
    let home = Home::new(&format!("{base}\n{touch}"));
    home.qbank("accounts list").env("QBANK_ACCESS_TOKEN", "a-ready-made-token").run();
    home.qbank("accounts list").env("QBANK_CLIENT_SECRET", CLIENT_SECRET).run().ok();
    assert!(!marker.exists());
    let error = home.refused("accounts list");
    assert!(marker.exists() && error.contains("`touch` printed nothing"), "{error}");
}

#[test]
fn every_global_option_is_a_setting() {
    let bank = Bank::start();
    let root = bank_root();
    let config = section("default", &bank)
        + &format!(
            "token-url = \"{}/token\"\nscopes = [\"accounts.read\", \"balances.read\"]\n\
             token-parameters = [\"audience=x\"]\nca-file = \"{}\"\nca-file-only = false\n\
             proxy = \"http://127.0.0.1:1\"\nconnect-timeout = 1.5\ntransport = \"hyper\"\n\
             timeout = 20\ndeadline = 40.5\nmax-retries = 0\non-conflict = \"report\"\n\
             output = \"json\"\nmax-row = \"2500.00\"\nmax-total = 100000\n",
            bank.base_url(),
            root.1.display()
        );
    let home = Home::new(&config);
    home.qbank("accounts list").run().ok();
    // The scopes were asked for, and no others.
    let error = home.qbank("transactions list").run().error(3);
    assert_eq!(error["kind"], "permission_denied", "{error}");
    let error = home.qbank("accounts list --transport blocking --ca-file /none").run().error(2);
    assert!(error["message"].as_str().unwrap().starts_with("--ca-file: "), "{error}");
    fs::remove_file(&root.1).unwrap();
    let error = home.refused("accounts list");
    assert!(error.starts_with("`ca-file` in the profile: "), "{error}");
}

#[test]
fn csv_in_a_profile_is_for_lists_too() {
    let bank = Bank::start();
    let home = Home::new(&(section("default", &bank) + "output = \"csv\"\n"));
    let ended = home.qbank("accounts list").run();
    assert!(ended.stdout.starts_with("accountId,"), "{ended:?}");
    assert!(home.refused(program::ACH).contains("csv is for lists"));
    home.qbank(program::ACH).args("--output json").run().ok();
}

#[test]
fn a_run_has_the_limits_of_the_profile() {
    let bank = Bank::start();
    let limits = "max-row = \"60.00\"\nmax-total = 100\n";
    let home = Home::new(&(section("default", &bank) + limits));
    let payments = home.0.path().join("payments.csv");
    let rows = "payment_id,recipient_name,bank_id,account_number,amount\n\
                a,ACME,021000021,739105528846,60.00\nb,Other,021000021,739105528847,40.01\n";
    fs::write(&payments, rows).unwrap();
    let run = |options: &str| {
        let line = format!("--dry-run --from {} {options}", program::OPERATING);
        home.qbank("run").arg(&payments).args(&line).run()
    };
    let error = run("").error(2);
    assert!(error["rows"].to_string().contains("100"), "{error}");
    // An option goes before the profile.
    assert_eq!(run("--max-total 100.01").code, Some(0));
    assert_eq!(run("--max-total 200 --max-row 59.99").code, Some(2));
}

/// The example of the program's manual is one that it takes.
#[test]
fn the_manual_shows_a_profile() {
    let manual = include_str!("../README.md");
    let (_, example) = manual.split_once("```toml\n[default]").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let home = Home::new(&format!("[default]{example}"));
    let error = home.refused("token --profile prod");
    let secret = home.config().with_file_name("prod.secret");
    let expected =
        format!("`client-secret-file` in the profile: {} cannot be read", secret.display());
    assert!(error.starts_with(&expected), "{error}");
}

fn bank_root() -> (TempDir, PathBuf) {
    let (folder, path) = file("");
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    fs::write(&path, pem(roots[0].as_ref())).unwrap();
    (folder, path)
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
