//! A tunnel through a proxy. hyper-util's own hides what the proxy responded, and takes no
//! head of more than 8 KB.

use std::io;
use std::sync::Arc;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use qbank_proto::http::Uri;
use qbank_proto::{Proxy, ProxyError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service;

/// Connects to the proxy, and has it connect to the target.
pub(super) fn open(
    tcp: &mut HttpConnector,
    proxy: Arc<Proxy>,
    target: Uri,
) -> impl Future<Output = Result<TokioIo<TcpStream>, ProxyError>> + use<> {
    let connecting = tcp.call(proxy.uri().clone());
    async move {
        let stream = connecting.await.map_err(|error| proxy.failed(error))?;
        let mut stream = stream.into_inner();
        let asked = stream.write_all(&proxy.connect_request(&target)).await;
        asked.map_err(|error| proxy.failed(error))?;
        let mut head = Vec::with_capacity(USUAL_HEAD);
        loop {
            let known = head.len();
            match stream.read_buf(&mut head).await {
                Ok(0) => return Err(proxy.failed(io::Error::from(io::ErrorKind::UnexpectedEof))),
                Ok(_) => {}
                Err(error) => return Err(proxy.failed(error)),
            }
            if proxy.connect_response(&head, known)?.is_some() {
                return Ok(TokioIo::new(stream));
            }
        }
    }
}

const USUAL_HEAD: usize = 1024;
