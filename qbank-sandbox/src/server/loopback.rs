//! A POST to a loopback address: no name is resolved, no redirect followed, no proxy
//! asked, and every wait is bounded.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bank::webhooks::loopback_address;

/// The largest body of a response.
const LARGEST_RESPONSE: usize = 1 << 20;

/// Sends a request and gives the status of the response as soon as that has arrived.
/// An error is the reason why there is none.
pub async fn post_for_status(
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
    within: Duration,
) -> Result<StatusCode, String> {
    let request = request(uri, headers, body)?;
    timeout(within, async {
        let (mut sender, connection) = open(uri).await?;
        let mut exchange = pin!(sender.send_request(request));
        let response = tokio::select! {
            response = &mut exchange => response,
            // The connection may end just after the response: that is still a response.
            _ = connection => exchange.await,
        };
        response.map(|response| response.status()).map_err(message)
    })
    .await
    .map_err(|_| "no response in time")?
}

/// Sends a request and gives the whole response, with a body of at most a mebibyte.
pub async fn post(
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
    within: Duration,
) -> Result<Response<Bytes>, String> {
    let request = request(uri, headers, body)?;
    timeout(within, async {
        let (mut sender, connection) = open(uri).await?;
        let mut exchange = pin!(async {
            let (head, body) = sender.send_request(request).await.map_err(message)?.into_parts();
            let body = Limited::new(body, LARGEST_RESPONSE).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok(Response::from_parts(head, body))
        });
        tokio::select! {
            response = &mut exchange => response,
            _ = connection => exchange.await,
        }
    })
    .await
    .map_err(|_| "no response in time")?
}

fn request(uri: &Uri, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
    let authority = uri.authority().ok_or("a URL without a host")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path).body(Full::from(body)).map_err(|e| e.to_string())?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|e| e.to_string())?;
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

type Opened = (http1::SendRequest<Full<Bytes>>, http1::Connection<TokioIo<TcpStream>, Full<Bytes>>);

async fn open(uri: &Uri) -> Result<Opened, String> {
    let addr = loopback_address(uri).ok_or("not an http URL of a loopback address")?;
    let stream = TcpStream::connect(addr).await.map_err(|e| e.to_string())?;
    http1::handshake(TokioIo::new(stream)).await.map_err(message)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn message(error: hyper::Error) -> String {
    error.to_string()
}
