//! What the bank does with one request.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use qbank_proto::{AccessToken, BoxError, Fault, FaultKind};

use super::LATENCY;

#[derive(Debug, Clone)]
pub struct Act {
    after: Option<Duration>,
    outcome: Outcome,
}

#[derive(Debug, Clone)]
enum Outcome {
    Says(ScriptedResponse),
    Breaks {
        unsent: bool,
        kind: FaultKind,
        head: Option<ScriptedResponse>,
        text: String,
    },
    /// The driver loses the ticket.
    Lost,
}

#[derive(Debug, Clone)]
struct ScriptedResponse {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl ScriptedResponse {
    fn response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status.try_into().unwrap();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// A response with an empty body.
pub fn says(status: u16) -> Act {
    Act {
        after: None,
        outcome: Outcome::Says(ScriptedResponse {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }),
    }
}

/// A fault after which the bank may have the request.
pub fn breaks(kind: FaultKind) -> Act {
    Act {
        after: None,
        outcome: Outcome::Breaks {
            unsent: false,
            kind,
            head: None,
            text: "os error 104".to_owned(),
        },
    }
}

/// A fault before any byte was written.
pub fn breaks_unsent(kind: FaultKind) -> Act {
    let mut act = breaks(kind);
    if let Outcome::Breaks { unsent, .. } = &mut act.outcome {
        *unsent = true;
    }
    act
}

/// The response's body broke off after its head.
pub fn cut_off(act: Act, kind: FaultKind) -> Act {
    let Outcome::Says(response) = act.outcome else {
        panic!("only a response can be cut off");
    };
    let mut broken = breaks(kind);
    if let Outcome::Breaks { head, .. } = &mut broken.outcome {
        *head = Some(response);
    }
    broken
}

/// The driver never settles it.
pub fn lost() -> Act {
    Act { after: None, outcome: Outcome::Lost }
}

/// A token response.
pub fn good_token(token: &str) -> Act {
    token_for(token, "3600")
}

/// A token response with this JSON as its lifetime.
pub fn token_for(token: &str, expires_in: &str) -> Act {
    says(200).json(&format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{expires_in}}}"#
    ))
}

impl Act {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Outcome::Says(response) = &mut self.outcome {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            response.headers.push((name.parse().unwrap(), value));
        }
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Outcome::Says(response) = &mut self.outcome {
            response.body = body.into();
        }
        self
    }

    #[must_use]
    pub fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body.to_owned())
    }

    /// A fault's own text.
    #[must_use]
    pub fn text(mut self, said: &str) -> Self {
        if let Outcome::Breaks { text, .. } = &mut self.outcome {
            said.clone_into(text);
        }
        self
    }

    /// How long it takes.
    #[must_use]
    pub fn after(mut self, after: Duration) -> Self {
        self.after = Some(after);
        self
    }

    /// When it happens, and what. What takes longer than the exchange may is a
    /// timeout, as a driver makes it.
    pub fn happens(self, timeout: Duration) -> Option<(Duration, Result<Response<Bytes>, Fault>)> {
        let usual = match &self.outcome {
            Outcome::Lost => return None,
            Outcome::Breaks { kind: FaultKind::Timeout, .. } => timeout,
            _ => LATENCY,
        };
        let after = self.after.unwrap_or(usual);
        if after > timeout {
            let fault = Fault::maybe(FaultKind::Timeout, "timed out");
            return Some((timeout, Err(fault)));
        }
        Some((after, self.outcome.result()))
    }

    /// What happens, at once.
    pub fn result(self) -> Option<Result<Response<Bytes>, Fault>> {
        match self.outcome {
            Outcome::Lost => None,
            outcome => Some(outcome.result()),
        }
    }
}

impl Outcome {
    fn result(self) -> Result<Response<Bytes>, Fault> {
        match self {
            Self::Says(response) => Ok(response.response()),
            Self::Breaks { unsent, kind, head, text } => {
                let fault =
                    if unsent { Fault::unsent(kind, text) } else { Fault::maybe(kind, text) };
                Err(match head {
                    Some(head) => fault.with_head(head.response().into_parts().0),
                    None => fault,
                })
            }
            Self::Lost => unreachable!("a lost ticket has no outcome"),
        }
    }
}

/// What a supplier responses.
#[derive(Debug)]
pub struct Supply {
    pub after: Duration,
    pub token: Result<AccessToken, BoxError>,
}

impl Supply {
    pub fn token(token: &str) -> Self {
        Self { after: LATENCY, token: Ok(AccessToken::new(token).unwrap()) }
    }
}
