//! The way of a request into the bank: to the control surface or, past its fault, to
//! the API; recorded, dated, and open to pages: the API to those of any origin, the control
//! surface to those that were allowed.

mod access;
mod cors;

use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "server")]
use http::StatusCode;
use http::header::DATE;
use http::{Method, Request, Response, Uri};
use sha2::{Digest, Sha256};

use crate::api;
use crate::bank::Bank;
use crate::bank::journal::ReceivedRequest;
use crate::control;
use crate::faults::FaultKind;
#[cfg(feature = "server")]
use crate::message::error::ApiError;

impl Bank {
    /// The response to a request that arrives at `now`, the outer world's unix time;
    /// the bank's own clock is that plus what was advanced.
    ///
    /// The response's extensions may hold a [`WireFault`](crate::WireFault) for
    /// the transport.
    #[expect(clippy::needless_pass_by_value, reason = "a request is handled once")]
    pub fn handle(&mut self, now: Duration, request: Request<Bytes>) -> Response<Bytes> {
        self.observe(now);
        let response = if let Some(below) = control::below(request.uri().path()) {
            self.handle_control(now, below, &request)
        } else if *request.method() == Method::OPTIONS {
            cors::any_origin(cors::preflight())
        } else {
            cors::any_origin(self.handle_api(&request))
        };
        self.finish(response)
    }

    /// A request to the control surface, unless it comes from a page that was not allowed.
    fn handle_control(
        &mut self,
        now: Duration,
        below: &str,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let origin = match access::admit(&self.control, request.headers()) {
            Ok(origin) => origin,
            Err(error) => return error.into_response(self.ids.id()).into_http(),
        };
        let response = if *request.method() == Method::OPTIONS {
            cors::preflight()
        } else {
            let response = control::respond(self, now, below, request);
            let request_id = self.ids.id();
            response.unwrap_or_else(|error| error.into_response(request_id)).into_http()
        };
        cors::one_origin(response, origin)
    }

    /// Whether a fault closes the connection of such a request before it is read;
    /// the request then counts as arrived. For a transport that has the head first.
    pub fn refuses(&mut self, now: Duration, method: &Method, uri: &Uri) -> bool {
        self.observe(now);
        let is_api = *method != Method::OPTIONS && control::below(uri.path()).is_none();
        let refuses = is_api && self.faults.take_refusal(method.as_str(), uri.path());
        if refuses {
            let (headers, fault) = (http::HeaderMap::new(), Some(FaultKind::Refuse.name()));
            let body = sha256(&[]);
            let arrived = ReceivedRequest::new(method.as_str(), uri, &headers, body, None, fault);
            self.journal.record(arrived);
        }
        refuses
    }

    /// The response to a request whose head is malformed.
    #[cfg(feature = "server")]
    pub(crate) fn unreadable(&mut self, now: Duration, status: StatusCode) -> Response<Bytes> {
        self.observe(now);
        let error = match status {
            StatusCode::URI_TOO_LONG => {
                ApiError::new(status, "ERR_REQ_005", "The path is too long.")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::new(
                status,
                "ERR_REQ_006",
                "There are too many headers, or too large ones.",
            ),
            _ => ApiError::malformed("This is no request of HTTP/1.1."),
        };
        let response = error.into_response(self.ids.id()).into_http();
        self.finish(cors::any_origin(response))
    }

    /// A request to the API: meets its fault, and is recorded.
    fn handle_api(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let request_id = self.ids.id();
        let body_sha256 = sha256(request.body());
        let (method, uri) = (request.method().as_str(), request.uri());
        let fault = self.faults.take(method, uri.path());

        let instead = fault.as_ref().and_then(|fault| fault.instead(request_id));
        let response = instead.unwrap_or_else(|| {
            if fault == Some(FaultKind::RevokeToken) {
                self.tokens.revoke(request.headers());
            }
            let arrival = api::Arrival {
                request,
                request_id,
                body_sha256,
                in_flight: fault == Some(FaultKind::InFlight),
            };
            let response = api::respond(self, &arrival)
                .unwrap_or_else(|error| error.into_response(request_id));
            fault.iter().fold(response, |response, fault| fault.spoil(response))
        });

        let status = (fault != Some(FaultKind::Refuse)).then_some(response.status);
        let name = fault.as_ref().map(FaultKind::name);
        let arrived =
            ReceivedRequest::new(method, uri, request.headers(), body_sha256, status, name);
        self.journal.record(arrived);

        let mut response = response.into_http();
        if let Some(wire_fault) = fault.and_then(|fault| fault.on_the_wire()) {
            response.extensions_mut().insert(wire_fault);
        }
        response
    }

    /// The headers that every response has.
    fn finish(&mut self, mut response: Response<Bytes>) -> Response<Bytes> {
        cors::expose(response.headers_mut());
        response.headers_mut().insert(DATE, self.clock.date_header());
        response
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
