//! An answer, and what the wire should do with it.

use http::{HeaderMap, Response};
use qbank_sandbox::WireFault;
use wasm_bindgen::prelude::wasm_bindgen;

/// What the bank answered.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PageAnswer {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    fault: Option<WireFault>,
}

#[wasm_bindgen]
impl PageAnswer {
    /// The status code.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Name, value, name, value.
    #[wasm_bindgen(getter)]
    pub fn headers(&self) -> Vec<String> {
        self.headers.clone()
    }

    /// The body.
    #[wasm_bindgen(getter)]
    pub fn body(&self) -> Vec<u8> {
        self.body.clone()
    }

    /// What whoever carries the answer must do to it: `close_without_answer`,
    /// `close_before_reading`, `truncate`, `delay` or `slow`; nothing as a rule.
    #[wasm_bindgen(getter)]
    pub fn fault(&self) -> Option<String> {
        self.fault.map(|fault| name(fault).to_owned())
    }

    /// Milliseconds of a `delay`, bytes a second of `slow`.
    #[wasm_bindgen(getter, js_name = faultValue)]
    pub fn fault_value(&self) -> Option<u32> {
        match self.fault? {
            WireFault::Delay(by) => Some(u32::try_from(by.as_millis()).unwrap_or(u32::MAX)),
            WireFault::Slow { bytes_per_s } => Some(bytes_per_s),
            _ => None,
        }
    }
}

/// An unknown fault closes the connection: the one thing any wire can do.
fn name(fault: WireFault) -> &'static str {
    match fault {
        WireFault::CloseBeforeReading => "close_before_reading",
        WireFault::Truncate => "truncate",
        WireFault::Delay(_) => "delay",
        WireFault::Slow { .. } => "slow",
        _ => "close_without_answer",
    }
}

impl<B: AsRef<[u8]>> From<Response<B>> for PageAnswer {
    fn from(response: Response<B>) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: flat(response.headers()),
            body: response.body().as_ref().to_vec(),
            fault: WireFault::of(response.extensions()),
        }
    }
}

/// The bank writes ASCII only, so nothing is lost in a text.
pub(crate) fn flat(headers: &HeaderMap) -> Vec<String> {
    let texts = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().flat_map(|(name, value)| [name.to_string(), texts(value)]).collect()
}
