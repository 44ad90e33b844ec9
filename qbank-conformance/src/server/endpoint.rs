//! The script of one endpoint, and what arrived there.

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

use super::{connection, listener::Port, placeholder::Places, request::Arrived, tls::Authority};
use crate::{Answer, On, Reply, Step, Tls};

/// More connections than any scenario needs.
const CONNECTION_CAP: usize = 512;

/// What the threads of an endpoint share.
pub(crate) struct Endpoint {
    pub(crate) tls: Option<Tls>,
    pub(crate) places: Places,
    pub(crate) authority: Arc<Authority>,
    pub(crate) stopped: Arc<AtomicBool>,
    /// What comes next, and what answers when nothing does.
    script: Mutex<(VecDeque<Reply>, Reply)>,
    arrived: Mutex<Vec<Arrived>>,
    connections: AtomicUsize,
    tokens: AtomicUsize,
}

impl Endpoint {
    pub(crate) fn new(
        replies: Vec<Reply>,
        tls: Option<Tls>,
        places: Places,
        authority: Arc<Authority>,
        stopped: Arc<AtomicBool>,
    ) -> Endpoint {
        // The last reply to a request answers all that follow it.
        let last = replies.iter().rfind(|reply| !is_on_connect(reply)).cloned();
        let last = last.unwrap_or_else(|| vec![Step::Answer(unscripted())]);
        Endpoint {
            tls,
            places,
            authority,
            stopped,
            script: Mutex::new((replies.into(), last)),
            arrived: Mutex::default(),
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
                        // An error is a client that went away, as many a script makes it.
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

    /// The next reply, if it is for a connection.
    pub(crate) fn take_on_connect(&self) -> Option<Reply> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.0.front().is_some_and(is_on_connect).then(|| script.0.pop_front()).flatten()
    }

    /// The reply to the next request.
    pub(crate) fn take(&self) -> Reply {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.0.pop_front().unwrap_or_else(|| script.1.clone())
    }

    /// Puts a request on record, and says where.
    pub(crate) fn record(&self, request: Arrived) -> usize {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.push(request);
        arrived.len() - 1
    }

    /// Now more of it is there.
    pub(crate) fn rerecord(&self, slot: usize, request: Arrived) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = arrived.get_mut(slot) {
            *known = request;
        }
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// `t1`, `t2`, …
    pub(crate) fn next_token(&self) -> String {
        format!("t{}", self.tokens.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

fn is_on_connect(reply: &Reply) -> bool {
    matches!(reply.first(), Some(Step::On(On::Connect)))
}

/// What answers a request that no scenario expects.
fn unscripted() -> Answer {
    Answer { status: 500, body: Some("not in the script".to_owned()), ..Answer::default() }
}
