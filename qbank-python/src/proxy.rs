//! The proxy of the environment, decided as for every driver.

use std::collections::HashMap;

use http::Uri;
use pyo3::prelude::*;
use qbank_bindings::Error;
use qbank_proto::{Proxy, proxy_of_environment};

use crate::refused;

/// The URL of the proxy that these variables name for a URL, its user and password included, or
/// nothing. Raises `Refused` for one that cannot be used.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "made from a dict of Python")]
pub(crate) fn proxy(variables: HashMap<String, String>, target: &str) -> PyResult<Option<String>> {
    let variable = |name: &str| variables.get(name).map(Into::into);
    let usable = |error: qbank_proto::Error| {
        let field = error.input_field().unwrap_or("proxy").to_owned();
        let rule = "must be a URL such as http://proxy.example:3128";
        refused(&Error::invalid_input(&field, rule, qbank_bindings::Fate::NeverSent))
    };
    let Some(url) = proxy_of_environment(variable).map_err(usable)? else { return Ok(None) };
    let proxy = Proxy::of_environment(variable).map_err(usable)?;
    let Ok(target) = target.parse::<Uri>() else { return Ok(None) };
    Ok(proxy.filter(|proxy| proxy.is_for(&target)).map(|_| url.to_string()))
}
