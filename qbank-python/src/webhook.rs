//! Verifies a delivery for `webhooks.py`.

use pyo3::prelude::*;
use qbank_bindings::{to_json, verify};

use crate::refused;

/// The event as JSON, or `null` if the signature is genuine but the body is no event of ours.
/// Raises `Refused` with the record of why not.
#[pyfunction]
pub(crate) fn verify_webhook(body: &[u8], delivery: &str) -> PyResult<String> {
    verify(body, delivery).map(|event| to_json(&event)).map_err(|refusal| refused(&refusal))
}
