//! The calls that wait for a token, by the order of their ids.

use std::sync::Arc;
use std::task::Waker;

/// Who waits, oldest id first. Ids grow, so that a new one usually goes to the end;
/// who leaves in between leaves a gap, and gaps go when they are the larger part:
/// ten thousand calls come and go without moving each other.
///
/// Each waker is behind an `Arc`: this is held under the session's lock, where no code of the
/// application runs, not even a waker's `clone`.
#[derive(Default)]
pub(super) struct Followers {
    waiting: Vec<(u64, Option<Arc<Waker>>)>,
    gaps: usize,
}

impl Followers {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() - self.gaps
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives back the waker that this one replaces.
    pub(super) fn insert(&mut self, id: u64, waker: Arc<Waker>) -> Option<Arc<Waker>> {
        match self.find(id) {
            Ok(at) => {
                let replaced = self.waiting[at].1.replace(waker);
                self.gaps -= usize::from(replaced.is_none());
                replaced
            }
            Err(at) => {
                self.waiting.insert(at, (id, Some(waker)));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Arc<Waker>> {
        let at = self.find(id).ok()?;
        let removed = self.waiting[at].1.take()?;
        self.gaps += 1;
        if self.gaps > self.waiting.len() / 2 {
            self.waiting.retain(|(_, waker)| waker.is_some());
            self.gaps = 0;
        }
        Some(removed)
    }

    fn find(&self, id: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&id, |(id, _)| *id)
    }

    /// All of them, who stay.
    pub(super) fn wakers(&self) -> Vec<Arc<Waker>> {
        self.waiting.iter().filter_map(|(_, waker)| waker.clone()).collect()
    }

    /// All of them.
    pub(super) fn into_wakers(self) -> Vec<Arc<Waker>> {
        self.waiting.into_iter().filter_map(|(_, waker)| waker).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::task::Wake;

    /// Not of zero size, so that each has an address of its own.
    #[expect(dead_code, reason = "only its address counts")]
    struct Named(u32);

    impl Wake for Named {
        fn wake(self: Arc<Self>) {}
    }

    proptest! {
        /// Against the map of the standard library. Which waker is which, its
        /// address tells.
        #[test]
        fn followers_are_a_map_in_the_order_of_ids(
            steps in prop::collection::vec((0..24_u64, any::<bool>()), 0..200),
        ) {
            let mut followers = Followers::default();
            let mut map = BTreeMap::new();
            for (n, (id, comes)) in (0..).zip(steps) {
                let (had, has) = if comes {
                    let waker = Arc::new(Waker::from(Arc::new(Named(n))));
                    (map.insert(id, waker.clone()), followers.insert(id, waker))
                } else {
                    (map.remove(&id), followers.remove(id))
                };
                prop_assert_eq!(had.as_ref().map(|waker| waker.data()), has.as_ref().map(|waker| waker.data()));
                prop_assert_eq!(followers.len(), map.len());
                prop_assert_eq!(followers.is_empty(), map.is_empty());
                let told: Vec<_> = followers.wakers().iter().map(|waker| waker.data()).collect();
                let known: Vec<_> = map.values().map(|waker| waker.data()).collect();
                prop_assert_eq!(told, known);
                prop_assert!(followers.waiting.len() <= 2 * map.len() + 1);
            }
            prop_assert_eq!(followers.into_wakers().len(), map.len());
        }
    }

    #[test]
    fn ten_thousand_come_and_go() {
        let mut followers = Followers::default();
        for id in 0..10_000 {
            assert!(followers.insert(id, Arc::new(Waker::noop().clone())).is_none());
        }
        for id in 0..10_000 {
            assert!(followers.remove(id).is_some());
            assert!(followers.remove(id).is_none());
        }
        assert!(followers.is_empty() && followers.waiting.is_empty());
    }
}
