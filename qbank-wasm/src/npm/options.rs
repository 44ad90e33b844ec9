//! The options of a client and of a call, as JavaScript gives them.

use js_sys::{Function, Promise, Reflect};
use qbank_proto::{
    AccessToken, AuthDate, BoxError, CallOptions, Client, Config, ConflictPolicy, Credentials,
    Environment, Error, IdempotencyKey, Resume,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::fields::Fields;
use crate::{AbortSignal, Fetch};

const CLIENT: [&str; 15] = [
    "clientId",
    "clientSecret",
    "scopes",
    "accessToken",
    "environment",
    "timeoutMs",
    "deadlineMs",
    "maxRetries",
    "onConflict",
    "fetch",
    "backoffMs",
    "pollIntervalMs",
    "maxBodyBytes",
    "maxKeyAgeMs",
    "userAgent",
];
const READ: [&str; 5] = ["timeoutMs", "deadlineMs", "maxRetries", "accessToken", "signal"];
const WRITE: [&str; 9] = [
    "timeoutMs",
    "deadlineMs",
    "maxRetries",
    "accessToken",
    "signal",
    "idempotencyKey",
    "resumeFrom",
    "onConflict",
    "authDate",
];

/// A client with the options of `QBankConnectClient`.
pub(super) fn client(options: &JsValue) -> Result<Client<Fetch>, Error> {
    let fields = Fields::of(options.clone(), "options", "", &CLIENT)?;
    let mut fetch = match fields.get("fetch") {
        None => Fetch::default(),
        Some(function) => Fetch::with_function(
            function.dyn_into().map_err(|_| fields.wrong("fetch", "must be a function"))?,
        ),
    };
    let credentials = credentials(&fields, &mut fetch)?;
    let mut config = Config::new(environment(&fields)?, credentials);
    config.allow_loopback_http = true;
    if let Some(scopes) = fields.get("scopes") {
        let rule = || fields.wrong("scopes", "must be an array of strings such as accounts.read");
        for scope in js_sys::try_iter(&scopes).ok().flatten().ok_or_else(rule)? {
            let scope = scope.ok().and_then(|scope| scope.as_string()).ok_or_else(rule)?;
            let plain = !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
            if !plain {
                return Err(rule());
            }
            config.scopes.push(scope.as_str().into());
        }
    }
    config.timeout = fields.milliseconds("timeoutMs")?.unwrap_or(config.timeout);
    config.deadline = fields.milliseconds("deadlineMs")?.unwrap_or(config.deadline);
    config.retry.max_retries = fields.count("maxRetries")?.unwrap_or(config.retry.max_retries);
    config.retry.base = fields.milliseconds("backoffMs")?.unwrap_or(config.retry.base);
    config.on_conflict = on_conflict(&fields)?.unwrap_or(config.on_conflict);
    config.poll_interval = fields.milliseconds("pollIntervalMs")?.unwrap_or(config.poll_interval);
    config.max_key_age = fields.milliseconds("maxKeyAgeMs")?.unwrap_or(config.max_key_age);
    if let Some(bytes) = fields.count("maxBodyBytes")? {
        if bytes == 0 {
            return Err(fields.wrong("maxBodyBytes", "must be more than zero"));
        }
        config.max_body = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    config.user_agent = fields.text("userAgent")?;
    Client::with_driver(config, fetch).map_err(named)
}

fn environment(fields: &Fields) -> Result<Environment, Error> {
    const RULE: &str = "must be \"production\", { sandboxPort } or { baseUrl, tokenUrl? }";
    let Some(value) = fields.get("environment") else { return Ok(Environment::Production) };
    if value.as_string().as_deref() == Some("production") {
        return Ok(Environment::Production);
    }
    let known = ["sandboxPort", "baseUrl", "tokenUrl"];
    let inner = if value.is_object() {
        Fields::of(value, "environment", "environment.", &known)?
    } else {
        return Err(fields.wrong("environment", RULE));
    };
    match (inner.count("sandboxPort")?, inner.text("baseUrl")?) {
        (Some(port), None) if inner.get("tokenUrl").is_none() => {
            let port = u16::try_from(port).ok().filter(|port| *port > 0);
            let rule = || inner.wrong("sandboxPort", "must be a port from 1 to 65535");
            Ok(Environment::Sandbox { port: port.ok_or_else(rule)? })
        }
        (None, Some(base_url)) => {
            Ok(Environment::Custom { base_url, token_url: inner.text("tokenUrl")? })
        }
        _ => Err(fields.wrong("environment", RULE)),
    }
}

fn credentials(fields: &Fields, fetch: &mut Fetch) -> Result<Credentials, Error> {
    const RULE: &str = "must be given: clientId and clientSecret, or accessToken";
    let (id, secret) = (fields.text("clientId")?, fields.text("clientSecret")?);
    match (id, secret, fields.get("accessToken")) {
        (Some(id), Some(secret), None) => Ok(Credentials::client(id, secret)),
        (None, None, Some(token)) => match token.dyn_into::<Function>() {
            Ok(supplier) => {
                *fetch = fetch.clone().token_supplier(move |_| supplied(supplier.clone()));
                Ok(Credentials::Supplier)
            }
            Err(token) => {
                let text = token.as_string();
                let rule = || fields.wrong("accessToken", "must be a string or a function");
                AccessToken::new(&text.ok_or_else(rule)?).map(Credentials::Token).map_err(named)
            }
        },
        (None, None, None) => Err(fields.wrong("credentials", RULE)),
        (_, _, Some(_)) => {
            Err(fields.wrong("accessToken", "must not be given with clientId or clientSecret"))
        }
        (None, Some(_), None) => Err(fields.wrong("clientId", "is missing")),
        (Some(_), None, None) => Err(fields.wrong("clientSecret", "is missing")),
    }
}

/// Asks the application's function for a token: a string, or what a token endpoint
/// says, in camel case.
async fn supplied(supplier: Function) -> Result<AccessToken, BoxError> {
    let told = |error: JsValue| BoxError::from(super::answer::message(&error));
    let answer = supplier.call0(&JsValue::UNDEFINED).map_err(told)?;
    let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(told)?;
    if let Some(text) = answer.as_string() {
        return Ok(AccessToken::new(&text)?);
    }
    let member = |name: &str| Reflect::get(&answer, &name.into()).unwrap_or_default();
    let Some(text) = member("accessToken").as_string() else {
        return Err("it must give a string, or { accessToken, expiresIn? }".into());
    };
    let token = AccessToken::new(&text)?;
    let told = member("expiresIn");
    let seconds = told.as_f64().or_else(|| told.as_string()?.parse::<u32>().ok().map(f64::from));
    let seconds = seconds.filter(|seconds| seconds.is_finite());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    Ok(match seconds {
        Some(seconds) => token.expires_in(std::time::Duration::from_secs(seconds as u64)),
        None => token,
    })
}

/// What one call does differently.
pub(super) struct Options {
    pub(super) call: CallOptions,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) signal: Option<AbortSignal>,
}

/// The options of a call. `further` is what this call alone knows.
pub(super) fn call(
    options: JsValue,
    writes: bool,
    further: Option<&'static str>,
) -> Result<(Options, Fields), Error> {
    let mut known: Vec<&str> = if writes { WRITE.to_vec() } else { READ.to_vec() };
    known.extend(further);
    let fields = if options.is_undefined() || options.is_null() {
        Fields::none()
    } else {
        Fields::of(options, "options", "", &known)?
    };
    let mut call = CallOptions::default();
    call.timeout = fields.milliseconds("timeoutMs")?;
    call.deadline = fields.milliseconds("deadlineMs")?;
    call.max_retries = fields.count("maxRetries")?;
    call.on_conflict = on_conflict(&fields)?;
    if let Some(token) = fields.text("accessToken")? {
        call.token = Some(AccessToken::new(&token).map_err(named)?);
    }
    call.auth_date = auth_date(&fields)?;
    // A null is an empty column of a database: taken for "make one", it pays twice.
    for name in ["idempotencyKey", "resumeFrom"] {
        if fields.is_null(name) {
            return Err(fields.wrong(name, "must not be null; leave it out for a new intent"));
        }
    }
    let key = fields.parsed("idempotencyKey")?;
    if let Some(first_sent) = fields.moment("resumeFrom")? {
        if key.is_none() {
            return Err(fields.wrong("idempotencyKey", "is needed to resume"));
        }
        call.resume = Some(Resume::new(first_sent));
    }
    let signal = fields.get("signal");
    let is_signal = |it: &JsValue| {
        let member = |name: &str| Reflect::get(it, &name.into()).unwrap_or_default();
        member("addEventListener").is_function()
            && member("removeEventListener").is_function()
            && member("aborted").as_bool().is_some()
    };
    if signal.as_ref().is_some_and(|signal| !is_signal(signal)) {
        return Err(fields.wrong("signal", "must be an AbortSignal"));
    }
    Ok((Options { call, key, signal: signal.map(JsCast::unchecked_into) }, fields))
}

/// Whether the options say that an intent was perhaps sent before, however wrong
/// they are otherwise.
pub(super) fn resumes(options: &JsValue) -> bool {
    let from = Reflect::get(options, &"resumeFrom".into());
    from.map_or(options.is_object(), |from| !from.is_undefined() && !from.is_null())
}

fn on_conflict(fields: &Fields) -> Result<Option<ConflictPolicy>, Error> {
    Ok(match fields.text("onConflict")?.as_deref() {
        None => None,
        Some("report") => Some(ConflictPolicy::Report),
        Some("follow-own") => Some(ConflictPolicy::FollowOwn),
        Some("follow") => Some(ConflictPolicy::FollowAlways),
        Some(_) => return Err(fields.wrong("onConflict", "must be report, follow-own or follow")),
    })
}

fn auth_date(fields: &Fields) -> Result<Option<AuthDate>, Error> {
    const NAME: &str = "authDate";
    let Some(value) = fields.get(NAME) else { return Ok(None) };
    let date = match value.as_string() {
        Some(text) => text.parse(),
        None => fields.moment(NAME)?.map_or_else(|| "".parse(), AuthDate::try_from),
    };
    date.map(Some).map_err(named)
}

/// The core's name of an input, as JavaScript knows it.
pub(super) fn named(error: Error) -> Error {
    let name = match error.input_field() {
        Some("access token") => "accessToken",
        Some("auth date") => "authDate",
        Some("base URL") => "environment.baseUrl",
        Some("beneficiary name") => "beneficiaryDetails.name",
        Some("check number") => "checkNumber",
        Some("client id") => "clientId",
        Some("client secret") => "clientSecret",
        Some("deadline") => "deadlineMs",
        Some("first sent") => "resumeFrom",
        Some("recipient name") => "recipientDetails.name",
        Some("reference code") => "referenceCode",
        Some("reference id") => "referenceId",
        Some("timeout") => "timeoutMs",
        Some("to account") => "toAccountId",
        Some("token URL") => "environment.tokenUrl",
        Some("user agent") => "userAgent",
        _ => return error,
    };
    error.with_input_field(name)
}
