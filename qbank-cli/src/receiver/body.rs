//! The body of a delivery, in bounded memory: each connection may hold a small one, and a
//! few at once may be large.

use std::fmt;

use http_body_util::BodyExt as _;
use hyper::body::Body;
use qbank_proto::bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

/// An event is a few hundred bytes; so much is taken from every connection.
const SMALL: usize = 64 << 10;
/// The largest body that is read.
const LARGEST: usize = 1 << 20;
/// So many bodies larger than [`SMALL`] are held at once.
const LARGE_AT_ONCE: usize = 16;

/// The room for bodies, shared by all connections.
pub(super) struct Bodies {
    large: Semaphore,
}

/// A body that was read. A large one keeps its place until it is dropped.
#[derive(Debug)]
pub(super) struct ReadBody<'a> {
    pub(super) bytes: Bytes,
    _place: Option<SemaphorePermit<'a>>,
}

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    TooLarge,
    /// Other large ones are being read: this one can be sent again.
    NoRoom,
    Broken(String),
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self { large: Semaphore::new(LARGE_AT_ONCE) }
    }

    pub(super) async fn read<B>(&self, mut body: B) -> Result<ReadBody<'_>, NotRead>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let mut kept = Vec::new();
        let mut place = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| NotRead::Broken(error.to_string()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let length = kept.len().saturating_add(data.len());
            if length > LARGEST {
                return Err(NotRead::TooLarge);
            }
            if length > SMALL && place.is_none() {
                place = Some(self.large.try_acquire().map_err(|_| NotRead::NoRoom)?);
                // Once: to grow step by step would hold up to three times as much.
                kept.reserve_exact(LARGEST.saturating_sub(kept.len()));
            }
            kept.extend_from_slice(&data);
        }
        Ok(ReadBody { bytes: kept.into(), _place: place })
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the body is larger than {LARGEST} bytes"),
            Self::NoRoom => f.write_str("too many large bodies at once: to be sent again"),
            Self::Broken(error) => write!(f, "the body cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use hyper::body::Frame;

    use super::*;

    /// Arrives in parts; then it ends, or stalls.
    struct Parts {
        parts: VecDeque<Bytes>,
        stalls: bool,
    }

    impl Parts {
        fn of(size: usize) -> Self {
            let whole = Bytes::from(vec![b'x'; size]);
            Self {
                parts: whole.chunks(10_000).map(Bytes::copy_from_slice).collect(),
                stalls: false,
            }
        }

        fn stalled(size: usize) -> Self {
            Self { stalls: true, ..Self::of(size) }
        }
    }

    impl Body for Parts {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.parts.pop_front() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None if self.stalls => Poll::Pending,
                None => Poll::Ready(None),
            }
        }
    }

    /// What comes of a body that never has to be waited for.
    fn read(bodies: &Bodies, body: Parts) -> Result<ReadBody<'_>, NotRead> {
        let mut reading = pin!(bodies.read(body));
        match reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(read) => read,
            Poll::Pending => unreachable!("it does not stall"),
        }
    }

    #[test]
    fn bodies_are_read_up_to_a_mebibyte() {
        let bodies = Bodies::new();
        for size in [0, 1, SMALL, SMALL + 1, LARGEST] {
            assert_eq!(read(&bodies, Parts::of(size)).unwrap().bytes.len(), size);
        }
        assert_eq!(read(&bodies, Parts::of(LARGEST + 1)).unwrap_err(), NotRead::TooLarge);
    }

    #[test]
    fn only_so_many_large_bodies_are_held_and_small_ones_always_are() {
        let bodies = Bodies::new();
        let mut large: Vec<_> =
            (0..LARGE_AT_ONCE).map(|_| read(&bodies, Parts::of(LARGEST))).collect();
        assert!(large.iter().all(Result::is_ok));
        assert_eq!(read(&bodies, Parts::of(LARGEST)).unwrap_err(), NotRead::NoRoom);
        let small: Vec<_> = (0..300).map(|_| read(&bodies, Parts::of(SMALL))).collect();
        assert!(small.iter().all(Result::is_ok));
        large.pop();
        assert!(read(&bodies, Parts::of(LARGEST)).is_ok());
    }

    #[test]
    fn a_large_body_that_stalls_keeps_its_place_until_it_is_given_up() {
        let bodies = Bodies::new();
        let mut stalled: Vec<_> =
            (0..LARGE_AT_ONCE).map(|_| Box::pin(bodies.read(Parts::stalled(SMALL + 1)))).collect();
        for reading in &mut stalled {
            let polled = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
        assert_eq!(read(&bodies, Parts::of(LARGEST)).unwrap_err(), NotRead::NoRoom);
        drop(stalled);
        assert!(read(&bodies, Parts::of(LARGEST)).is_ok());
    }
}
