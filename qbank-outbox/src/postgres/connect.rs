//! How a database is reached: its URL, TLS, and a pool.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use qbank_proto::TlsSettings;
use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::other;
use super::passfile;
use crate::store::StoreError;

/// How long a connection may take to be made, and to be silent before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// A worker does one transaction at a time; an application that enqueues does several.
const MOST_CONNECTIONS: usize = 8;

pub(super) fn pool(url: &str) -> Result<Pool, StoreError> {
    let config = config(url)?;
    let tls = MakeRustlsConnect::new(tls(url)?);
    // Fast: a connection that turns out to be broken is an error that passes.
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(config, tls, manager))
        .max_size(MOST_CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(SILENCE))
        .create_timeout(Some(PATIENCE * 2))
        .build()
        .map_err(|error| other(error.to_string()))
}

/// No error repeats any of the URL, which may have a password.
fn config(url: &str) -> Result<Config, StoreError> {
    let bad = |what: &str| StoreError::NotAStore(format!("the URL of the Postgres store {what}"));
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(bad("must be such as postgres://user@host:5432/database"));
    }
    let (address, query) = parts(url);
    let ours = |pair: &&str| !pair.starts_with("sslmode=") && !pair.starts_with("sslrootcert=");
    let theirs: Vec<&str> = query.split('&').filter(ours).collect();
    let mut config: Config = format!("{address}?{}", theirs.join("&")).parse().map_err(|_| {
        bad("cannot be read: check its port and its parameters, and write what is special in \
             the user and the password as %XX")
    })?;
    config.ssl_mode(match parameter(url, "sslmode").as_deref() {
        Some("disable") => SslMode::Disable,
        Some("allow" | "prefer") => SslMode::Prefer,
        None if config.get_hosts().iter().all(is_near) => SslMode::Disable,
        // A certificate is verified, with its name, whenever there is TLS.
        None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
        Some(_) => return Err(bad("has an sslmode that there is not")),
    });
    if config.get_password().is_none()
        && let Some(password) = passfile::password(&config)?
    {
        config.password(password);
    }
    if config.get_application_name().is_none() {
        config.application_name("qbank-outbox");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE);
    Ok(config)
}

/// Whether nobody is in between.
fn is_near(host: &Host) -> bool {
    match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
        }
    }
}

fn tls(url: &str) -> Result<ClientConfig, StoreError> {
    let mut settings = TlsSettings::new(Arc::new(rustls::crypto::ring::default_provider()));
    if let Some(path) = parameter(url, "sslrootcert").filter(|it| it != "system") {
        let bad = |why: String| StoreError::NotAStore(format!("sslrootcert {path}: {why}"));
        let pem = std::fs::read(&path).map_err(|error| bad(error.to_string()))?;
        settings.only_roots(&pem).map_err(|error| bad(error.to_string()))?;
    }
    let mut config = settings.client_config(|| {}).map_err(|error| other(error.to_string()))?;
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// What is before the parameters, and those. A password may have a question mark.
fn parts(url: &str) -> (&str, &str) {
    let (user, rest) = url.split_at(url.find('@').unwrap_or_default());
    rest.split_once('?').map_or((url, ""), |(place, query)| {
        (url.get(..user.len() + place.len()).unwrap_or_default(), query)
    })
}

/// A parameter of the URL that is ours to read.
fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = parts(url);
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_decoded(value))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).filter(|_| *first == b'%');
        let byte = pair.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        config(url).unwrap().get_ssl_mode()
    }

    #[test]
    fn another_host_is_reached_over_tls_unless_the_url_says_otherwise() {
        assert_eq!(mode("postgres://u:p@db.example/x"), SslMode::Require);
        assert_eq!(mode("postgres://u:p@db.example/x?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://u:p@db.example/x?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://u:?p@db.example/x?sslmode=prefer"), SslMode::Prefer);
        assert_eq!(mode("postgres://u:p@127.0.0.1/x"), SslMode::Disable);
        assert_eq!(mode("postgres://u:p@localhost,db.example/x"), SslMode::Require);
        assert_eq!(mode("postgresql://u:p@%2Fvar%2Frun/x"), SslMode::Disable);
    }

    #[test]
    fn no_error_repeats_the_url() {
        let urls = [
            "u:hunter2@db.example/x",
            "postgres://u:hunter2@db.example:port/x",
            "postgres://u:hun?ter2@db.example:port/x",
            "postgres://u:hunter2@db.example/x?sslmode=hunter2",
            "postgres://u:%ff%fehunter2@db.example/x?hunter2=1",
        ];
        for url in urls {
            let Err(error) = config(url) else { panic!("{url} is taken") };
            assert!(!format!("{error} {error:?}").contains("ter2"), "{error:?}");
        }
        let pool = pool("postgres://u:hunter2@db.example/x").unwrap();
        assert!(!format!("{pool:?}").contains("hunter2"));
    }

    #[test]
    fn a_path_may_be_percent_encoded() {
        let url = "postgres://u@h/x?a=b&sslrootcert=%2Fetc%2Fca.pem&c=100%";
        assert_eq!(parameter(url, "sslrootcert").as_deref(), Some("/etc/ca.pem"));
        assert_eq!(parameter(url, "c").as_deref(), Some("100%"));
        assert_eq!(parameter(url, "ssl"), None);
    }
}
