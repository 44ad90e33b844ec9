//! `POST /token`: OAuth 2.0 client credentials (RFC 6749 §4.4).

use std::fmt;

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use http::{HeaderValue, Method, Request, Uri, header};
use zeroize::Zeroizing;

use crate::config::{ClientAuth, Config, Credentials};
use crate::error::Error;
use crate::types::Secret;

/// The parts of the token request that never change. The body is wiped with its
/// last clone.
pub(crate) struct TokenRequest {
    body: Bytes,
    authorization: Option<HeaderValue>,
}

impl TokenRequest {
    /// `None` where the application supplies the token.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, Error> {
        let Credentials::Client { id, secret } = &config.credentials else {
            return Ok(None);
        };
        if id.is_empty() {
            return Err(Error::invalid_input("client id", "must not be empty"));
        }
        if secret.expose().is_empty() {
            return Err(Error::invalid_input("client secret", "must not be empty"));
        }
        let mut scope = String::new();
        for one in &config.scopes {
            if !scope.is_empty() {
                scope.push(' ');
            }
            scope.push_str(one.as_str());
        }
        let mut form = Form(Zeroizing::new(String::with_capacity(512)));
        form.pair("grant_type", "client_credentials");
        let authorization = match config.client_auth {
            ClientAuth::Body => {
                form.pair("client_id", id);
                form.pair("client_secret", secret.expose());
                None
            }
            ClientAuth::Basic => Some(basic(id, secret)?),
        };
        if !scope.is_empty() {
            form.pair("scope", &scope);
        }
        for (name, value) in &config.token_parameters {
            check_name(name)?;
            form.pair(name, value);
        }
        let body = Secret::bytes(Zeroizing::new(form.0.as_bytes().to_vec()));
        Ok(Some(Self { body, authorization }))
    }

    pub(crate) fn build(&self, url: &Uri, user_agent: &HeaderValue) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.clone();
        let headers = request.headers_mut();
        headers.reserve(6);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, user_agent.clone());
        if let Some(value) = &self.authorization {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        request
    }
}

/// A parameter must not say otherwise what the configuration says (RFC 6749 §3.2).
fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::invalid_input("token parameter", "must have a name"));
    }
    if RESERVED.contains(&name) {
        let rule = format!("must not be `{name}`, which follows from credentials and scopes");
        return Err(Error::invalid_input("token parameter", rule));
    }
    Ok(())
}

const RESERVED: [&str; 6] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
];

/// The secret as it is, as the form has it, and as HTTP Basic has it.
pub(crate) fn spellings(id: &str, secret: &Secret) -> Vec<Secret> {
    let mut encoded = String::with_capacity(3 * secret.expose().len());
    encoded.extend(byte_serialize(secret.expose().as_bytes()));
    vec![secret.clone(), Secret::new(encoded), basic_value(id, secret)]
}

/// Each part is form-encoded first (RFC 6749 §2.3.1).
fn basic_value(id: &str, secret: &Secret) -> Secret {
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.expose().len())));
    pair.extend(byte_serialize(id.as_bytes()));
    pair.push(':');
    pair.extend(byte_serialize(secret.expose().as_bytes()));
    Secret::new(Base64::encode_string(pair.as_bytes()))
}

fn basic(id: &str, secret: &Secret) -> Result<HeaderValue, Error> {
    Secret::header("Basic ", basic_value(id, secret).expose())
        .ok_or_else(|| Error::invalid_input("client credentials", "cannot be sent as a header"))
}

/// Reserved large enough that a usual secret never moves while it is written.
struct Form(Zeroizing<String>);

impl Form {
    fn pair(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(byte_serialize(value.as_bytes()));
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRequest([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::types::Scope;

    fn configured(client_auth: ClientAuth) -> Config {
        let credentials = Credentials::client("id +/", "s&cret=ü");
        let mut config = Config::new(Environment::Production, credentials)
            .scopes([Scope::AccountsRead, Scope::PaymentsRead]);
        config.client_auth = client_auth;
        config
    }

    fn request(client_auth: ClientAuth) -> Request<Bytes> {
        built(&configured(client_auth))
    }

    fn built(config: &Config) -> Request<Bytes> {
        let url = Uri::from_static("https://api.qbankconnect.com/v1/token");
        let agent = HeaderValue::from_static("test");
        TokenRequest::of(config).unwrap().unwrap().build(&url, &agent)
    }

    #[test]
    fn wire_vector() {
        assert_eq!(
            request(ClientAuth::Body).body(),
            "grant_type=client_credentials&client_id=id+%2B%2F&client_secret=s%26cret%3D%C3%BC&scope=accounts.read+payments.read"
        );
    }

    #[test]
    fn basic_form_encodes_each_part_first() {
        let request = request(ClientAuth::Basic);
        let value = request.headers()[header::AUTHORIZATION].clone();
        assert!(value.is_sensitive());
        let expected = Base64::encode_string(b"id+%2B%2F:s%26cret%3D%C3%BC");
        assert_eq!(value.to_str().unwrap(), format!("Basic {expected}"));
        assert_eq!(
            request.body(),
            "grant_type=client_credentials&scope=accounts.read+payments.read"
        );
    }

    #[test]
    fn further_parameters_follow_in_the_form_however_credentials_travel() {
        for client_auth in [ClientAuth::Body, ClientAuth::Basic] {
            let config = configured(client_auth)
                .token_parameter("audience", "https://api.example/?a=b&c")
                .token_parameter("resource", "urn:a")
                .token_parameter("resource", "urn:b")
                .token_parameter("x y", "");
            let body = built(&config).into_body();
            let body = std::str::from_utf8(&body).unwrap();
            let expected = "&audience=https%3A%2F%2Fapi.example%2F%3Fa%3Db%26c\
                            &resource=urn%3Aa&resource=urn%3Ab&x+y=";
            assert!(body.ends_with(expected), "{body}");
        }
    }

    #[test]
    fn a_parameter_that_the_configuration_makes_is_refused_by_name() {
        for name in RESERVED.into_iter().chain([""]) {
            for client_auth in [ClientAuth::Body, ClientAuth::Basic] {
                let config = configured(client_auth).token_parameter(name, "x");
                let error = TokenRequest::of(&config).map(drop).unwrap_err();
                assert_eq!(error.input_field(), Some("token parameter"));
                assert!(error.to_string().contains(name), "{error}");
            }
        }
    }
}
