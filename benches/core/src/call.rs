//! Drives the library's machine in memory: what a driver does, without the I/O.

use std::task::Waker;
use std::time::Duration;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::{Response, header};
use qbank_proto::{
    Authenticate, CallOptions, Config, Credentials, Entropy, Environment, Error, Machine, Now,
    Session, Step,
};

use crate::Failure;

/// The moment at which everything here happens.
pub const NOW: Now = Now { mono: Duration::from_secs(1), unix: Duration::from_secs(1_767_600_123) };

/// The random bytes of every call.
pub const ENTROPY: Entropy = Entropy { key: [7; 16], jitter: 7 };

/// A session that has no token yet.
pub fn session() -> Result<Session, Error> {
    let credentials = Credentials::client("bench", "bench-secret");
    Session::new(Config::new(Environment::Production, credentials))
}

/// A session with a fresh token, as every call but the first finds it.
pub fn ready_session() -> Result<Session, Failure> {
    let session = session()?;
    let authenticate = Authenticate::new(&session, &CallOptions::new(), ENTROPY.jitter);
    drive(authenticate, [token_answer()?])??;
    Ok(session)
}

/// The answer to a token request.
pub fn token_answer() -> Result<Response<Bytes>, Failure> {
    json(200, br#"{"access_token":"benchmark-token","token_type":"Bearer","expires_in":3600}"#)
}

/// An answer of JSON.
pub fn json(status: u16, body: &'static [u8]) -> Result<Response<Bytes>, Failure> {
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::DATE, "Mon, 05 Jan 2026 08:00:00 GMT")
        .body(Bytes::from_static(body))?)
}

/// Answers a machine's requests with these, in order, until it is done.
pub fn drive<M: Machine>(
    mut machine: M,
    answers: impl IntoIterator<Item = Response<Bytes>>,
) -> Result<M::Output, Failure> {
    let mut answers = answers.into_iter();
    loop {
        match machine.poll(NOW, Waker::noop()) {
            Step::Send(exchange) => {
                let answer = answers.next().ok_or("no answer is left")?;
                std::hint::black_box(&exchange.request);
                machine.settle(NOW, exchange.ticket, Ok(answer));
            }
            Step::Done(output) => return Ok(output),
            Step::Wait(_) | Step::Authorize { .. } => return Err("it waits in memory".into()),
        }
    }
}
