//! A bank that responds exactly as a test scripts it, over a plain socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What arrived: the head as it was written, and the body.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn is_token(&self) -> bool {
        self.head.starts_with("POST /v1/token ")
    }

    pub(crate) fn whole(&self) -> String {
        format!("{}{}", self.head, self.body)
    }
}

/// It serves until the test's process ends.
pub(crate) struct ScriptedBank {
    pub(crate) base_url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl ScriptedBank {
    /// Responds to each request with what `response` gives: a status and a JSON body.
    pub(crate) fn responding(
        response: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::writing(move |request, mut stream| {
            let (status, body) = response(request);
            write!(
                stream,
                "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        })
    }

    /// Responds to each request with what `response` writes, byte by byte.
    pub(crate) fn writing(
        response: impl Fn(&Received, &TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One at a time is enough.
                let _ = serve(&stream, &shared, &response);
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Self { base_url, received }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    received: &Mutex<Vec<Received>>,
    response: impl Fn(&Received, &TcpStream) -> std::io::Result<()>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let request = Received { head, body };
    received.lock().unwrap().push(request.clone());
    response(&request, stream)
}
