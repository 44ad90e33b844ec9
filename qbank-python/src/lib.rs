//! What the Python package `qbank_connect` calls. The loop, HTTP and everything that is an
//! object are Python's; records cross as JSON, bodies as bytes, times as seconds.
//!
//! ```text
//!   client.py, async_client.py   what an application calls
//!        │
//!   _drive.py   poll ──► send, authorize, wait, done ──► settle, supply, abandon
//!        │
//!   Session, Call        here
//!        │
//!   qbank_bindings       calls by name, plain records
//! ```

mod bank;
mod call;
mod proxy;
mod session;
mod wake;
mod webhook;

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use qbank_bindings::to_json;
use serde::Serialize;

create_exception!(_core, Refused, PyException, "Its argument is the record of why, as JSON.");

fn refused(record: &impl Serialize) -> PyErr {
    Refused::new_err(to_json(record))
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add_class::<bank::Bank>()?;
    module.add_class::<session::Session>()?;
    module.add_class::<call::Call>()?;
    module.add_function(wrap_pyfunction!(session::invalid_input, module)?)?;
    module.add_function(wrap_pyfunction!(proxy::proxy, module)?)?;
    module.add_function(wrap_pyfunction!(webhook::verify_webhook, module)?)
}
