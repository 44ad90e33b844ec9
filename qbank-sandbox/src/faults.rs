//! Faults: what will go wrong, for which requests, how many times.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use qbank_proto::RequestId;
use serde::Serialize;

use crate::answer::{Answer, ContentType};
use crate::error::{GARBAGE, HTML, Refusal, standard};
use crate::fields::Fields;
use crate::route::BASE;
use crate::wire_fault::WireFault;

const MOST_FAULTS: usize = 1_000;

/// The faults that are left, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    left: VecDeque<Fault>,
}

/// One order for trouble.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
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

impl Faults {
    /// `POST /_sandbox/faults`.
    pub(crate) fn add(&mut self, body: &[u8]) -> Result<Answer, Refusal> {
        let fault = Fault::parse(body)?;
        if self.left.len() >= MOST_FAULTS {
            return Err(Refusal::unprocessable("ERR_SBX_002", "There are too many faults."));
        }
        let answer = Answer::json(StatusCode::CREATED, &fault);
        self.left.push_back(fault);
        Ok(answer)
    }

    /// `GET /_sandbox/faults`.
    pub(crate) fn list(&self) -> Answer {
        Answer::json(StatusCode::OK, &self.left)
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

/// What a fault can be for; `*` is any.
const METHODS: [&str; 6] = ["*", "GET", "POST", "PUT", "PATCH", "DELETE"];

impl Fault {
    fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::parse(body)?;
        let method = fields.optional_text("method", 16)?.unwrap_or_else(|| "*".into());
        let method = method.to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            let message = format!("method must be one of {}.", METHODS.join(", "));
            return Err(Refusal::malformed(message));
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
    fn parse(fields: &mut Fields) -> Result<Self, Refusal> {
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
                return Err(Refusal::malformed(
                    "`kind` must be refuse, drop_after_commit, truncate, delay, status, html, \
                     garbage, slow, revoke_token or in_flight.",
                ));
            }
        })
    }

    fn status(fields: &mut Fields) -> Result<Self, Refusal> {
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
            return Err(Refusal::malformed("A header cannot have such a value."));
        }
        Ok(Self::Status { status: u16::try_from(status).unwrap_or(500), retry_after, location })
    }

    /// The name, for the record of requests.
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

    /// The answer that stands in for doing anything, if there is one.
    pub(crate) fn instead(&self, request_id: RequestId) -> Option<Answer> {
        match self {
            Self::Refuse => Some(Answer::empty(StatusCode::SERVICE_UNAVAILABLE)),
            Self::Status { status, retry_after, location } => {
                let status = StatusCode::from_u16(*status).unwrap_or_default();
                let message = "A fault of the sandbox answered this.";
                let mut answer = standard(status, "ERR_SBX_001", message, request_id);
                if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                    answer = Answer::empty(status);
                }
                if let Some(value) = retry_after {
                    answer = answer.with_text(http::header::RETRY_AFTER, value);
                }
                if let Some(value) = location {
                    answer = answer.location(value);
                }
                Some(answer)
            }
            _ => None,
        }
    }

    /// What becomes of the answer once everything is done.
    pub(crate) fn spoil(&self, answer: Answer) -> Answer {
        match self {
            // A page of some proxy: nothing of the bank's own head is left.
            Self::Html => Answer::empty(StatusCode::OK).content_type(ContentType::Html).body(HTML),
            // The bank's own head over a body that cannot be read.
            Self::Garbage => answer.content_type(ContentType::Json).body(GARBAGE),
            _ => answer,
        }
    }

    pub(crate) fn on_the_wire(&self) -> Option<WireFault> {
        match self {
            Self::Refuse => Some(WireFault::CloseBeforeReading),
            Self::DropAfterCommit => Some(WireFault::CloseWithoutAnswer),
            Self::Truncate => Some(WireFault::Truncate),
            Self::Delay { ms } => Some(WireFault::Delay(Duration::from_millis(*ms))),
            Self::Slow { bytes_per_s } => Some(WireFault::Slow { bytes_per_s: *bytes_per_s }),
            _ => None,
        }
    }
}
