//! The receiver's server: HTTP/1.1 on one address, until it is stopped.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{ARRIVES_WITHIN, Receiver};

/// With a head, and a small body each: see `body`.
const MAX_CONNECTIONS: usize = 256;
/// The largest head; what is read ahead of a body takes no more.
const MAX_HEAD: usize = 64 << 10;
/// For requests in flight when the program ends.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Receives until `stop`, then responds to the requests in flight.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    receiver: Receiver,
    mut stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    // Dropping it ends every connection after its response.
    let (ending, is_ending) = tokio::sync::watch::channel(());
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(run(stream, receiver.clone(), is_ending.clone()));
                }
                // Most likely out of file descriptors, some of which will be closed.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(ending);
    let all = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then ends with the runtime.
    let _ = timeout(ENDS_WITHIN, all).await;
    Ok(())
}

async fn run(stream: TcpStream, receiver: Receiver, mut ending: tokio::sync::watch::Receiver<()>) {
    let service = service_fn(move |request| {
        let receiver = receiver.clone();
        async move { Ok::<_, Infallible>(receiver.respond(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ARRIVES_WITHIN)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A closed connection is no failure of the receiver.
        _ = connection.as_mut() => {}
        _ = ending.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
