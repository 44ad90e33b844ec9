//! A webhook on its way.

use qbank_sandbox::Delivery;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answer::flat;

/// One attempt to tell the page of one payment.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PageDelivery {
    delivery: Delivery,
}

#[wasm_bindgen]
impl PageDelivery {
    /// Name, value, name, value.
    #[wasm_bindgen(getter)]
    pub fn headers(&self) -> Vec<String> {
        flat(&self.delivery.headers)
    }

    /// The signed bytes.
    #[wasm_bindgen(getter)]
    pub fn body(&self) -> Vec<u8> {
        self.delivery.body.to_vec()
    }

    /// The payment that it tells of.
    #[wasm_bindgen(getter, js_name = paymentId)]
    pub fn payment_id(&self) -> String {
        self.delivery.payment_id.to_string()
    }
}

impl PageDelivery {
    pub(crate) fn inner(&self) -> &Delivery {
        &self.delivery
    }
}

impl From<Delivery> for PageDelivery {
    fn from(delivery: Delivery) -> Self {
        Self { delivery }
    }
}
