//! One exchange over `fetch`: `js/exchange.js` does it, for this driver and for the npm
//! package.

use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use qbank_proto::bytes::Bytes;
use qbank_proto::http::{HeaderName, HeaderValue, Request, Response, StatusCode, response};
use qbank_proto::{Exchange, Fault, FaultKind, Message, Ticket};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/js/exchange.js")]
extern "C" {
    /// Begins an exchange. Nothing in it throws or rejects.
    #[wasm_bindgen(js_name = exchange)]
    fn begin(fetch: Option<&Function>, request: &Object) -> Begun;

    type Begun;
    #[wasm_bindgen(method, getter)]
    fn response(this: &Begun) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Begun);

    type FetchResponse;
    #[wasm_bindgen(method, getter)]
    fn status(this: &FetchResponse) -> u16;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &FetchResponse) -> Array;
    #[wasm_bindgen(method, getter)]
    fn body(this: &FetchResponse) -> Uint8Array;
    #[wasm_bindgen(method, getter)]
    fn fault(this: &FetchResponse) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn message(this: &FetchResponse) -> Option<String>;
}

/// `fetch` does not say how far a request came, so every fault is `Sent::Maybe`.
pub(crate) async fn exchange(
    fetch: Option<&Function>,
    exchange: Exchange,
) -> (Ticket, Result<Response<Bytes>, Fault>) {
    let Exchange { request, timeout, max_body, ticket, .. } = exchange;
    let begun = Abort(begin(fetch, &request_object(&request, timeout, max_body)));
    let outcome = match JsFuture::from(begun.0.response()).await {
        Ok(response) => outcome(response.unchecked_ref()),
        Err(_) => Err(Fault::maybe(FaultKind::Other, Message::new("fetch failed"))),
    };
    (ticket, outcome)
}

/// Aborts the exchange when its future is dropped, or, without effect, when it is done.
struct Abort(Begun);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The request that `js/exchange.js` takes.
fn request_object(request: &Request<Bytes>, timeout: Duration, max_body: usize) -> Object {
    let object = Object::new();
    // A plain object takes every member.
    let set = |name: &str, value: &JsValue| drop(Reflect::set(&object, &name.into(), value));
    set("method", &request.method().as_str().into());
    set("url", &request.uri().to_string().into());
    let headers = Array::new();
    for (name, value) in request.headers() {
        let value = value.to_str().unwrap_or_default();
        headers.push(&Array::of2(&name.as_str().into(), &value.into()));
    }
    set("headers", &headers);
    set("body", &Uint8Array::from(request.body().as_ref()));
    let ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
    set("timeoutMs", &f64::from(ms).into());
    #[expect(clippy::cast_precision_loss, reason = "a limit of so many bytes is none")]
    set("maxBody", &(max_body as f64).into());
    object
}

fn outcome(response: &FetchResponse) -> Result<Response<Bytes>, Fault> {
    let head = head(response);
    let fault = match (response.fault(), head) {
        (None, Some(head)) => {
            return Ok(Response::from_parts(head, response.body().to_vec().into()));
        }
        (name, head) => {
            let kind = name.map_or(FaultKind::Protocol, |name| fault_kind(&name));
            let fault = Fault::maybe(kind, Message::new(response.message().unwrap_or_default()));
            (fault, head)
        }
    };
    Err(match fault {
        (fault, Some(head)) => fault.with_head(head),
        (fault, None) => fault,
    })
}

/// The head of the response, if there was one.
fn head(response: &FetchResponse) -> Option<response::Parts> {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = StatusCode::from_u16(response.status()).ok()?;
    for entry in response.headers() {
        let text = |at| Reflect::get_u32(&entry, at).ok()?.as_string();
        if let (Some(name), Some(value)) = (text(0), text(1))
            && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            head.headers.append(name, value);
        }
    }
    Some(head)
}

/// What broke, by the name that `js/exchange.js` gives it.
fn fault_kind(name: &str) -> FaultKind {
    match name {
        "resolve" => FaultKind::Resolve,
        "connect" => FaultKind::Connect,
        "tls" => FaultKind::Tls,
        "certificate" => FaultKind::Certificate,
        "timeout" => FaultKind::Timeout,
        "disconnected" => FaultKind::Disconnected,
        "protocol" => FaultKind::Protocol,
        "body_too_large" => FaultKind::BodyTooLarge,
        "redirected" => FaultKind::Redirected,
        "aborted" => FaultKind::Aborted,
        _ => FaultKind::Other,
    }
}
