//! The configuration of a session.

use qbank_proto::{AccessToken, Config, ConflictPolicy, Credentials, Environment, Error, Session};
use zeroize::Zeroizing;

use super::input::Input;

/// Its text holds the client secret: it is wiped.
pub(super) fn session(config: String) -> Result<Session, Error> {
    let config = Zeroizing::new(config);
    let input = Input::of(&config)?;
    let mut config = Config::new(environment(&input), credentials(&input)?);
    config.allow_loopback_http = true;
    config.scopes = input.text("scopes").split_ascii_whitespace().map(Into::into).collect();
    config.timeout = input.time("timeoutMs").unwrap_or(config.timeout);
    config.deadline = input.time("deadlineMs").unwrap_or(config.deadline);
    config.retry.max_retries = input.count("maxRetries").unwrap_or(config.retry.max_retries);
    config.retry.base = input.time("backoffMs").unwrap_or(config.retry.base);
    config.on_conflict = on_conflict(&input).unwrap_or(config.on_conflict);
    config.poll_interval = input.time("pollIntervalMs").unwrap_or(config.poll_interval);
    config.max_key_age = input.time("maxKeyAgeMs").unwrap_or(config.max_key_age);
    if let Some(bytes) = input.count("maxBodyBytes") {
        config.max_body = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    config.user_agent = input.opt_text("userAgent").map(Into::into);
    Session::new(config)
}

fn environment(input: &Input<'_>) -> Environment {
    if let Some(port) = input.number("sandboxPort") {
        return Environment::Sandbox { port: u16::try_from(port).unwrap_or_default() };
    }
    match input.opt_text("baseUrl") {
        None => Environment::Production,
        Some(base_url) => Environment::Custom {
            base_url: base_url.into(),
            token_url: input.opt_text("tokenUrl").map(Into::into),
        },
    }
}

fn credentials(input: &Input<'_>) -> Result<Credentials, Error> {
    if let Some(id) = input.opt_text("clientId") {
        return Ok(Credentials::client(id, &*input.text("clientSecret")));
    }
    input
        .opt_text("accessToken")
        .map_or(Ok(Credentials::Supplier), |token| AccessToken::new(&token).map(Credentials::Token))
}

pub(super) fn on_conflict(input: &Input<'_>) -> Option<ConflictPolicy> {
    Some(match &*input.opt_text("onConflict")? {
        "report" => ConflictPolicy::Report,
        "follow" => ConflictPolicy::FollowAlways,
        _ => ConflictPolicy::FollowOwn,
    })
}
