//! What the calls of one client share.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use qbank_bindings::{Error, Fate, to_json};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::refused;

/// The session of a client, and the options that it was opened with: after a fork the child
/// opens another one.
#[pyclass(frozen, module = "qbank_connect._core")]
pub(crate) struct Session {
    inner: qbank_bindings::Session,
    options: Zeroizing<String>,
}

#[pymethods]
impl Session {
    /// Raises `Refused` with the record of an error.
    #[new]
    fn new(options: String) -> PyResult<Self> {
        let options = Zeroizing::new(options);
        let inner = qbank_bindings::Session::new(&options).map_err(|error| refused(&error))?;
        Ok(Self { inner, options })
    }

    /// Another session with the same options, and without a token.
    fn fresh(&self) -> PyResult<Self> {
        Self::new(self.options.to_string())
    }

    /// Makes a call of an operation, or raises `Refused`. `wake` is called, by whichever
    /// thread, when a wait may end early.
    fn call(
        &self,
        operation: &str,
        request: &str,
        options: &str,
        random: &[u8],
        wake: Py<PyAny>,
    ) -> PyResult<Call> {
        let call = self.inner.call(operation, request, options, random);
        call.map(|call| Call::new(call, wake)).map_err(|error| refused(&error))
    }

    /// The key and the body of what a write sends, or raises `Refused`. Nothing for a read.
    fn intent<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        request: &str,
        options: &str,
        random: &[u8],
    ) -> PyResult<Option<(String, Bound<'py, PyBytes>)>> {
        let intent = self.inner.intent(operation, request, options, random);
        let intent = intent.map_err(|error| refused(&error))?;
        Ok(intent.map(|it| (it.key.to_string(), PyBytes::new(py, &it.body))))
    }
}

/// The record of the error of a member that breaks a rule.
#[pyfunction]
pub(crate) fn invalid_input(field: &str, rule: &str, fate: &str) -> String {
    let fate = match fate {
        "not_applicable" => Fate::NotApplicable,
        "never_sent" => Fate::NeverSent,
        _ => Fate::Unknown,
    };
    to_json(&Error::invalid_input(field, rule, fate))
}
