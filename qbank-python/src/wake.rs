//! How another call ends this one's wait early: by a function of Python's.

use std::sync::Arc;
use std::task::{Wake, Waker};

use pyo3::prelude::*;

struct Callback(Py<PyAny>);

impl Wake for Callback {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Without an interpreter no call waits any more.
        Python::try_attach(|py| {
            if let Err(error) = self.0.call0(py) {
                error.write_unraisable(py, Some(self.0.bind(py)));
            }
        });
    }
}

pub(crate) fn waker(wake: Py<PyAny>) -> Waker {
    Arc::new(Callback(wake)).into()
}
