//! Workers, a network, a store and the bank in one thread of virtual time, all from one seed.
//!
//! Workers are processes: they crash between any two steps, stand still for longer than their
//! leases, and have wall clocks that are wrong. The store loses transactions, and answers to
//! those that it committed; a backup of it is restored. The network loses requests and responses,
//! and delivers them late; tokens are revoked; the bank forgets keys. The database's clock jumps.
//! An operator holds, approves, cancels and stops workers; webhooks come. At the end all of this stops, the rest is worked off, what is in doubt
//! is decided by the bank's books, and what the store says is
//! compared with the bank's books.

mod model;
mod network;
mod people;
mod random;
mod rules;
mod worker;
mod world;

use world::World;

/// What a wrong outbox does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A worker steers rows whose lease is somebody else's.
    NoFence,
    /// A late answer is dropped.
    FencedEvidence,
    /// A row gets a key each time it is claimed.
    KeyAtClaim,
    /// That a row is sent is written down after it was.
    FirstSentAfter,
    /// A lease runs out before its call.
    ShortLease,
    /// How old a key is, is not looked at.
    IgnoresKeyAge,
    /// How old a key is, is known by the worker's own clock.
    AgeByWorkersClock,
    /// A 401 refuses the row.
    RefusesOn401,
    /// What is to be reconciled is sent again.
    RetriesReconcile,
}

impl Mutant {
    pub(crate) const ALL: [Self; 9] = [
        Self::NoFence,
        Self::FencedEvidence,
        Self::KeyAtClaim,
        Self::FirstSentAfter,
        Self::ShortLease,
        Self::IgnoresKeyAge,
        Self::AgeByWorkersClock,
        Self::RefusesOn401,
        Self::RetriesReconcile,
    ];
}

/// Runs the schedule of a seed; gives the rule that it broke, if it broke one.
pub(crate) fn run(seed: u64, mutant: Option<Mutant>) -> Option<String> {
    World::new(seed, mutant).run()
}
