//! One connection: takes the steps of each request off the script and plays them.

use std::{io, net::TcpStream, sync::Arc, time::Duration};

use super::{
    endpoint::Endpoint,
    request::{ReceivedRequest, head_end, whole_len},
    response,
    stream::Stream,
};
use crate::{Close, Read, Step, Steps, Tls};

/// More than any request of a client.
const REQUEST_CAP: usize = 4 * 1024 * 1024;

/// Serves a connection to its end. An error means that the client closed, or that the server stops.
pub(crate) fn serve(endpoint: &Endpoint, number: usize, tcp: TcpStream) -> io::Result<()> {
    let connection = Connection {
        endpoint,
        number,
        stream: Stream::plain(tcp, Arc::clone(&endpoint.stopped))?,
        buffer: Vec::new(),
    };
    if let Some(steps) = endpoint.take_on_connect() {
        return connection.play(&steps, None).map(|_| ());
    }
    let Some(mut connection) = connection.handshake()? else {
        return Ok(());
    };
    loop {
        match connection.read_to(1) {
            Ok(true) => {}
            Ok(false) => {
                connection.stream.close(Close::Fin);
                return Ok(());
            }
            // The TLS handshake ends with the first read. Closing at once would send a reset,
            // which could overtake the alert that says why.
            Err(error) => {
                connection.stream.close(Close::Fin);
                return Err(error);
            }
        }
        let slot =
            endpoint.record(ReceivedRequest { connection: number, ..ReceivedRequest::default() });
        let steps = endpoint.take();
        match connection.play(&steps, Some(slot))? {
            Some(still_open) => connection = still_open,
            None => return Ok(()),
        }
    }
}

struct Connection<'a> {
    endpoint: &'a Endpoint,
    number: usize,
    stream: Stream,
    /// What came in and belongs to no finished request.
    buffer: Vec<u8>,
}

impl Connection<'_> {
    /// Prepares TLS; `None` if this endpoint closes instead.
    fn handshake(mut self) -> io::Result<Option<Self>> {
        let Some(tls) = self.endpoint.tls else {
            return Ok(Some(self));
        };
        match tls {
            Tls::Plaintext => {
                self.read_to(1)?;
                self.stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
                self.stream.close(Close::Fin);
            }
            Tls::ClosesInHandshake => {
                self.read_to(1)?;
                self.stream.close(Close::Fin);
            }
            Tls::ResetsInHandshake => {
                self.read_to(1)?;
                self.stream.close(Close::Rst);
            }
            Tls::StallsInHandshake => while self.read_to(self.buffer.len() + 1)? {},
            _ => {
                let config = self.endpoint.authority.config(tls)?;
                if tls == Tls::WantsClientCertificateAndResets {
                    self.stream.verify_client(config)?;
                    self.stream.close(Close::Rst);
                    return Ok(None);
                }
                self.stream = self.stream.with_tls(config)?;
                return Ok(Some(self));
            }
        }
        Ok(None)
    }

    /// Plays the steps of a request; gives the connection back if it serves a next request.
    fn play(mut self, steps: &Steps, slot: Option<usize>) -> io::Result<Option<Self>> {
        let played = self.play_steps(steps, slot);
        if let Some(slot) = slot {
            self.note(slot);
        }
        let close = played?;
        let keeps = steps.iter().any(|step| matches!(step, Step::KeepOpen(true)));
        let responded = matches!(steps.last(), Some(Step::Respond(_) | Step::IssueToken(_)));
        match close {
            Some(how) => self.stream.close(how),
            None if keeps || responded => return self.next(slot),
            None => self.stream.close(Close::Fin),
        }
        Ok(None)
    }

    fn play_steps(&mut self, steps: &Steps, slot: Option<usize>) -> io::Result<Option<Close>> {
        let reads = |step: &Step| matches!(step, Step::Read(_) | Step::On(_));
        if !steps.iter().any(reads) {
            self.read(Read::Body, slot)?;
        }
        let placeholders = &self.endpoint.placeholders;
        for step in steps {
            match step {
                Step::On(_) | Step::KeepOpen(_) => {}
                Step::Read(until) => self.read(*until, slot)?,
                Step::Respond(response) => {
                    // The request is on record before the client can have its response.
                    self.record(slot);
                    self.stream.write_all(&response::render(response, placeholders)?)?;
                }
                Step::IssueToken(token) => {
                    let response = response::token(token, &self.endpoint.next_token());
                    self.record(slot);
                    self.stream.write_all(&response::render(&response, placeholders)?)?;
                }
                Step::Send(text) => {
                    self.record(slot);
                    self.stream.write_all(placeholders.fill(text).as_bytes())?;
                }
                Step::SendHex(digits) => {
                    self.record(slot);
                    self.stream.write_all(&response::unhex(digits)?)?;
                }
                Step::Flood(repeat) => {
                    self.record(slot);
                    self.stream.write_all(repeat.text().as_bytes())?;
                }
                Step::Drip(drip) => {
                    self.record(slot);
                    for piece in placeholders.fill(&drip.text).as_bytes().chunks(drip.bytes.max(1))
                    {
                        self.stream.write_all(piece)?;
                        self.stream.sleep(Duration::from_millis(drip.every_ms))?;
                    }
                }
                Step::StallMs(ms) => self.stream.sleep(Duration::from_millis(*ms))?,
                Step::Close(how) => {
                    self.record(slot);
                    return Ok(Some(*how));
                }
            }
        }
        Ok(None)
    }

    fn read(&mut self, until: Read, slot: Option<usize>) -> io::Result<()> {
        while match until {
            Read::Bytes(bytes) => self.buffer.len() < bytes,
            Read::Head => head_end(&self.buffer).is_none(),
            Read::Body => whole_len(&self.buffer).is_none(),
        } {
            let want = match until {
                Read::Bytes(bytes) => bytes - self.buffer.len(),
                Read::Head | Read::Body => usize::MAX,
            };
            if !self.receive(want)? {
                self.record(slot);
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.record(slot);
        Ok(())
    }

    /// Waits until so many bytes are there; false if the other side ends before.
    fn read_to(&mut self, bytes: usize) -> io::Result<bool> {
        while self.buffer.len() < bytes {
            if !self.receive(bytes - self.buffer.len())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn receive(&mut self, at_most: usize) -> io::Result<bool> {
        if self.buffer.len() > REQUEST_CAP {
            return Err(io::Error::other("the request is too large"));
        }
        let mut piece = [0; 8 * 1024];
        let most = at_most.min(piece.len());
        let read = self.stream.read(&mut piece[..most])?;
        self.buffer.extend_from_slice(&piece[..read]);
        Ok(read > 0)
    }

    /// Ends the request, so that the next one can begin.
    fn next(mut self, slot: Option<usize>) -> io::Result<Option<Self>> {
        if slot.is_some() {
            self.read(Read::Body, slot)?;
            let end = whole_len(&self.buffer).unwrap_or(self.buffer.len());
            self.buffer.drain(..end);
        } else {
            while self.receive(usize::MAX)? {
                self.buffer.clear();
            }
        }
        Ok(Some(self))
    }

    fn record(&self, slot: Option<usize>) {
        if let Some(slot) = slot {
            self.note(slot);
        }
    }

    fn note(&self, slot: usize) {
        let received =
            ReceivedRequest { connection: self.number, ..ReceivedRequest::parse(&self.buffer) };
        self.endpoint.update(slot, received);
    }
}
