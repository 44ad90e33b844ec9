//! What the server does, as data.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The two endpoints of a scenario's bank. Each listens on a port of its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// What the API does with each request, in the order in which their first byte arrives. The
    /// last entry serves every further request as well.
    pub api: Vec<Steps>,
    /// What the token endpoint does with each request. None: always a good token, `t1`, `t2`, …
    /// for an hour.
    pub token: Vec<Steps>,
    /// The API's certificate. None on either endpoint: plain TCP; if one has a certificate, the
    /// other has at least a good one.
    pub tls: Option<Tls>,
    /// The token endpoint's certificate.
    pub token_tls: Option<Tls>,
    /// What the client is given to present where a server wants a certificate of it.
    pub client_certificate: Option<ClientCertificate>,
    /// How the API listens.
    pub listen: Listen,
    /// How the token endpoint listens.
    pub token_listen: Listen,
}

/// What the server does with one request.
///
/// - Unless one of them is a `read`, the whole request is read first.
/// - After a `respond` as the last step the connection is kept alive for a next request.
/// - After anything else it is closed with a FIN, unless there is a step `close` or `keep_open`.
/// - Steps that begin with `{"on": "connect"}` are taken by the next connection as soon as it is
///   accepted, whatever comes over it.
pub type Steps = Vec<Step>;

/// One thing that the server does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// These steps are for a connection, not for a request. Only as the first step.
    On(On),
    /// Read so much of the request before going on.
    Read(Read),
    /// A correct response, with a Content-Length.
    Respond(Response),
    /// The token endpoint's good response, with the next token.
    IssueToken(TokenResponse),
    /// These bytes, as UTF-8. `{base}` and the other placeholders are filled in.
    Send(String),
    /// These bytes, as hexadecimal digits; blanks are ignored.
    SendHex(String),
    /// Text in small pieces.
    Drip(Drip),
    /// The same text over and over, to fill a cap or a window.
    Flood(Repeat),
    /// Do nothing for so many milliseconds.
    StallMs(u64),
    /// End the connection.
    Close(Close),
    /// Keep serving this connection, although the last step is no `respond`.
    KeepOpen(bool),
}

/// What steps without a request are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A connection that was just accepted.
    Connect,
}

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// Up to the empty line.
    Head,
    /// The whole request.
    Body,
    /// So many bytes from the start of the request.
    Bytes(usize),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    /// In order: TLS close_notify if any, then a FIN.
    Fin,
    /// A FIN without TLS's close_notify: what an attacker who truncates can do.
    Cut,
    /// A RST, by SO_LINGER 0.
    Rst,
}

/// A correct response. At most one of the four bodies.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, placeholders filled in; a list of values is sent as several lines.
    /// `content-type` is `application/json` when there is a body and the scenario names none.
    pub headers: BTreeMap<String, Values>,
    /// The body, as it is.
    pub body: Option<String>,
    /// The body, as JSON; the members may come in another order.
    pub json: Option<serde_json::Value>,
    /// The body, as the name of a file in `scenarios/bodies/`.
    pub body_file: Option<String>,
    /// The body, made of a repeated text.
    pub body_repeat: Option<Repeat>,
}

/// One value of a header, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// One line.
    One(String),
    /// A line each.
    Many(Vec<String>),
}

/// A text made of a repeated text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Repeat {
    /// Once, before it.
    pub before: String,
    /// What is repeated.
    pub text: String,
    /// How often.
    pub times: usize,
    /// Once, after it.
    pub after: String,
}

impl Repeat {
    /// The whole text.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.before, self.text.repeat(self.times), self.after)
    }
}

/// A good response of the token endpoint. Members that are absent here are as documented.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenResponse {
    /// Any JSON value; `null` leaves the member out. Absent: 3600.
    #[serde(deserialize_with = "some")]
    pub expires_in: Option<serde_json::Value>,
    /// Absent: `Bearer`.
    pub token_type: Option<String>,
    /// Absent: the next of `t1`, `t2`, …
    pub access_token: Option<String>,
}

/// Tells an explicit `null` from a member that is not there.
fn some<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(d).map(Some)
}

/// Text in small pieces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// The text, placeholders filled in.
    pub text: String,
    /// The pause after each piece.
    pub every_ms: u64,
    /// The size of a piece.
    pub bytes: usize,
}

/// Which certificate the server presents, or what it does instead of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// For 127.0.0.1 and localhost, signed by the test CA.
    Good,
    /// Good, on a server that speaks TLS 1.2 at most.
    Good12,
    /// Good, on a server that speaks HTTP/2 only (by ALPN). It has no HTTP/2 stack: the script
    /// sends the frames.
    GoodH2,
    /// Signed by the test CA, ended in 2001.
    Expired,
    /// Signed by the test CA, begins in 2090.
    NotYetValid,
    /// Signed by itself.
    SelfSigned,
    /// Signed by another CA.
    UnknownCa,
    /// Signed by the test CA, for another name.
    OtherName,
    /// Good, and for other.example as well, on a server that wants a client certificate of the
    /// test CA.
    WantsClientCertificate,
    /// The same, on a server that speaks TLS 1.2 at most.
    WantsClientCertificate12,
    /// The same, on a server that speaks HTTP/2 only, as with `GoodH2`.
    WantsClientCertificateH2,
    /// The same over TLS 1.3, but every client is reset when its certificate, or that it has
    /// none, was read: what loses the alert on a real way.
    WantsClientCertificateAndResets,
    /// No TLS at all: plain HTTP on a port that was announced as `https`.
    Plaintext,
    /// The connection is closed after the ClientHello.
    ClosesInHandshake,
    /// The connection is reset after the ClientHello.
    ResetsInHandshake,
    /// Nothing comes back after the ClientHello.
    StallsInHandshake,
}

/// A certificate for the client to present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientCertificate {
    /// Signed by an intermediate CA that the test CA signed; the chain holds both.
    Good,
    /// Signed by the test CA, ended in 2001.
    Expired,
    /// Signed by another CA.
    UnknownCa,
}

/// How an endpoint listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// It accepts.
    #[default]
    Accept,
    /// Nothing listens on the port: connections are refused.
    Refuse,
    /// Nothing listens at first; after so many milliseconds it accepts.
    AcceptAfterMs(u64),
    /// The backlog is full and nothing accepts: a connect stays pending.
    NeverAccept,
    /// The host name does not resolve.
    NoSuchHost,
}
