//! Many calls at once, with a limit.

use std::fmt;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use qbank_proto::endpoint::Endpoint;
use qbank_proto::{Call, Error, Reply};
use tokio::task::JoinSet;

use crate::Client;

/// Submits calls with at most `limit` in flight, and gives their results as they
/// come, each with the position of its call.
///
/// The next call is taken, and so its key made, only when there is room for it
/// and the stream is polled: a slow reader slows the submission. The calls in
/// flight are tasks, so that each of them makes progress while the reader does
/// something else: it may lead the refresh that other calls wait for. After a 429
/// the session throttles all of them. Dropping the stream aborts the calls in
/// flight; take note of their keys before ([`Call::key`]) to resume them.
///
/// # Panics
///
/// The stream panics if the runtime that polled it before was shut down.
///
/// ```no_run
/// # async fn pay(client: qbank_hyper::Client, invoices: Vec<qbank_hyper::endpoint::CreateAch>) {
/// let calls = invoices.into_iter().map(|invoice| client.payments().create_ach(invoice).call());
/// let mut results = qbank_hyper::submit_all(&client, calls, 64);
/// while let Some((position, result)) = results.next().await {
///     match result {
///         Ok(reply) => println!("{position}: {:?}", reply.value.payment_id),
///         Err(error) => println!("{position}: {error}"),
///     }
/// }
/// # }
/// ```
pub fn submit_all<E, I>(client: &Client, calls: I, limit: usize) -> Submissions<E, I::IntoIter>
where
    E: Endpoint,
    I: IntoIterator<Item = Call<E>>,
{
    Submissions {
        client: client.clone(),
        calls: calls.into_iter().enumerate(),
        limit: limit.max(1),
        in_flight: JoinSet::new(),
        drained: false,
    }
}

/// The results of [`submit_all`].
#[must_use = "nothing is submitted unless the stream is polled"]
pub struct Submissions<E: Endpoint, I> {
    client: Client,
    calls: std::iter::Enumerate<I>,
    limit: usize,
    in_flight: JoinSet<(usize, Submitted<E>)>,
    drained: bool,
}

type Submitted<E> = Result<Reply<<E as Endpoint>::Output>, Error>;

impl<E, I> Submissions<E, I>
where
    E: Endpoint,
    I: Iterator<Item = Call<E>> + Unpin,
{
    /// The next result, in the order in which they come.
    pub async fn next(&mut self) -> Option<(usize, Submitted<E>)> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E, I> Stream for Submissions<E, I>
where
    E: Endpoint,
    I: Iterator<Item = Call<E>> + Unpin,
{
    type Item = (usize, Submitted<E>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.drained && self.in_flight.len() < self.limit {
            match self.calls.next() {
                None => self.drained = true,
                Some((position, call)) => {
                    let running = self.client.drive(call);
                    self.in_flight.spawn(async move { (position, running.await) });
                }
            }
        }
        self.in_flight.poll_join_next(cx).map(|joined| {
            joined.map(|result| result.unwrap_or_else(|error| resume_unwind(error.into_panic())))
        })
    }
}

impl<E: Endpoint, I> fmt::Debug for Submissions<E, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submissions")
            .field("in_flight", &self.in_flight.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
