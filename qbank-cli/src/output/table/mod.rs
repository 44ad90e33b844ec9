//! Resources as tables, for people.

mod rows;
mod streamed;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use qbank_proto::Reply;
use terminal_size::{Width, terminal_size};

use super::escape::plain;

pub(crate) use streamed::StreamedTable;

/// A resource that can be a row.
pub(crate) trait Rows {
    /// What its columns are called.
    const COLUMNS: &'static [&'static str];
    /// Which columns hold amounts.
    const AMOUNTS: &'static [usize] = &[];
    /// How wide they are before any row is seen; 0 takes what is left.
    const WIDTHS: &'static [u16] = &[];

    fn cells(&self) -> Vec<String>;
}

/// Several resources, a row each.
pub(crate) fn list<T: Rows>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let mut table = styled();
    table.set_header(T::COLUMNS.to_vec());
    for item in items {
        table.add_row(cells(item));
    }
    align::<T>(&mut table);
    table.to_string()
}

/// What a row holds. Wrapping a word takes time with the square of its length, so that a
/// long cell is cut.
fn cells<T: Rows>(item: &T) -> impl Iterator<Item = String> {
    item.cells().into_iter().map(|cell| match cell.char_indices().nth(MAX_CELL) {
        Some((end, _)) => format!("{}…", plain(&cell[..end])),
        None => plain(&cell),
    })
}

/// Characters; JSON has the whole text.
const MAX_CELL: usize = 1000;

/// As wide as the terminal at most.
fn styled() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    if let Some((Width(columns), _)) = terminal_size() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    table
}

fn align<T: Rows>(table: &mut Table) {
    for column in T::AMOUNTS {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// One resource, a line for each of its members.
pub(crate) fn one<T: Rows>(item: &T) -> String {
    T::COLUMNS
        .iter()
        .zip(item.cells())
        .map(|(name, value)| format!("{name:<16} {}", plain(&value)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A reply as lines, with the fate of the money.
pub(super) fn reply<T: Rows>(reply: &Reply<T>) -> String {
    let item = one(&reply.value);
    let Some(key) = reply.key else { return item };
    let how = if reply.followed { ", found in process and followed" } else { "" };
    let fate = reply.fate;
    format!("{item}\nidempotency key  {key}\nfate             {fate}{how}")
}
