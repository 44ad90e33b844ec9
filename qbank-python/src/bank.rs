//! The sandbox bank of `testing.py`. What a connection does to a response is Python's.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use qbank_sandbox::{BankConfig, Delivery, InProcess, WireFault};

type Headers = Vec<(String, String)>;
/// Status, headers, body, and the fault that the connection adds, with its number.
type Handled<'py> = (u16, Headers, Bound<'py, PyBytes>, Option<(&'static str, f64)>);

/// A bank whose clock moves by `advance` alone. Times are in seconds.
#[pyclass(frozen, module = "qbank_connect._core")]
pub(crate) struct Bank {
    inner: InProcess,
}

#[pymethods]
impl Bank {
    #[classattr]
    const CLIENT_ID: &'static str = qbank_sandbox::CLIENT_ID;
    #[classattr]
    const CLIENT_SECRET: &'static str = qbank_sandbox::CLIENT_SECRET;
    #[classattr]
    const WEBHOOK_SECRET: &'static str = qbank_sandbox::WEBHOOK_SECRET;

    /// The accounts of the client, by their names in the core.
    #[classattr]
    fn accounts() -> Vec<(&'static str, String)> {
        vec![
            ("operating", qbank_sandbox::OPERATING.to_string()),
            ("payroll", qbank_sandbox::PAYROLL.to_string()),
            ("treasury", qbank_sandbox::TREASURY.to_string()),
            ("savings", qbank_sandbox::SAVINGS.to_string()),
            ("closed", qbank_sandbox::CLOSED.to_string()),
        ]
    }

    /// Without a `start` the clock begins where that of every sandbox does.
    #[new]
    #[pyo3(signature = (seed, start, token_lifetime))]
    fn new(seed: u64, start: Option<f64>, token_lifetime: f64) -> Self {
        let token_lifetime = seconds(token_lifetime);
        let mut config = BankConfig { seed, token_lifetime, ..BankConfig::default() };
        if let Some(start) = start {
            config.start = seconds(start);
        }
        Self { inner: InProcess::new(config) }
    }

    /// The response to a request, or `ValueError` if it is not a request of HTTP.
    #[expect(clippy::needless_pass_by_value, reason = "made from objects of Python")]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        url: &str,
        headers: Headers,
        body: &[u8],
    ) -> PyResult<Handled<'py>> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Bytes::copy_from_slice(body))
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let response = py.detach(|| {
            let now = self.inner.now().unix;
            self.inner.bank().handle(now, request)
        });
        let fault = WireFault::of(response.extensions()).map(fault);
        let body = PyBytes::new(py, response.body());
        Ok((response.status().as_u16(), pairs(response.headers()), body, fault))
    }

    /// Lets time pass, through the batches of the bank.
    fn advance(&self, py: Python<'_>, by: f64) {
        py.detach(|| {
            self.inner.advance(seconds(by));
            drop(self.inner.bank());
        });
    }

    /// The bank's clock, as unix time.
    fn now(&self) -> f64 {
        self.inner.now().unix.as_secs_f64()
    }

    /// Hands the webhooks that are due to a function: headers, body, payment, event and
    /// attempt. It gives the status of the receiver; what it raises counts as 500 and is
    /// raised again, and the rest is due again later.
    fn deliver(&self, receive: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut raised = None;
        self.inner.deliver(|delivery| {
            if raised.is_some() {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            received(receive, delivery).unwrap_or_else(|error| {
                raised = Some(error);
                StatusCode::INTERNAL_SERVER_ERROR
            })
        });
        raised.map_or(Ok(()), Err)
    }
}

fn received(receive: &Bound<'_, PyAny>, delivery: &Delivery) -> PyResult<StatusCode> {
    let status = receive.call1((
        pairs(&delivery.headers),
        PyBytes::new(receive.py(), &delivery.body),
        delivery.payment_id.to_string(),
        delivery.event_id.to_string(),
        delivery.attempt,
    ))?;
    let status: u16 = status.extract()?;
    StatusCode::from_u16(status)
        .map_err(|_| PyValueError::new_err(format!("a receiver cannot respond with {status}")))
}

/// A fault of a later version closes the connection, which any connection can.
fn fault(fault: WireFault) -> (&'static str, f64) {
    match fault {
        WireFault::Truncate => ("truncate", 0.0),
        WireFault::Delay(by) => ("delay", by.as_secs_f64()),
        WireFault::Slow { bytes_per_s } => ("slow", bytes_per_s.into()),
        _ => ("close", 0.0),
    }
}

/// The bank writes ASCII only.
fn pairs(headers: &HeaderMap) -> Headers {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// What is no time is none.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
