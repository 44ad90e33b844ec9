//! The script of one endpoint, and the requests that it received.

use std::{
    collections::VecDeque,
    io,
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{
    connection, listener::Port, placeholder::Placeholders, request::ReceivedRequest, tls::Authority,
};
use crate::{On, Response, Step, Steps, Tls};

/// More connections than any scenario needs.
const CONNECTION_CAP: usize = 512;

/// What the threads of an endpoint share.
pub(crate) struct Endpoint {
    pub(crate) tls: Option<Tls>,
    pub(crate) placeholders: Placeholders,
    pub(crate) authority: Arc<Authority>,
    pub(crate) stopped: Arc<AtomicBool>,
    /// The steps of the next requests, and of every further one.
    script: Mutex<(VecDeque<Steps>, Steps)>,
    received: Mutex<Vec<ReceivedRequest>>,
    connections: AtomicUsize,
    tokens: AtomicUsize,
}

impl Endpoint {
    pub(crate) fn new(
        script: Vec<Steps>,
        tls: Option<Tls>,
        placeholders: Placeholders,
        authority: Arc<Authority>,
        stopped: Arc<AtomicBool>,
    ) -> Endpoint {
        // The last steps serve every further request as well.
        let last = script.iter().rfind(|steps| !is_on_connect(steps)).cloned();
        let last = last.unwrap_or_else(|| vec![Step::Respond(unscripted())]);
        Endpoint {
            tls,
            placeholders,
            authority,
            stopped,
            script: Mutex::new((script.into(), last)),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            tokens: AtomicUsize::new(0),
        }
    }

    /// Listens on the port until stopped, a thread per connection.
    pub(crate) fn start(self: &Arc<Self>, port: Port) -> JoinHandle<io::Result<()>> {
        let endpoint = Arc::clone(self);
        thread::spawn(move || {
            let mut serving = Vec::new();
            let mut serve = |tcp: TcpStream| {
                let number = endpoint.connections.fetch_add(1, Ordering::Relaxed) + 1;
                let endpoint = Arc::clone(&endpoint);
                if number <= CONNECTION_CAP {
                    serving.push(thread::spawn(move || {
                        // An error is a client that closed, as many scripts make it.
                        let _ = connection::serve(&endpoint, number, tcp);
                    }));
                }
            };
            let stopped = || endpoint.stopped.load(Ordering::Relaxed);
            let ended = port.accept(&stopped, &mut serve);
            for thread in serving {
                let _ = thread.join();
            }
            ended
        })
    }

    /// The next steps, if they are for a connection.
    pub(crate) fn take_on_connect(&self) -> Option<Steps> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.0.front().is_some_and(is_on_connect).then(|| script.0.pop_front()).flatten()
    }

    /// The steps of the next request.
    pub(crate) fn take(&self) -> Steps {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.0.pop_front().unwrap_or_else(|| script.1.clone())
    }

    /// Puts a request on record, and returns its position.
    pub(crate) fn record(&self, request: ReceivedRequest) -> usize {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(request);
        received.len() - 1
    }

    /// More of it was read.
    pub(crate) fn update(&self, slot: usize, request: ReceivedRequest) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = received.get_mut(slot) {
            *known = request;
        }
    }

    pub(crate) fn received(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// `t1`, `t2`, …
    pub(crate) fn next_token(&self) -> String {
        format!("t{}", self.tokens.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

fn is_on_connect(steps: &Steps) -> bool {
    matches!(steps.first(), Some(Step::On(On::Connect)))
}

/// The response to a request that no scenario expects.
fn unscripted() -> Response {
    Response { status: 500, body: Some("not in the script".to_owned()), ..Response::default() }
}
