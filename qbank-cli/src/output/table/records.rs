//! Resources as records: a line for each member.

use qbank_proto::Reply;

use super::{Rows, cells, terminal_columns};
use crate::output::wrap::between_words;

/// One resource.
pub(super) fn one<T: Rows>(item: &T, terminal: Option<u16>) -> String {
    let lines = T::COLUMNS.iter().zip(cells(item)).map(|(name, value)| {
        let line = format!("{name:<16} {value}");
        match terminal {
            Some(columns) => between_words(&line, columns, INDENT),
            None => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Under the value.
const INDENT: &str = "                 ";

/// A reply, with the fate of the money.
pub(in crate::output) fn reply<T: Rows>(reply: &Reply<T>) -> String {
    let item = one(&reply.value, terminal_columns());
    let Some(key) = reply.key else { return item };
    let how = if reply.followed { ", found in process and followed" } else { "" };
    let fate = reply.fate;
    format!("{item}\nidempotency key  {key}\nfate             {fate}{how}")
}
