//! The body of a response: whole, half, or slow.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Half a body must be on its way before the connection closes under it.
const BEFORE_THE_TEAR: Duration = Duration::from_millis(20);
/// Slow bodies come in about this many drops a second.
const DROPS_PER_S: u32 = 10;

pub(super) enum ResponseBody {
    Whole(Bytes),
    Half { rest: Bytes, tear: Pin<Box<Sleep>> },
    Slow { rest: Bytes, drop: usize, every: Duration, next: Pin<Box<Sleep>> },
}

impl ResponseBody {
    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(body)
    }

    /// Ends in an error after half of the body.
    pub(super) fn half(body: &Bytes) -> Self {
        let rest = body.slice(..body.len() / 2);
        Self::Half { rest, tear: Box::pin(sleep(BEFORE_THE_TEAR)) }
    }

    pub(super) fn slow(body: Bytes, bytes_per_s: u32) -> Self {
        let bytes_per_s = bytes_per_s.max(1);
        let drop = (bytes_per_s / DROPS_PER_S).max(1);
        let every = Duration::from_secs(1) * drop / bytes_per_s;
        let drop = usize::try_from(drop).unwrap_or(usize::MAX);
        Self::Slow { rest: body, drop, every, next: Box::pin(sleep(every)) }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = match self.get_mut() {
            Self::Whole(rest) => std::mem::take(rest),
            Self::Half { rest, tear } => {
                if rest.is_empty() {
                    ready!(tear.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
                }
                std::mem::take(rest)
            }
            Self::Slow { rest, drop, every, next } => {
                if !rest.is_empty() {
                    ready!(next.as_mut().poll(cx));
                    next.as_mut().reset(Instant::now() + *every);
                }
                rest.split_to(rest.len().min(*drop))
            }
        };
        Poll::Ready((!frame.is_empty()).then(|| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(rest) | Self::Slow { rest, .. } => rest.is_empty(),
            Self::Half { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(rest) | Self::Slow { rest, .. } => {
                SizeHint::with_exact(u64::try_from(rest.len()).unwrap_or(u64::MAX))
            }
            // The head promises more than there is.
            Self::Half { .. } => SizeHint::default(),
        }
    }
}
