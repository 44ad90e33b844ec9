//! What JavaScript calls: functions over numbers. Texts and bytes lie in the module's
//! memory: JavaScript asks for [`room`] and fills it before a call, and finds its result
//! there after it. Nothing of JavaScript's is held here, and nothing of it is called.

use std::sync::{Mutex, MutexGuard, PoisonError};

use qbank_proto::{Entropy, Error, Fate, Session};
use wasm_bindgen::prelude::*;

use super::call::Call;
use super::input::Input;
use super::{answer, config, operation, webhook};

static DESK: Mutex<Desk> = Mutex::new(Desk {
    mail: Mail { given: Vec::new(), result: Vec::new() },
    sessions: Held::new(),
    calls: Held::new(),
});

/// Nobody else is here, and nothing here panics.
fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Desk {
    mail: Mail,
    sessions: Held<Session>,
    calls: Held<Call>,
}

/// What JavaScript gave to the next function, in order, and what the last one gave.
struct Mail {
    given: Vec<Vec<u8>>,
    result: Vec<u8>,
}

impl Mail {
    fn bytes(&mut self) -> Vec<u8> {
        if self.given.is_empty() { Vec::new() } else { self.given.remove(0) }
    }

    /// JavaScript's own encoder wrote it.
    fn text(&mut self) -> String {
        String::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn answer(&mut self, result: impl Into<Vec<u8>>) {
        self.given.clear();
        self.result = result.into();
    }
}

/// Things that JavaScript knows by a number.
struct Held<T> {
    things: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Held<T> {
    const fn new() -> Self {
        Self { things: Vec::new(), free: Vec::new() }
    }

    fn hold(&mut self, thing: T) -> usize {
        let Some(at) = self.free.pop() else {
            self.things.push(Some(thing));
            return self.things.len() - 1;
        };
        self.things[at] = Some(thing);
        at
    }

    fn get(&mut self, at: usize) -> Option<&mut T> {
        self.things.get_mut(at)?.as_mut()
    }

    fn end(&mut self, at: usize) {
        if self.things.get_mut(at).and_then(Option::take).is_some() {
            self.free.push(at);
        }
    }
}

/// Does it to the call, if there is one.
fn with<T: Default>(call: usize, act: impl FnOnce(&mut Call, &mut Mail) -> T) -> T {
    let Desk { mail, calls, .. } = &mut *desk();
    calls.get(call).map(|call| act(call, mail)).unwrap_or_default()
}

/// Where so many bytes are to be put, which are given to the next function.
#[wasm_bindgen]
pub fn room(length: usize) -> usize {
    let bytes = vec![0; length];
    let at = bytes.as_ptr().addr();
    desk().mail.given.push(bytes);
    at
}

/// Where the last result is.
#[wasm_bindgen]
pub fn result() -> usize {
    desk().mail.result.as_ptr().addr()
}

/// How many bytes it has.
#[wasm_bindgen]
pub fn length() -> usize {
    desk().mail.result.len()
}

/// Opens a session with a configuration. If the result is not empty it says, as JSON,
/// why there is none.
#[wasm_bindgen]
pub fn open() -> usize {
    let Desk { mail, sessions, .. } = &mut *desk();
    match config::session(mail.text()) {
        Ok(session) => {
            mail.answer("");
            sessions.hold(session)
        }
        Err(error) => {
            mail.answer(answer::bad(&error));
            usize::MAX
        }
    }
}

/// Ends a session. Its calls go on.
#[wasm_bindgen]
pub fn close(session: usize) {
    desk().sessions.end(session);
}

/// Makes a call of an operation, of the input and the random bytes given. Input that is wrong
/// makes one that is over from the start, with an error of this fate.
#[wasm_bindgen]
pub fn call(session: usize, operation: usize, fate: u8) -> usize {
    let Desk { mail, sessions, calls } = &mut *desk();
    let (input, random) = (mail.text(), mail.bytes());
    let entropy = Entropy::from_bytes(random.try_into().unwrap_or_default());
    let made = match sessions.get(session) {
        Some(session) => Input::of(&input)
            .and_then(|input| operation::machine(session, operation, &input, entropy)),
        None => Err(Error::invalid_input("client", "is over")),
    };
    calls.hold(Call::new(made.map_err(|error| error.with_fate(known(fate)))))
}

/// Drops a call.
#[wasm_bindgen]
pub fn end(call: usize) {
    desk().calls.end(call);
}

/// See [`Call::poll`].
#[wasm_bindgen]
pub fn poll(call: usize, mono: f64, unix: f64) {
    with(call, |call, mail| mail.answer(call.poll(super::now(mono, unix))));
}

/// See [`Call::settle`]: the answer and its body.
#[wasm_bindgen]
pub fn settle(call: usize, mono: f64, unix: f64) {
    with(call, |call, mail| {
        let (answer, body) = (mail.text(), mail.bytes());
        call.settle(super::now(mono, unix), &answer, body);
    });
}

/// See [`Call::supply`].
#[wasm_bindgen]
pub fn supply(call: usize, mono: f64, unix: f64) {
    with(call, |call, mail| call.supply(super::now(mono, unix), &mail.text()));
}

/// See [`Call::abandon`].
#[wasm_bindgen]
pub fn abandon(call: usize, mono: f64, unix: f64) {
    with(call, |call, mail| mail.answer(call.abandon(super::now(mono, unix))));
}

/// Whether somebody rang since the last look.
#[wasm_bindgen]
pub fn rung(call: usize) -> bool {
    with(call, |call, _| call.rung())
}

/// The body of the request to send, or of the answer that counted.
#[wasm_bindgen]
pub fn body(call: usize) {
    with(call, |call, mail| mail.answer(call.body().to_vec()));
}

/// See [`Call::streams`].
#[wasm_bindgen]
pub fn streams(call: usize, mono: f64, unix: f64, status: u16) -> bool {
    with(call, |call, _| call.streams(super::now(mono, unix), status))
}

/// See [`Call::items`]: a chunk, and why it is the last, if it is.
#[wasm_bindgen]
pub fn items(call: usize) {
    with(call, |call, mail| {
        let (chunk, broken) = (mail.bytes(), mail.text());
        mail.answer(call.items(&chunk, broken));
    });
}

/// The error of the input and the rule given, as JSON.
#[wasm_bindgen]
pub fn refusal(fate: u8) {
    let Desk { mail, .. } = &mut *desk();
    let error = Error::invalid_input(&mail.text(), mail.text()).with_fate(known(fate));
    mail.answer(answer::bad(&error));
}

/// See [`webhook::verified`]: the body, and what came with it.
#[wasm_bindgen]
pub fn verify() {
    let Desk { mail, .. } = &mut *desk();
    let (body, delivery) = (mail.bytes(), mail.text());
    mail.answer(webhook::verified(&body, &delivery));
}

/// What is known of the money before anything is sent.
fn known(fate: u8) -> Fate {
    match fate {
        0 => Fate::NotApplicable,
        1 => Fate::NeverSent,
        // Nothing was sent now, but perhaps before.
        _ => Fate::Unknown,
    }
}
