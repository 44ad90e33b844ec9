//! The client that a command calls: configured by the global options and the
//! environment, over the driver that was chosen.

mod driver;

use qbank_proto::{AccessToken, Config, Credentials, Environment, Scope, Secret};

use crate::args::Global;
use crate::failure::Failure;
use crate::input::{self, variable};

pub(crate) use driver::{Client, EitherDriver, List, choose};

const PRODUCTION: &str = "https://api.qbankconnect.com/v1";

/// `needed` are the scopes to ask for if none were chosen.
pub(crate) fn connect(global: &Global, needed: &[Scope]) -> Result<Client, Failure> {
    let base_url = global.base_url.clone().unwrap_or_else(|| PRODUCTION.to_owned());
    let environment = Environment::Custom { base_url, token_url: global.token_url.clone() };
    let chosen: Vec<Scope> = global
        .scopes
        .iter()
        .filter(|scope| !scope.is_empty())
        .map(|scope| Scope::from(scope.as_str()))
        .collect();
    let scopes = if chosen.is_empty() { needed.to_vec() } else { chosen };
    // A plain http URL is accepted for loopback only.
    let mut config = Config::new(environment, credentials(global)?)
        .scopes(scopes)
        .allow_loopback_http()
        .on_conflict(global.on_conflict.into());
    config.user_agent = Some(concat!("qbank/", env!("CARGO_PKG_VERSION")).to_owned());
    config.timeout = global.timeout.unwrap_or(config.timeout);
    config.connect_timeout = global.connect_timeout;
    config.deadline = global.deadline.unwrap_or(config.deadline);
    config.retry.max_retries = global.max_retries.unwrap_or(config.retry.max_retries);
    Ok(Client::with_driver(config, choose(global)?)?)
}

fn credentials(global: &Global) -> Result<Credentials, Failure> {
    if let Some(token) = variable("QBANK_ACCESS_TOKEN")? {
        let token = AccessToken::new(token.expose().trim())
            .map_err(|error| Failure::usage(format!("QBANK_ACCESS_TOKEN: {error}")))?;
        return Ok(Credentials::Token(token));
    }
    let secret = match &global.client_secret_file {
        Some(path) => Some(input::secret(path, "--client-secret-file")?),
        None => variable("QBANK_CLIENT_SECRET")?
            .map(|secret| Secret::new(secret.expose().trim_end_matches(['\r', '\n']))),
    };
    let id = global.client_id.clone().filter(|id| !id.is_empty());
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Credentials::client(id, secret)),
        (None, _) => Err(Failure::usage(
            "no client id: give --client-id or set QBANK_CLIENT_ID (or a token in QBANK_ACCESS_TOKEN)",
        )),
        (_, None) => Err(Failure::usage(
            "no client secret: set QBANK_CLIENT_SECRET or give --client-secret-file (or a token in QBANK_ACCESS_TOKEN)",
        )),
    }
}
