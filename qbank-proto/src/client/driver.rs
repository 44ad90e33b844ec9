//! What a driver gives the client: a way to drive a machine to its end.

use std::future::Future;
use std::pin::Pin;

use crate::call::Reply;
use crate::endpoint::ListEndpoint;
use crate::error::Error;
use crate::machine::{Entropy, Machine, Now};

/// How a driver hands out what a machine comes to: at once, or as a future.
///
/// An application that is generic over drivers names the flavour alone, and takes our
/// drivers, a sandbox in its own process, and a fake of its own:
///
/// ```
/// use qbank_proto::endpoint::CreateAch;
/// use qbank_proto::{Blocking, Client, Driver, Error, Fate};
///
/// fn pay<D: Driver<Flavor = Blocking>>(client: &Client<D>, payment: CreateAch) -> Result<Fate, Error> {
///     Ok(client.payments().create_ach(payment).send()?.fate)
/// }
/// ```
pub trait Flavor {
    /// What driving gives back.
    type Run<T: Send + 'static>;
}

/// The calling thread waits, and has the output itself.
#[derive(Debug)]
pub enum Blocking {}

/// A future that can move between threads.
#[derive(Debug)]
pub enum Async {}

/// A future that stays on its thread: `fetch`.
#[derive(Debug)]
pub enum LocalAsync {}

impl Flavor for Blocking {
    type Run<T: Send + 'static> = T;
}

impl Flavor for Async {
    type Run<T: Send + 'static> = Pin<Box<dyn Future<Output = T> + Send>>;
}

impl Flavor for LocalAsync {
    type Run<T: Send + 'static> = Pin<Box<dyn Future<Output = T>>>;
}

/// What the driver `D` gives back for an output `T`.
pub type Run<D, T> = <<D as Driver>::Flavor as Flavor>::Run<T>;

/// What a driver gives the client: a way to drive a machine to its end.
pub trait Driver {
    /// Whether driving waits or gives a future.
    type Flavor: Flavor;

    /// Drives a machine to its end.
    fn drive<M>(&self, machine: M) -> Run<Self, M::Output>
    where
        Self: Sized,
        M: Machine + Send + 'static,
        M::Output: Send + 'static;

    /// Fresh random bytes, for a key.
    fn entropy(&self) -> Entropy;

    /// A fresh random number that only spreads retries: cheaper, where no key is
    /// needed.
    fn jitter(&self) -> u64 {
        self.entropy().jitter
    }

    /// Both clocks, as this driver reads them.
    fn now(&self) -> Now;
}

/// What a driver adds if it can hand out a list while it arrives.
pub trait ListDriver: Driver {
    /// A list that arrives.
    type List<L: ListEndpoint>: Send + 'static;

    /// Drives an opening to the head of its response, and gives its body as a list. The
    /// opening is a call of [`OpenList`](crate::OpenList), or a machine around one.
    fn open<L, M>(&self, opening: M) -> Run<Self, Result<Self::List<L>, Error>>
    where
        Self: Sized,
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static;
}
