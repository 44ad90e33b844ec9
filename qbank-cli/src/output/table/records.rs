//! Resources as records: a line for each member.

use qbank_proto::Reply;

use super::{Rows, cells, terminal_columns};
use crate::output::paint::{self, Painted};
use crate::output::wrap::between_words;

/// One resource.
pub(super) fn one<T: Rows>(item: &T, terminal: Option<u16>, has_colours: bool, text: &mut Painted) {
    for (at, (name, value)) in T::COLUMNS.iter().zip(cells(item)).enumerate() {
        let style = has_colours && T::FATES.contains(&at);
        let style = style.then(|| paint::of_word(&value)).flatten();
        if style.is_some() {
            text.push(&format!("{name:<16} "));
            text.push_in(style, &value);
        } else {
            let line = format!("{name:<16} {value}");
            match terminal {
                Some(columns) => text.push(&between_words(&line, columns, INDENT)),
                None => text.push(&line),
            }
        }
        text.push("\n");
    }
}

/// Under the value.
const INDENT: &str = "                 ";

/// A reply, with the fate of the money.
pub(in crate::output) fn reply<T: Rows>(reply: &Reply<T>) -> Painted {
    let has_colours = paint::on_stdout();
    let mut text = Painted::default();
    one(&reply.value, terminal_columns(), has_colours, &mut text);
    if let Some(key) = reply.key {
        let fate = reply.fate.as_str();
        text.push(&format!("idempotency key  {key}\nfate             "));
        text.push_in(has_colours.then(|| paint::of_word(fate)).flatten(), fate);
        text.push(if reply.followed { ", found in process and followed\n" } else { "\n" });
    }
    text
}
