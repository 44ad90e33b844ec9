//! The bank of all contestants: a process of its own, as fast as a server can be. It answers
//! each payment with 202 and a `Location` of its own, without a delay.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bench_core::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use uuid::Uuid;

const TOKEN: &[u8] =
    br#"{"access_token":"benchmark-token","token_type":"Bearer","expires_in":3600}"#;

/// A bank in a process of its own.
pub(crate) struct Bank {
    child: Child,
    /// Where it listens, on loopback.
    pub(crate) port: u16,
}

impl Bank {
    /// Starts this program again, as a server.
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        Ok(Self { child, port: line.trim().parse()? })
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        // Our own child, by its handle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until the parent ends.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    // The parent's end closes its end of the pipe.
    let parent = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
    });
    tokio::pin!(parent);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            _ = &mut parent => return Ok(()),
        };
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let builder = hyper::server::conn::http1::Builder::new();
            // A client that goes away is no failure.
            let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let token = request.uri().path().ends_with("/token");
    let _ = request.into_body().collect().await;
    let mut response =
        Response::new(Full::new(Bytes::from_static(if token { TOKEN } else { b"" })));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    if !token {
        *response.status_mut() = StatusCode::ACCEPTED;
        if let Ok(location) = HeaderValue::try_from(format!("/v1/payments/{}", Uuid::new_v4())) {
            response.headers_mut().insert(LOCATION, location);
        }
    }
    Ok(response)
}
