//! One exchange over `fetch`, bounded in time and size.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use qbank_proto::bytes::Bytes;
use qbank_proto::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, response};
use qbank_proto::{Exchange, Fault, FaultKind, Ticket};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::platform::{AbortController, Sleep, is_browser};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn platform_fetch(url: &str, init: &Object) -> Result<Promise, JsValue>;

    // What a given `fetch` answers may be anything: every look at it can throw.
    type Answer;
    #[wasm_bindgen(catch, method, getter)]
    fn status(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter, js_name = "type")]
    fn kind(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter)]
    fn headers(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter)]
    fn body(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, js_name = arrayBuffer)]
    fn array_buffer(this: &Answer) -> Result<JsValue, JsValue>;

    type Stream;
    #[wasm_bindgen(catch, method, js_name = getReader)]
    fn get_reader(this: &Stream) -> Result<Reader, JsValue>;
    type Reader;
    #[wasm_bindgen(catch, method)]
    fn read(this: &Reader) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method)]
    fn cancel(this: &Reader) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = Uint8Array)]
    type Octets;
    #[wasm_bindgen(catch, constructor, js_class = Uint8Array)]
    fn of(bytes: &JsValue) -> Result<Octets, JsValue>;
}

/// `fetch` does not say how far a request came, so every fault is `Sent::Maybe`.
pub(crate) async fn exchange(
    fetch: Option<&Function>,
    exchange: Exchange,
) -> (Ticket, Result<Response<Bytes>, Fault>) {
    let Exchange { request, timeout, max_body, ticket, .. } = exchange;
    let abort = Abort(AbortController::new());
    let head = RefCell::new(None);
    let received = within(timeout, receive(fetch, &request, max_body, &abort, &head)).await;
    let outcome = match received.unwrap_or_else(|| Err(out_of_time(timeout))) {
        Ok(body) => match head.take() {
            Some(head) => Ok(Response::from_parts(head, body)),
            None => Err(Fault::maybe(FaultKind::Protocol, "fetch gave no answer")),
        },
        Err(fault) => Err(match head.take() {
            Some(head) => fault.with_head(head),
            None => fault,
        }),
    };
    (ticket, outcome)
}

/// Aborts the exchange when it goes out of scope: after a timeout, when its
/// future is dropped, or, without effect, when it is over.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn out_of_time(timeout: Duration) -> Fault {
    let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    Fault::maybe(FaultKind::Timeout, format!("no answer within {ms} ms"))
}

/// The future's output, or nothing once the time is up: a given `fetch` need not
/// know of abort signals.
pub(crate) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut sleep = pin!(Sleep::new(time));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Receives the answer: the head as soon as it is there, then the body.
async fn receive(
    fetch: Option<&Function>,
    request: &Request<Bytes>,
    max_body: usize,
    abort: &Abort,
    head: &RefCell<Option<response::Parts>>,
) -> Result<Bytes, Fault> {
    let init = init(request, &abort.0);
    let url = request.uri().to_string();
    let asked = match fetch {
        None => platform_fetch(&url, &init),
        // A given function may be an async one, or answer at once.
        Some(fetch) => fetch
            .call2(&JsValue::UNDEFINED, &url.into(), &init)
            .map(|answer| Promise::resolve(&answer)),
    };
    let failed = |error| fault(&error, FaultKind::Other);
    let answer = JsFuture::from(asked.map_err(failed)?).await.map_err(failed)?;
    let answer: Answer = answer.unchecked_into();
    head.replace(Some(parts(&answer)?));

    let broken = |error| fault(&error, FaultKind::Disconnected);
    let body = answer.body().map_err(broken)?;
    if !Reflect::get(&body, &"getReader".into()).is_ok_and(|it| it.is_function()) {
        return whole(&answer, max_body).await;
    }
    let reader = body.unchecked_ref::<Stream>().get_reader().map_err(broken)?;
    let mut buffer = Vec::new();
    loop {
        let read = reader.read().map_err(broken)?;
        let chunk = JsFuture::from(Promise::resolve(&read)).await.map_err(broken)?;
        let member = |name: &str| Reflect::get(&chunk, &name.into()).map_err(broken);
        if member("done")?.is_truthy() {
            return Ok(buffer.into());
        }
        let bytes = octets(&member("value")?)?;
        let length = bytes.length() as usize;
        if length == 0 {
            // Nothing again and again, at once, would let no timer run.
            Sleep::new(Duration::ZERO).await;
            continue;
        }
        if length > max_body.saturating_sub(buffer.len()) {
            if let Ok(cancelled) = reader.cancel() {
                // Nobody waits for it, and a rejection that nobody sees ends Node.
                let cancelled = Promise::resolve(&cancelled);
                spawn_local(async { drop(JsFuture::from(cancelled).await) });
            }
            return Err(too_large(max_body));
        }
        append(&mut buffer, &bytes).ok_or_else(|| too_large(max_body))?;
    }
}

/// The body of an answer that is no stream, which a given `fetch` may give.
async fn whole(answer: &Answer, max_body: usize) -> Result<Bytes, Fault> {
    let broken = |error| fault(&error, FaultKind::Disconnected);
    let asked = answer.array_buffer().map_err(broken)?;
    let body = JsFuture::from(Promise::resolve(&asked)).await.map_err(broken)?;
    let bytes = octets(&body)?;
    if bytes.length() as usize > max_body {
        return Err(too_large(max_body));
    }
    let mut whole = Vec::new();
    append(&mut whole, &bytes).ok_or_else(|| too_large(max_body))?;
    Ok(whole.into())
}

