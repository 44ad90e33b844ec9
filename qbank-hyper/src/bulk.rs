//! Many calls at once, with a limit.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use qbank_proto::endpoint::Endpoint;
use qbank_proto::{Call, Error, Reply};

use crate::Client;

/// Submits calls with at most `limit` in flight, and gives their results as they
/// come, each with the position of its call.
///
/// The next call is taken, and so its key made, only when there is room for it
/// and the stream is polled: a slow reader slows the submission. After a 429 the
/// session holds all of them back. Dropping the stream drops the calls in flight;
/// take note of their keys before ([`Call::key`]) to resume them.
///
/// ```no_run
/// # async fn pay(client: qbank_hyper::Client, invoices: Vec<qbank_hyper::endpoint::CreateAch>) {
/// use std::future::poll_fn;
/// use std::pin::Pin;
///
/// use futures_core::Stream;
///
/// let calls = invoices.into_iter().map(|invoice| client.payments().create_ach(invoice).call());
/// let mut results = qbank_hyper::submit_all(&client, calls, 64);
/// while let Some((position, result)) =
///     poll_fn(|cx| Pin::new(&mut results).poll_next(cx)).await
/// {
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
        in_flight: FuturesUnordered::new(),
        drained: false,
    }
}

/// The results of [`submit_all`].
#[must_use = "nothing is submitted unless the stream is polled"]
pub struct Submissions<E: Endpoint, I> {
    client: Client,
    calls: std::iter::Enumerate<I>,
    limit: usize,
    in_flight: FuturesUnordered<InFlight<E>>,
    drained: bool,
}

type InFlight<E> = Pin<Box<dyn Future<Output = (usize, Submitted<E>)> + Send>>;
type Submitted<E> = Result<Reply<<E as Endpoint>::Output>, Error>;

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
                    self.in_flight
                        .push(Box::pin(async move { (position, running.await) }));
                }
            }
        }
        Pin::new(&mut self.in_flight).poll_next(cx)
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
