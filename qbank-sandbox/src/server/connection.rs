//! One connection: requests in, responses out, and the faults that need the connection.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWrite as _;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::body::ResponseBody;
use super::error_responses::ErrorResponses;
use super::stall::Stall;
use super::{BankHandle, unix_now};
use crate::faults::WireFault;
use crate::message::MAX_BODY;

/// For a head to arrive, idle time between requests included.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// For a body to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// For an orderly shutdown.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(1);
/// The largest head.
const MAX_HEAD: usize = 64 * 1024;
/// A body that is too large is read on to here, so that its sender sees the 413.
const MAX_DRAINED: usize = 16 * MAX_BODY;

pub(super) async fn run(stream: TcpStream, bank: BankHandle) {
    // Without it small responses wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let stream = ErrorResponses::new(Stall::new(stream), bank.clone());
    let service = service_fn(move |request| Box::pin(respond(bank.clone(), request)));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let mut stream = connection.into_parts().io.into_inner().into_inner().into_inner();

    if ended.as_ref().is_err_and(|e| e.source().is_some_and(<dyn Error>::is::<Cut>)) {
        // A reset, not an orderly end of the stream.
        let _ = stream.set_zero_linger();
        return;
    }
    let shutdown = poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx));
    let _ = timeout(SHUTDOWN_WITHIN, shutdown).await;
    if ended.is_err() {
        let _ = timeout(SHUTDOWN_WITHIN, drain(&stream)).await;
    }
}

/// Closing with unread bytes resets the connection, and the client would lose the
/// response.
async fn drain(stream: &TcpStream) {
    let mut part = [0; 4_096];
    let mut drained = 0_usize;
    while drained < MAX_DRAINED && stream.readable().await.is_ok() {
        match stream.try_read(&mut part) {
            Ok(0) => break,
            Ok(read) => drained = drained.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

/// The connection ends here, without a response.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl Error for Cut {}

async fn respond(
    bank: BankHandle,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Cut> {
    let refused = bank.lock().refuses(unix_now(), request.method(), request.uri());
    if refused {
        return Err(Cut);
    }
    let (head, body) = request.into_parts();
    let body = timeout(BODY_WITHIN, read(body)).await.map_err(|_| Cut)??;
    let too_large = body.len() > MAX_BODY;

    let request = Request::from_parts(head, body);
    let response = bank.lock().handle(unix_now(), request);
    let mut response = carry(response).await?;
    if too_large {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Keeps one byte more than allowed: enough for the bank to see that it is too much.
async fn read(mut body: Incoming) -> Result<Bytes, Cut> {
    let mut kept = BytesMut::new();
    let mut arrived = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Cut)?.into_data() else {
            continue;
        };
        let room = (MAX_BODY + 1).saturating_sub(kept.len());
        kept.extend_from_slice(data.get(..room).unwrap_or(&data));
        arrived = arrived.saturating_add(data.len());
        if arrived > MAX_DRAINED {
            break;
        }
    }
    Ok(kept.freeze())
}

/// Carries out the wire fault of the response.
async fn carry(response: Response<Bytes>) -> Result<Response<ResponseBody>, Cut> {
    let fault = WireFault::of(response.extensions());
    let (mut head, body) = response.into_parts();
    let body = match fault {
        None => ResponseBody::whole(body),
        Some(WireFault::CloseWithoutResponse | WireFault::CloseBeforeReading) => return Err(Cut),
        Some(WireFault::Delay(by)) => {
            sleep(by).await;
            ResponseBody::whole(body)
        }
        Some(WireFault::Truncate) => {
            let promised = if body.is_empty() { WireFault::EMPTY_PROMISE } else { body.len() };
            head.headers.insert(CONTENT_LENGTH, promised.into());
            ResponseBody::half(&body)
        }
        Some(WireFault::Slow { bytes_per_s }) => ResponseBody::slow(body, bytes_per_s),
    };
    Ok(Response::from_parts(head, body))
}
