//! One call, as `_drive.py` drives it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use qbank_bindings::{Now, to_json};

use crate::wake::waker;

/// From this size on, other threads of Python run while a body is read.
const LARGE: usize = 1 << 16;

#[pyclass(frozen, module = "qbank_connect._core")]
pub(crate) struct Call {
    inner: Mutex<qbank_bindings::Call>,
    waker: Waker,
}

impl Call {
    pub(crate) fn new(inner: qbank_bindings::Call, wake: Py<PyAny>) -> Self {
        Self { inner: Mutex::new(inner), waker: waker(wake) }
    }

    /// One thread drives a call: it never waits for this lock.
    fn lock(&self) -> MutexGuard<'_, qbank_bindings::Call> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clocks are in seconds.
#[pymethods]
impl Call {
    /// The record of the next step.
    fn poll(&self, py: Python<'_>, mono: f64, unix: f64) -> String {
        let now = clocks(mono, unix);
        // The call of another thread may be woken, for which it needs the interpreter.
        py.detach(|| to_json(&self.lock().poll(now, &self.waker)))
    }

    /// The body of the request to send, or of the response that counted.
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.lock().body())
    }

    /// Whether the body of a response with this status is to be read as a list.
    fn streams(&self, mono: f64, unix: f64, status: u16) -> bool {
        self.lock().streams(clocks(mono, unix), status)
    }

    /// What came of the exchange.
    fn settle(&self, py: Python<'_>, mono: f64, unix: f64, response: &str, body: &[u8]) {
        let (now, body) = (clocks(mono, unix), body.to_vec());
        py.detach(|| self.lock().settle(now, response, body));
    }

    /// What the application's supplier gave.
    fn supply(&self, py: Python<'_>, mono: f64, unix: f64, token: &str) {
        let now = clocks(mono, unix);
        py.detach(|| self.lock().supply(now, token));
    }

    /// Gives up: the record of the last step.
    fn abandon(&self, py: Python<'_>, mono: f64, unix: f64) -> String {
        let now = clocks(mono, unix);
        py.detach(|| to_json(&self.lock().abandon(now)))
    }

    /// The record of the items that a chunk of a list completes. No chunk is its end, and
    /// `broken`, if it is there, says why that came too early.
    #[pyo3(signature = (chunk, broken=None))]
    fn items(&self, py: Python<'_>, chunk: &[u8], broken: Option<&str>) -> String {
        if chunk.len() < LARGE {
            return to_json(&self.lock().items(chunk, broken));
        }
        let chunk = chunk.to_vec();
        py.detach(|| to_json(&self.lock().items(&chunk, broken)))
    }
}

/// What is no time is the beginning of it.
fn clocks(mono: f64, unix: f64) -> Now {
    let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Now { mono: time(mono), unix: time(unix) }
}
