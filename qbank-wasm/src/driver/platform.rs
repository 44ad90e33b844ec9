//! What a JavaScript platform gives: clocks, timers, randomness, abort signals.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use js_sys::Function;
use qbank_proto::Now;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn unix_ms() -> f64;
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn mono_ms() -> f64;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;

    /// The platform's `AbortSignal`.
    #[derive(Debug, Clone)]
    pub type AbortSignal;
    #[wasm_bindgen(catch, method, getter)]
    fn aborted(this: &AbortSignal) -> Result<bool, JsValue>;
    #[wasm_bindgen(catch, method, js_name = addEventListener)]
    fn add_event_listener(
        this: &AbortSignal,
        event: &str,
        callback: &Function,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, method, js_name = removeEventListener)]
    fn remove_event_listener(
        this: &AbortSignal,
        event: &str,
        callback: &Function,
    ) -> Result<(), JsValue>;
}

pub(crate) fn now() -> Now {
    clocks(mono_ms(), unix_ms())
}

/// Both clocks, in milliseconds. Below zero, and what is no number, is zero.
pub(crate) fn clocks(mono: f64, unix: f64) -> Now {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let duration = |ms: f64| Duration::from_micros((ms * 1000.0) as u64);
    Now { mono: duration(mono), unix: duration(unix) }
}

/// Fills it from the platform's cryptographic generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let mut bytes = [0; N];
    get_random_values(&mut bytes).map(|_| bytes)
}

/// A callback that JavaScript calls and a task waits for.
struct Called {
    state: Rc<State>,
    callback: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct State {
    called: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Called {
    fn new() -> Self {
        let state = Rc::new(State::default());
        let called = Rc::clone(&state);
        let callback = Closure::new(move || {
            called.called.set(true);
            if let Some(waker) = called.waker.take() {
                waker.wake();
            }
        });
        Self { state, callback }
    }

    fn function(&self) -> &Function {
        self.callback.as_ref().unchecked_ref()
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.state.called.get() {
            return Poll::Ready(());
        }
        self.state.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

/// Ends after a time. Dropped earlier, its timer is cleared.
pub(crate) struct Sleep {
    called: Called,
    timer: JsValue,
}

impl Sleep {
    pub(crate) fn new(time: Duration) -> Self {
        let called = Called::new();
        // Rounded up: a timer that is early would only be set again. Waking early
        // from a sleep of more than 24 days does no harm either.
        let ms = u32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(LONGEST);
        let timer = set_timeout(called.function(), ms.min(LONGEST));
        Self { called, timer }
    }
}

/// A longer timer fires at once.
const LONGEST: u32 = i32::MAX.cast_unsigned();

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.called.poll(cx)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// Ends when the application aborts; without a signal, never.
pub(crate) struct Aborted(Option<(AbortSignal, Called)>);

impl Aborted {
    pub(crate) fn of(signal: Option<AbortSignal>) -> Self {
        Self(signal.map(|signal| {
            let called = Called::new();
            called.state.called.set(signal.aborted().unwrap_or_default());
            // What throws here is no signal of the platform's.
            drop(signal.add_event_listener("abort", called.function()));
            (signal, called)
        }))
    }
}

impl Future for Aborted {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_ref().map_or(Poll::Pending, |(_, called)| called.poll(cx))
    }
}

impl Drop for Aborted {
    fn drop(&mut self) {
        if let Some((signal, called)) = &self.0 {
            drop(signal.remove_event_listener("abort", called.function()));
        }
    }
}
