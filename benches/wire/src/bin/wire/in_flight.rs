//! What a call costs when one, a hundred and ten thousand of them are in flight on one
//! session: the bank holds every answer until all have arrived. Over one HTTP/2
//! connection each time, so that descriptors are not what is measured.

pub(crate) mod instructions;
pub(crate) mod memory;
pub(crate) mod time;

const AT_ONCE: [usize; 3] = [1, 100, 10_000];
