//! Faults: what goes wrong, for which requests, how many times. A fault that needs the
//! connection becomes a [`WireFault`] in the response's extensions.

mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use qbank_proto::RequestId;
use serde::Serialize;

use crate::message::error::{ApiError, GARBAGE, HTML, standard};
use crate::message::fields::Fields;
use crate::message::response::{ApiResponse, ContentType};
use crate::message::route::BASE;
pub use wire::WireFault;

const MOST_FAULTS: usize = 1_000;
const LONGEST_DELAY: Duration = Duration::from_secs(600);

/// The faults that are left, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    left: VecDeque<BankFault>,
}

/// Makes requests to come fail: by default the next one, whatever its path.
///
/// ```
/// use std::time::Duration;
/// use qbank_sandbox::BankFault;
///
/// // The bank makes the payment, and the connection breaks before the response.
/// let lost = BankFault::drop_after_commit().on("/payments/ach");
/// // Three reads in a row are 503, with a Retry-After of two seconds.
/// let busy = BankFault::status(503).retry_after(Duration::from_secs(2)).times(3);
/// ```
///
/// The same as `POST /_sandbox/faults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankFault {
    method: Box<str>,
    path: Box<str>,
    #[serde(flatten)]
    kind: FaultKind,
    times: u64,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum FaultKind {
    Refuse,
    DropAfterCommit,
    Truncate,
    Delay {
        ms: u64,
    },
    Status {
        status: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    },
    Html,
    Garbage,
    Slow {
        bytes_per_s: u32,
    },
    RevokeToken,
    InFlight,
}

impl BankFault {
    /// The connection closes before the request is read; nothing is done.
    pub fn refuse() -> Self {
        Self::new(FaultKind::Refuse)
    }

    /// The request is done, and the connection closes without a response.
    pub fn drop_after_commit() -> Self {
        Self::new(FaultKind::DropAfterCommit)
    }

    /// The request is done, and the connection closes after half of the response's body.
    pub fn truncate() -> Self {
        Self::new(FaultKind::Truncate)
    }

    /// The request is done, and the response comes so much later: ten minutes at most.
    pub fn delay(by: Duration) -> Self {
        let ms = by.min(LONGEST_DELAY).as_millis();
        Self::new(FaultKind::Delay { ms: u64::try_from(ms).unwrap_or(u64::MAX) })
    }

    /// The response has this status (200 to 599); nothing is done.
    pub fn status(status: u16) -> Self {
        let status = status.clamp(200, 599);
        Self::new(FaultKind::Status { status, retry_after: None, location: None })
    }

    /// The request is done, and the response is 200 with the page of a proxy.
    pub fn html() -> Self {
        Self::new(FaultKind::Html)
    }

    /// The request is done, and the body of the response is not JSON.
    pub fn garbage() -> Self {
        Self::new(FaultKind::Garbage)
    }

    /// The request is done, and the body of the response arrives at this speed.
    pub fn slow(bytes_per_s: u32) -> Self {
        Self::new(FaultKind::Slow { bytes_per_s: bytes_per_s.max(1) })
    }

    /// The request's token is invalid from now on; the response is 401.
    pub fn revoke_token() -> Self {
        Self::new(FaultKind::RevokeToken)
    }

    /// The request is done, and the response is 409, as if another request with its key
    /// were in process.
    pub fn in_flight() -> Self {
        Self::new(FaultKind::InFlight)
    }

    /// Only for requests to this path, such as `/payments/ach`. A `*` at its end stands
    /// for any rest.
    #[must_use]
    pub fn on(self, path: &str) -> Self {
        Self { path: under_base(path.to_owned()).into(), ..self }
    }

    /// Only for requests with this method.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "`Method::POST` reads better")]
    pub fn method(self, method: Method) -> Self {
        Self { method: method.as_str().into(), ..self }
    }

    /// For so many requests, at least one.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: times.max(1), ..self }
    }

    /// Gives the response of [`BankFault::status`] a `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let FaultKind::Status { retry_after, .. } = &mut self.kind {
            *retry_after = Some(wait.as_secs().to_string());
        }
        self
    }

    /// Gives the response of [`BankFault::status`] a `Location`.
    #[must_use]
    pub fn location(mut self, to: impl Into<String>) -> Self {
        if let FaultKind::Status { location, .. } = &mut self.kind {
            *location = Some(to.into());
        }
        self
    }

    fn new(kind: FaultKind) -> Self {
        Self { method: "*".into(), path: "*".into(), kind, times: 1 }
    }
}

impl Faults {
    /// Adds a fault; of more than a thousand the oldest is dropped.
    pub(crate) fn push(&mut self, fault: BankFault) {
        if self.left.len() >= MOST_FAULTS {
            self.left.pop_front();
        }
        self.left.push_back(fault);
    }

    /// `POST /_sandbox/faults`.
    pub(crate) fn add(&mut self, body: &[u8]) -> Result<ApiResponse, ApiError> {
        let fault = BankFault::parse(body)?;
        if self.left.len() >= MOST_FAULTS {
            return Err(ApiError::unprocessable("ERR_SBX_002", "There are too many faults."));
        }
        let response = ApiResponse::json(StatusCode::CREATED, &fault);
        self.left.push_back(fault);
        Ok(response)
    }

    /// `GET /_sandbox/faults`.
    pub(crate) fn list(&self) -> ApiResponse {
        ApiResponse::json(StatusCode::OK, &self.left)
    }

    pub(crate) fn clear(&mut self) {
        self.left.clear();
    }

