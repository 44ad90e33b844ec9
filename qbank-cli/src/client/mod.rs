//! The client that a command calls: configured by the settings, over the driver that was
//! chosen.

mod driver;
mod tls;

use qbank_proto::{AccessToken, Config, Credentials, Environment, Scope};

use crate::failure::Failure;
use crate::input::variable;
use crate::settings::Settings;

pub(crate) use driver::{Client, EitherDriver, List, choose};

const PRODUCTION: &str = "https://api.qbankconnect.com/v1";

/// `needed` are the scopes to ask for if none were chosen.
pub(crate) fn connect(settings: &Settings, needed: &[Scope]) -> Result<Client, Failure> {
    let environment = Environment::Custom {
        base_url: settings.base_url()?.unwrap_or_else(|| PRODUCTION.to_owned()),
        token_url: settings.token_url()?,
    };
    let chosen = settings.scopes()?;
    let chosen: Vec<Scope> =
        chosen.iter().flat_map(|it| it.split_whitespace()).map(Scope::from).collect();
    let scopes = if chosen.is_empty() { needed.to_vec() } else { chosen };
    // A plain http URL is accepted for loopback only.
    let mut config = Config::new(environment, credentials(settings)?)
        .scopes(scopes)
        .allow_loopback_http()
        .on_conflict(settings.on_conflict().into());
    config.user_agent = Some(concat!("qbank/", env!("CARGO_PKG_VERSION")).to_owned());
    config.token_parameters = settings.token_parameters();
    config.timeout = settings.timeout().unwrap_or(config.timeout);
    config.connect_timeout = settings.connect_timeout();
    config.deadline = settings.deadline().unwrap_or(config.deadline);
    config.retry.max_retries = settings.max_retries().unwrap_or(config.retry.max_retries);
    let client = Client::with_driver(config, choose(settings)?);
    client.map_err(|error| match error.input_field() {
        Some("token parameter") => error.with_input_field("--token-parameter").into(),
        _ => error.into(),
    })
}

fn credentials(settings: &Settings) -> Result<Credentials, Failure> {
    if let Some(token) = variable("QBANK_ACCESS_TOKEN")? {
        let token = AccessToken::new(token.expose())
            .map_err(|error| Failure::usage(format!("QBANK_ACCESS_TOKEN: {error}")))?;
        return Ok(Credentials::Token(token));
    }
    // Before a secret is asked for, which a command may take a person for.
    let id = settings.client_id()?.filter(|id| !id.is_empty()).ok_or_else(|| {
        Failure::usage(
            "no client id: give --client-id, set QBANK_CLIENT_ID or name a --profile (or a token \
             in QBANK_ACCESS_TOKEN)",
        )
    })?;
    let secret = settings.client_secret()?.ok_or_else(|| {
        Failure::usage(
            "no client secret: set QBANK_CLIENT_SECRET, give --client-secret-file or name a \
             --profile (or a token in QBANK_ACCESS_TOKEN)",
        )
    })?;
    Ok(Credentials::client(id, secret))
}
