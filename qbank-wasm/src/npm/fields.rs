//! Reads the members of a JavaScript object, and names the one that is wrong.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use js_sys::{Array, Function, JSON, JsString, Number, Reflect};
use qbank_proto::chrono::{DateTime, NaiveDate, Utc};
use qbank_proto::{Amount, Error, parse_day};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // A proxy's own code can run in both, and throw.
    #[wasm_bindgen(catch, js_namespace = Object)]
    fn keys(object: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["Object", "prototype", "toString"], js_name = call)]
    fn class_of(value: &JsValue) -> Result<JsValue, JsValue>;
}

/// An object of the application's. Members that are `undefined` or `null` are not
/// there.
pub(super) struct Fields {
    object: JsValue,
    path: &'static str,
}

impl Fields {
    /// `what` names the object itself, if it is an argument. A member that is not
    /// `known` is refused: a slip in `idempotencyKey` must not pass unseen.
    pub(super) fn of(
        object: JsValue,
        what: &str,
        path: &'static str,
        known: &[&str],
    ) -> Result<Self, Error> {
        let fields = Self::open(object, what, path)?;
        for name in fields.names(what)? {
            if !known.contains(&name.as_str()) {
                let rule = format!("is not known here; there are {}", known.join(", "));
                return Err(fields.wrong(&name, rule));
            }
        }
        Ok(fields)
    }

    /// An object whose further members are the application's own. A map or a promise
    /// is none: it has no members, and what it holds would pass unseen.
    pub(super) fn open(object: JsValue, what: &str, path: &'static str) -> Result<Self, Error> {
        let plain = || class_of(&object).is_ok_and(|class| class == "[object Object]");
        if !object.is_object() || !plain() {
            return Err(Error::invalid_input(what, "must be an object"));
        }
        Ok(Self { object, path })
    }

    /// No members at all, for an argument that was left out.
    pub(super) fn none() -> Self {
        Self { object: JsValue::UNDEFINED, path: "" }
    }

    pub(super) fn wrong(&self, name: &str, rule: impl Display) -> Error {
        Error::invalid_input(&format!("{}{name}", self.path), rule)
    }

    pub(super) fn get(&self, name: &str) -> Option<JsValue> {
        if self.object.is_undefined() {
            return None;
        }
        let value = self.raw(name);
        (!value.is_undefined() && !value.is_null()).then_some(value)
    }

    /// The member as it is. A getter that throws is not an absent member: a symbol is
    /// good for nothing.
    pub(super) fn raw(&self, name: &str) -> JsValue {
        Reflect::get(&self.object, &name.into()).unwrap_or_else(|_| JsValue::symbol(None))
    }

    /// Whether the member is there, and says nothing.
    pub(super) fn is_null(&self, name: &str) -> bool {
        !self.object.is_undefined()
            && Reflect::get(&self.object, &name.into()).is_ok_and(|value| value.is_null())
    }

    pub(super) fn names(&self, what: &str) -> Result<Vec<String>, Error> {
        let unreadable = |_| Error::invalid_input(what, "must be an object that can be read");
        let keys = keys(&self.object).map_err(unreadable)?;
        Ok(keys.iter().filter_map(|name| name.as_string()).collect())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_string().ok_or_else(|| self.wrong(name, "must be a string"))?;
        // What is no character became one of these.
        if text.contains(char::REPLACEMENT_CHARACTER)
            && !value.unchecked_ref::<JsString>().is_valid_utf16()
        {
            return Err(self.wrong(name, "must not have half a character (a lone surrogate)"));
        }
        Ok(Some(text))
    }

    pub(super) fn needed_text(&self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        self.text(name)?
            .map(|text| text.parse().map_err(|rule: T::Err| self.wrong(name, rule)))
            .transpose()
    }

    pub(super) fn needed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        self.parsed(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(name, "must be true or false")),
        }
    }

    /// A day, as `YYYY-MM-DD`: a `Date` is another day in another time zone.
    pub(super) fn day(&self, name: &str) -> Result<Option<NaiveDate>, Error> {
        let rule = || self.wrong(name, "must be a day as a string such as 2026-01-31");
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_string().filter(|text| is_plain(text)).ok_or_else(rule)?;
        parse_day(&text).map(Some).ok_or_else(rule)
    }

    /// Dollars: a decimal string, or a number that is exact to the cent.
    pub(super) fn amount(&self) -> Result<Amount, Error> {
        const NAME: &str = "amount";
        // 2⁴⁶: from here on, two amounts a cent apart can be the same number.
        const INEXACT: f64 = 70_368_744_177_664.0;
        let value = self.get(NAME).ok_or_else(|| self.wrong(NAME, "is missing"))?;
        let text = match (value.as_string(), value.as_f64()) {
            (Some(text), _) => text,
            (None, Some(number)) if number.abs() < INEXACT => {
                JSON::stringify(&value).map(String::from).unwrap_or_default()
            }
            (None, Some(_)) => {
                return Err(
                    self.wrong(NAME, "must be a decimal string: as a number it is not exact")
                );
            }
            (None, None) => {
                let rule = "must be a decimal string such as \"1000.50\", or a number with at most two decimals";
                return Err(self.wrong(NAME, rule));
            }
        };
        text.parse().map_err(|rule| self.wrong(NAME, rule))
    }

    pub(super) fn moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        // Not by class: a `Date` of another realm has another one.
        let get_time = Reflect::get(&value, &"getTime".into()).unwrap_or_default();
        let ms = get_time.dyn_ref::<Function>().and_then(|get| get.call0(&value).ok());
        let ms = ms.and_then(|ms| ms.as_f64()).filter(|ms| ms.is_finite());
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        ms.and_then(|ms| DateTime::from_timestamp_millis(ms as i64))
            .map(Some)
            .ok_or_else(|| self.wrong(name, "must be a valid Date"))
    }

    pub(super) fn milliseconds(&self, name: &str) -> Result<Option<Duration>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let ms = value.as_f64().filter(|ms| *ms >= 1.0 && *ms <= Number::MAX_SAFE_INTEGER);
        let ms = ms.ok_or_else(|| self.wrong(name, "must be a number of milliseconds from 1"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        Ok(Some(Duration::from_micros((ms * 1000.0) as u64)))
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let whole = |n: &f64| n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n);
        let count = value.as_f64().filter(whole);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        count
            .map(|count| Some(count as u32))
            .ok_or_else(|| self.wrong(name, "must be a whole number from 0"))
    }
}

/// Four digits, two and two: no sign, no blank.
fn is_plain(day: &str) -> bool {
    let dash = |at: usize| at == 4 || at == 7;
    let fits =
        |(at, byte): (usize, u8)| if dash(at) { byte == b'-' } else { byte.is_ascii_digit() };
    day.len() == 10 && !day.starts_with("0000") && day.bytes().enumerate().all(fits)
}