    /// The first fault for such a request; one of its times is then used up.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let at = self.first(method, path)?;
        self.take_at(at)
    }

    /// Takes the first fault for such a request only if it is a refusal.
    pub(crate) fn take_refusal(&mut self, method: &str, path: &str) -> bool {
        self.first(method, path)
            .filter(|at| self.left.get(*at).is_some_and(|f| f.kind == FaultKind::Refuse))
            .and_then(|at| self.take_at(at))
            .is_some()
    }

    fn first(&self, method: &str, path: &str) -> Option<usize> {
        self.left.iter().position(|fault| fault.matches(method, path))
    }

    fn take_at(&mut self, at: usize) -> Option<FaultKind> {
        let fault = self.left.get_mut(at)?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.left.remove(at);
        }
        Some(kind)
    }
}

/// The methods that a fault can be for; `*` is any.
const METHODS: [&str; 6] = ["*", "GET", "POST", "PUT", "PATCH", "DELETE"];

impl BankFault {
    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut fields = Fields::parse(body)?;
        let method = fields.optional_text("method", 16)?.unwrap_or_else(|| "*".into());
        let method = method.to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            let message = format!("method must be one of {}.", METHODS.join(", "));
            return Err(ApiError::malformed(message));
        }
        let path = fields.optional_text("path", 256)?.unwrap_or_else(|| "*".into());
        let kind = FaultKind::parse(&mut fields)?;
        let times = fields.optional_number("times", 1, 1_000_000)?.unwrap_or(1);
        fields.end()?;
        Ok(Self { method: method.into(), path: under_base(path).into(), kind, times })
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        (&*self.method == "*" || &*self.method == method)
            && match self.path.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => path == &*self.path,
            }
    }
}

/// `/payments/ach` is short for `/v1/payments/ach`; `*` stays any path.
fn under_base(path: String) -> String {
    let in_base =
        path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']));
    if in_base || path == "*" {
        return path;
    }
    format!("{BASE}/{}", path.trim_start_matches('/'))
}

impl FaultKind {
    fn parse(fields: &mut Fields) -> Result<Self, ApiError> {
        Ok(match &*fields.text("kind", 32)? {
            "refuse" => Self::Refuse,
            "drop_after_commit" => Self::DropAfterCommit,
            "truncate" => Self::Truncate,
            "delay" => Self::Delay { ms: fields.number("ms", 0, 600_000)? },
            "status" => Self::status(fields)?,
            "html" => Self::Html,
            "garbage" => Self::Garbage,
            "slow" => {
                let speed = fields.number("bytes_per_s", 1, u64::from(u32::MAX))?;
                Self::Slow { bytes_per_s: u32::try_from(speed).unwrap_or(u32::MAX) }
            }
            "revoke_token" => Self::RevokeToken,
            "in_flight" => Self::InFlight,
            _ => {
                return Err(ApiError::malformed(
                    "`kind` must be refuse, drop_after_commit, truncate, delay, status, html, \
                     garbage, slow, revoke_token or in_flight.",
                ));
            }
        })
    }

    fn status(fields: &mut Fields) -> Result<Self, ApiError> {
        let status = fields.number("status", 200, 599)?;
        let retry_after = if fields.is_text("retry_after") {
            fields.optional_text("retry_after", 128)?
        } else {
            fields.optional_number("retry_after", 0, u64::MAX)?.map(|n| n.to_string())
        };
        let location = fields.optional_text("location", 1_024)?;
        if [&retry_after, &location]
            .into_iter()
            .flatten()
            .any(|v| HeaderValue::from_str(v).is_err())
        {
            return Err(ApiError::malformed("A header cannot have such a value."));
        }
        Ok(Self::Status { status: u16::try_from(status).unwrap_or(500), retry_after, location })
    }

    /// Its name on the control surface.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::DropAfterCommit => "drop_after_commit",
            Self::Truncate => "truncate",
            Self::Delay { .. } => "delay",
            Self::Status { .. } => "status",
            Self::Html => "html",
            Self::Garbage => "garbage",
            Self::Slow { .. } => "slow",
            Self::RevokeToken => "revoke_token",
            Self::InFlight => "in_flight",
        }
    }

    /// The response instead of doing anything, if there is one.
    pub(crate) fn instead(&self, request_id: RequestId) -> Option<ApiResponse> {
        match self {
            Self::Refuse => Some(ApiResponse::empty(StatusCode::SERVICE_UNAVAILABLE)),
            Self::Status { status, retry_after, location } => {
                let status = StatusCode::from_u16(*status).unwrap_or_default();
                let message = "This is the response of a sandbox fault.";
                let mut response = standard(status, "ERR_SBX_001", message, request_id);
                if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                    response = ApiResponse::empty(status);
                }
                if let Some(value) = retry_after {
                    response = response.with_text(http::header::RETRY_AFTER, value);
                }
                if let Some(value) = location {
                    response = response.location(value);
                }
                Some(response)
            }
            _ => None,
        }
    }

    /// The response once everything is done.
    pub(crate) fn spoil(&self, response: ApiResponse) -> ApiResponse {
        match self {
            // The page of a proxy: nothing of the bank's own head is left.
            Self::Html => {
                ApiResponse::empty(StatusCode::OK).content_type(ContentType::Html).body(HTML)
            }
            // The bank's own head over a body that is not JSON.
            Self::Garbage => response.content_type(ContentType::Json).body(GARBAGE),
            _ => response,
        }
    }

    pub(crate) fn on_the_wire(&self) -> Option<WireFault> {
        match self {
            Self::Refuse => Some(WireFault::CloseBeforeReading),
            Self::DropAfterCommit => Some(WireFault::CloseWithoutResponse),
            Self::Truncate => Some(WireFault::Truncate),
            Self::Delay { ms } => Some(WireFault::Delay(Duration::from_millis(*ms))),
            Self::Slow { bytes_per_s } => Some(WireFault::Slow { bytes_per_s: *bytes_per_s }),
            _ => None,
        }
    }
}
