//! Ids from a seed: the same bank, asked the same things, gives the same ids.

use qbank_proto::Id;
use uuid::{Builder, Uuid};

/// A small generator (splitmix64). Its ids are unique, not secret: nothing that
/// guards real money may come from here.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    pub(crate) fn id<K>(&mut self) -> Id<K> {
        Id::from_uuid(self.uuid())
    }

    /// A uuid of version 4.
    pub(crate) fn uuid(&mut self) -> Uuid {
        uuid(self.next(), self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }
}

/// What a derived id stands for, so that two kinds never collide.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Debit = 1,
    Credit = 2,
    Event = 3,
}

/// The id that belongs to `origin` for one purpose, without being stored.
pub(crate) fn derived<K>(origin: Uuid, purpose: Purpose) -> Id<K> {
    nth_derived(origin, purpose, 0)
}

/// One of several ids that belong to `origin` for one purpose.
pub(crate) fn nth_derived<K>(origin: Uuid, purpose: Purpose, nth: u8) -> Id<K> {
    let (high, low) = origin.as_u64_pair();
    let salt = (purpose as u64 + u64::from(nth) * 16).wrapping_mul(GOLDEN);
    Id::from_uuid(uuid(mix(high ^ salt), mix(low ^ salt)))
}

/// The increment of splitmix64.
pub(crate) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn uuid(high: u64, low: u64) -> Uuid {
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The output function of splitmix64.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
