//! The options of a client.

use qbank_proto::{AccessToken, Config, Credentials, Environment, Error};

use super::Members;
use super::options::on_conflict;

/// The options of a client. Without credentials its tokens come from the application's own
/// supplier; without a port and a URL the bank is the production one.
pub(crate) fn config(json: &str) -> Result<Config, Error> {
    let mut options = Members::parse("options", json)?;
    let mut config = Config::new(environment(&mut options)?, credentials(&mut options)?);
    config.allow_loopback_http = true;
    config.scopes = options.texts("scopes")?.iter().map(|scope| scope.as_str().into()).collect();
    config.timeout = options.milliseconds("timeoutMs")?.unwrap_or(config.timeout);
    config.deadline = options.milliseconds("deadlineMs")?.unwrap_or(config.deadline);
    config.retry.max_retries = options.number("maxRetries")?.unwrap_or(config.retry.max_retries);
    config.retry.base = options.milliseconds("backoffMs")?.unwrap_or(config.retry.base);
    config.on_conflict = on_conflict(&mut options)?.unwrap_or(config.on_conflict);
    config.poll_interval = options.milliseconds("pollIntervalMs")?.unwrap_or(config.poll_interval);
    config.max_key_age = options.milliseconds("maxKeyAgeMs")?.unwrap_or(config.max_key_age);
    config.max_body = options.number("maxBodyBytes")?.unwrap_or(config.max_body);
    config.user_agent = options.maybe_text("userAgent")?;
    options.end()?;
    Ok(config)
}

fn environment(options: &mut Members<'_>) -> Result<Environment, Error> {
    let token_url = options.maybe_text("tokenUrl")?;
    Ok(match (options.number("sandboxPort")?, options.maybe_text("baseUrl")?) {
        (Some(port), _) => Environment::Sandbox { port },
        (None, Some(base_url)) => Environment::Custom { base_url, token_url },
        (None, None) => Environment::Production,
    })
}

fn credentials(options: &mut Members<'_>) -> Result<Credentials, Error> {
    Ok(match (options.maybe_text("clientId")?, options.maybe_text("accessToken")?) {
        (Some(id), _) => Credentials::client(id, options.text("clientSecret")?),
        (None, Some(token)) => Credentials::Token(AccessToken::new(&token)?),
        (None, None) => Credentials::Supplier,
    })
}
