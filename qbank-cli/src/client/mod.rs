//! The client that a command calls: configured by the global options and the
//! environment, over the driver that was chosen.

mod driver;
mod tls;

use qbank_proto::{AccessToken, Config, Credentials, Environment, Scope};

use crate::args::Global;
use crate::failure::Failure;
use crate::input::{self, variable};

pub(crate) use driver::{Client, EitherDriver, List, choose};

const PRODUCTION: &str = "https://api.qbankconnect.com/v1";

/// `needed` are the scopes to ask for if none were chosen.
pub(crate) fn connect(global: &Global, needed: &[Scope]) -> Result<Client, Failure> {
    let environment = Environment::Custom {
        base_url: base_url(global)?.unwrap_or_else(|| PRODUCTION.to_owned()),
        token_url: or_variable(global.token_url.as_ref(), "QBANK_TOKEN_URL")?,
    };
    let chosen = scopes(global)?;
    let scopes = if chosen.is_empty() { needed.to_vec() } else { chosen };
    // A plain http URL is accepted for loopback only.
    let mut config = Config::new(environment, credentials(global)?)
        .scopes(scopes)
        .allow_loopback_http()
        .on_conflict(global.on_conflict.into());
    config.user_agent = Some(concat!("qbank/", env!("CARGO_PKG_VERSION")).to_owned());
    config.token_parameters.clone_from(&global.token_parameters);
    config.timeout = global.timeout.unwrap_or(config.timeout);
    config.connect_timeout = global.connect_timeout;
    config.deadline = global.deadline.unwrap_or(config.deadline);
    config.retry.max_retries = global.max_retries.unwrap_or(config.retry.max_retries);
    let client = Client::with_driver(config, choose(global)?);
    client.map_err(|error| match error.input_field() {
        Some("token parameter") => error.with_input_field("--token-parameter").into(),
        _ => error.into(),
    })
}

/// The base URL that was chosen, if one was.
pub(crate) fn base_url(global: &Global) -> Result<Option<String>, Failure> {
    or_variable(global.base_url.as_ref(), "QBANK_BASE_URL")
}

/// An option, or else a variable.
fn or_variable(option: Option<&String>, name: &str) -> Result<Option<String>, Failure> {
    option.map_or_else(|| input::text(name), |value| Ok(Some(value.clone())))
}

fn scopes(global: &Global) -> Result<Vec<Scope>, Failure> {
    let variable = if global.scopes.is_empty() { input::text("QBANK_SCOPES")? } else { None };
    let chosen = global.scopes.iter().map(String::as_str).chain(variable.as_deref());
    Ok(chosen.flat_map(str::split_whitespace).map(Scope::from).collect())
}

fn credentials(global: &Global) -> Result<Credentials, Failure> {
    if let Some(token) = variable("QBANK_ACCESS_TOKEN")? {
        let token = AccessToken::new(token.expose())
            .map_err(|error| Failure::usage(format!("QBANK_ACCESS_TOKEN: {error}")))?;
        return Ok(Credentials::Token(token));
    }
    let secret = match &global.client_secret_file {
        Some(path) => Some(input::secret(path, "--client-secret-file")?),
        None => variable("QBANK_CLIENT_SECRET")?,
    };
    let id = or_variable(global.client_id.as_ref(), "QBANK_CLIENT_ID")?;
    let id = id.filter(|id| !id.is_empty());
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