/// A limit can be larger than the memory that there is.
fn append(buffer: &mut Vec<u8>, bytes: &Uint8Array) -> Option<()> {
    let (start, length) = (buffer.len(), bytes.length() as usize);
    buffer.try_reserve(length).ok()?;
    buffer.resize(start + length, 0);
    bytes.copy_to(buffer.get_mut(start..)?);
    Some(())
}

/// Bytes, and nothing that can be made into some: a number would be that many zeros.
fn octets(value: &JsValue) -> Result<Uint8Array, Fault> {
    let odd = "a body must come as bytes (Uint8Array)";
    // Not by class: another realm has others.
    if !Reflect::get(value, &"byteLength".into()).is_ok_and(|it| it.as_f64().is_some()) {
        return Err(Fault::maybe(FaultKind::Disconnected, odd));
    }
    let octets = Octets::of(value).map_err(|error| fault(&error, FaultKind::Disconnected))?;
    Ok(octets.unchecked_into())
}

fn too_large(max_body: usize) -> Fault {
    let what = format!("the answer's body is larger than {max_body} bytes");
    Fault::maybe(FaultKind::BodyTooLarge, what)
}

/// `fetch`'s second argument, with the settings that keep a call safe.
fn init(request: &Request<Bytes>, abort: &AbortController) -> Object {
    let browser = is_browser();
    let init = Object::new();
    // A plain object takes every member.
    let set = |name: &str, value: &JsValue| drop(Reflect::set(&init, &name.into(), value));
    set("method", &request.method().as_str().into());
    let headers = Array::new();
    for (name, value) in request.headers() {
        // A browser has a name of its own, and some ask the bank's leave for ours.
        if browser && name == header::USER_AGENT {
            continue;
        }
        let value = value.to_str().unwrap_or_default();
        headers.push(&Array::of2(&name.as_str().into(), &value.into()));
    }
    set("headers", &headers);
    if !request.body().is_empty() {
        set("body", &Uint8Array::from(request.body().as_ref()));
    }
    set("redirect", &"manual".into());
    set("signal", &abort.signal());
    if browser {
        set("credentials", &"omit".into());
        set("cache", &"no-store".into());
    }
    init
}

fn parts(answer: &Answer) -> Result<response::Parts, Fault> {
    let odd = |_| Fault::maybe(FaultKind::Protocol, "fetch gave something that is no answer");
    if answer.kind().map_err(odd)?.as_string().as_deref() == Some("opaqueredirect") {
        let what = "the browser hides the redirect; the base URL must be the bank's own";
        return Err(Fault::maybe(FaultKind::Redirected, what));
    }
    let status = answer.status().map_err(odd)?.as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let status = StatusCode::from_u16(status as u16).map_err(|_| odd(JsValue::NULL))?;
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    let headers = answer.headers().map_err(odd)?;
    if let Some(entries) = js_sys::try_iter(&headers).map_err(odd)? {
        for entry in entries {
            let entry = entry.map_err(odd)?;
            let text = |at| {
                Reflect::get_u32(&entry, at).unwrap_or_default().as_string().unwrap_or_default()
            };
            // What is no header tells nothing.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(text(0).as_bytes()),
                HeaderValue::from_bytes(text(1).as_bytes()),
            ) {
                parts.headers.append(name, value);
            }
        }
    }
    Ok(parts)
}

/// A fault in the platform's own words, causes included: what broke often stands
/// in the cause alone.
fn fault(error: &JsValue, kind: FaultKind) -> Fault {
    let mut told = String::new();
    let mut kind = kind;
    let mut error = error.clone();
    for _ in 0..MOST_CAUSES {
        let member = |name: &str| Reflect::get(&error, &name.into()).unwrap_or_default();
        let message = member("message").as_string().or_else(|| error.as_string());
        let message = message.unwrap_or_default();
        if !told.contains(&message) {
            let colon = if told.is_empty() { "" } else { ": " };
            told = format!("{told}{colon}{message}");
        }
        kind = member("code").as_string().and_then(|code| named(&code)).unwrap_or(kind);
        error = member("cause");
    }
    if told.is_empty() {
        "fetch failed".clone_into(&mut told);
    }
    Fault::maybe(kind, told)
}

const MOST_CAUSES: u32 = 4;

/// Node says in a code what broke. It is for the message and for what is not
/// worth trying again; whether the bank has the request, it does not say.
fn named(code: &str) -> Option<FaultKind> {
    Some(match code {
        "ENOTFOUND" | "EAI_AGAIN" => FaultKind::Resolve,
        "ECONNREFUSED" | "EHOSTUNREACH" | "ENETUNREACH" | "UND_ERR_CONNECT_TIMEOUT" => {
            FaultKind::Connect
        }
        "ECONNRESET" | "EPIPE" | "UND_ERR_SOCKET" => FaultKind::Disconnected,
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE" | "INVALID_CA" | "HOSTNAME_MISMATCH" => {
            FaultKind::Certificate
        }
        code if code.contains("CERT") => FaultKind::Certificate,
        code if code.starts_with("HPE_") => FaultKind::Protocol,
        code if code.starts_with("ERR_SSL_") => FaultKind::Tls,
        _ => return None,
    })
}
