//! What may go wrong with one exchange.
//!
//! A bad network is still a fair one. These rules are what exactly-once rests on, and
//! no client could do without them:
//!
//! - A refusal (4xx but 408 and the 409 of keys) is only passed on by a gateway for
//!   which it is certain that no copy of the request got through or will: one that
//!   resends a request by itself does not report the refusal of one copy while another
//!   may have counted.
//! - A copy of a request whose first arrival was refused is never delivered. TCP does
//!   not repeat a request; a copy is made by a gateway that got no response.
//! - `Sent::No` means that the request arrives never, not late.
//! - Only the bank responds to a write with 201 or 202 and an empty or good body.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use qbank_proto::FaultKind;
use uuid::Uuid;

use super::random::Random;
use crate::message::error::{GARBAGE, HTML};

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    None,
    /// The request never leaves.
    Unsent(FaultKind),
    /// The request never arrives.
    Lost {
        reset: bool,
    },
    /// The connection breaks at once; the request arrives all the same, later.
    ArrivesAfterReset(Duration),
    LateRequest(Duration),
    LateResponse(Duration),
    ResponseLost {
        reset: bool,
    },
    /// The response ends after its head.
    CutOff,
    /// The response's head comes, its body does not.
    SlowBody,
    /// A gateway responds, and the request never gets to the bank.
    Before(Gateway),
    /// A gateway responds in the bank's place, after the bank has done it.
    After(Gateway),
    /// Another copy arrives later.
    Copied(Duration),
    /// A gateway got no response, and sends it again.
    Resent(Duration),
    /// The bank takes the request's token back, before it looks at it.
    TokenRevoked,
    /// The bank does it, and responds that it is still in process.
    InProcess,
    /// The driver never settles, or only when the ticket counts as lost.
    TicketLost(Option<Duration>),
    /// The driver polls while the exchange is out.
    Polled,
}

/// How a gateway between client and bank responds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gateway {
    Status(u16),
    /// With a `Retry-After`, as seconds or as a date.
    Busy {
        status: u16,
        seconds: u64,
        as_date: bool,
    },
    /// A redirect to somewhere else.
    Redirect(u16),
    /// 200, a page, and a `Location` with a payment that does not exist.
    Portal,
    /// The bank's head over a body that is not JSON.
    Garbage,
    /// The bank's response, but `Location` has another origin.
    ForeignLocation,
    /// A conflict about another payment.
    ForeignConflict,
}

impl Trouble {
    pub(super) fn draw(percent: u64, random: &mut Random) -> Self {
        use FaultKind::{Certificate, Connect, Disconnected, Resolve, Tls};
        if !random.percent(percent) {
            return Self::None;
        }
        match random.below(21) {
            0 => Self::Unsent(random.pick([Resolve, Connect, Tls, Certificate, Disconnected])),
            1 => Self::Unsent(Connect),
            2 => Self::Lost { reset: random.percent(50) },
            3 => Self::ArrivesAfterReset(random.any_delay()),
            4 | 5 => Self::LateRequest(random.any_delay()),
            6 => Self::LateResponse(random.any_delay()),
            7 | 8 => Self::ResponseLost { reset: random.percent(60) },
            9 => Self::CutOff,
            10 => Self::SlowBody,
            11 | 12 => Self::Before(Gateway::draw_before(random)),
            13 | 14 => Self::After(Gateway::draw_after(random)),
            15 => Self::Copied(random.any_delay()),
            16 => Self::Resent(random.any_delay()),
            17 => Self::TokenRevoked,
            18 => Self::InProcess,
            19 => Self::TicketLost(random.percent(50).then(|| random.any_delay())),
            _ => Self::Polled,
        }
    }

    pub(super) fn is_none(self) -> bool {
        matches!(self, Self::None)
    }
}

impl Gateway {
    fn draw_before(random: &mut Random) -> Self {
        match random.below(12) {
            0..=2 => Self::Busy {
                status: random.pick([429, 429, 503]),
                seconds: random.pick([0, 1, 7, 45, 200]),
                as_date: random.percent(40),
            },
            3 => Self::Redirect(random.pick([301, 302, 307, 308])),
            4 => Self::Portal,
            5..=7 => Self::ForeignConflict,
            8 => Self::Status(random.pick([400, 401, 403, 404])),
            _ => Self::Status(random.pick([408, 425, 429, 500, 502, 503, 504])),
        }
    }

    /// Nothing that is a refusal.
    fn draw_after(random: &mut Random) -> Self {
        match random.below(8) {
            0 => Self::Redirect(random.pick([302, 307])),
            1 => Self::Portal,
            2 => Self::Garbage,
            3 => Self::ForeignLocation,
            4 => Self::Busy { status: 503, seconds: random.pick([1, 30]), as_date: false },
            _ => Self::Status(random.pick([408, 500, 502, 503, 504])),
        }
    }

    /// The response, built from the bank's own where there is one. `stranger` is a payment
    /// that the request did not make.
    pub(super) fn respond(
        self,
        own: Option<Response<Bytes>>,
        date: Duration,
        stranger: Uuid,
    ) -> Response<Bytes> {
        match (self, own) {
            (Self::Garbage, Some(own)) if own.status().is_success() => {
                let (head, _) = own.into_parts();
                Response::from_parts(head, GARBAGE)
            }
            (Self::ForeignLocation, Some(mut own)) => {
                if own.headers().contains_key(LOCATION) {
                    set(&mut own, LOCATION, &foreign(stranger));
                }
                own
            }
            (Self::Busy { status, seconds, as_date }, _) => {
                let mut response = bare(status);
                if as_date {
                    set(&mut response, DATE, &http_date(date));
                    set(
                        &mut response,
                        RETRY_AFTER,
                        &http_date(date + Duration::from_secs(seconds)),
                    );
                } else {
                    set(&mut response, RETRY_AFTER, &seconds.to_string());
                }
                response
            }
            (Self::Redirect(status), _) => {
                let mut response = bare(status);
                set(&mut response, LOCATION, &foreign(stranger));
                response
            }
            (Self::Portal, _) => {
                let mut response = bare(200);
                *response.body_mut() = HTML;
                set(&mut response, CONTENT_TYPE, "text/html");
                set(&mut response, LOCATION, &foreign(stranger));
                response
            }
            (Self::ForeignConflict, _) => {
                let mut response = bare(409);
                let problem = serde_json::json!({
                    "type": "https://api.qbankconnect.com/problems/idempotency-conflict",
                    "title": "Idempotency conflict",
                    "status": 409,
                    "transaction_id": stranger,
                });
                *response.body_mut() = problem.to_string().into();
                set(&mut response, CONTENT_TYPE, "application/problem+json");
                response
            }
            (Self::Status(status), _) => bare(status),
            (Self::Garbage | Self::ForeignLocation, _) => bare(502),
        }
    }
}

/// Where a foreign `Location` leads.
fn foreign(payment: Uuid) -> String {
    format!("https://portal.example/v1/payments/{payment}")
}

pub(super) fn bare(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}

fn http_date(moment: Duration) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + moment)
}
