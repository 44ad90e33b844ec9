//! Resources for people: a table where it fits the terminal, otherwise and for a single
//! resource a line for each member.
//!
//! Columns stand two blanks apart, without lines between them: at 80 columns this is the
//! room of a column more. Only the column that takes what is left breaks its text; an id or
//! an amount never breaks.

mod layout;
mod records;
mod rows;
mod streamed;

use terminal_size::{Width, terminal_size};

use self::layout::Layout;
use super::escape::plain;
use super::paint::{self, Painted};

pub(super) use records::reply;
pub(super) use streamed::StreamedTable;

/// A resource that can be a row.
pub(crate) trait Rows {
    /// The names of its columns.
    const COLUMNS: &'static [&'static str];
    /// Which columns hold amounts.
    const AMOUNTS: &'static [usize] = &[];
    /// What each column needs; 0 takes what is left.
    const WIDTHS: &'static [u16] = &[];
    /// Which columns are left out where not all fit, in this order.
    const OPTIONAL: &'static [usize] = &[];
    /// Which columns have the colour of what became of the money.
    const FATES: &'static [usize] = &[];
    /// The members of its JSON, for `--output csv`.
    const MEMBERS: &'static [&'static str] = &[];

    fn cells(&self) -> Vec<String>;
}

/// The width of an identifier, which is never broken.
const ID: u16 = 36;
/// The least and the most width of the column that takes what is left.
const NARROW: u16 = 12;
const ROOMY: u16 = 60;

/// Several resources, a row each.
pub(super) fn list<T: Rows>(items: &[T]) -> Painted {
    if items.is_empty() {
        return "none\n".into();
    }
    let columns = terminal_columns();
    let has_colours = paint::on_stdout();
    let rows: Vec<Vec<String>> = items.iter().map(|item| cells(item).collect()).collect();
    let mut text = Painted::default();
    let Some(layout) = Layout::of::<T>(columns, Some(&rows)) else {
        for (at, item) in items.iter().enumerate() {
            text.push(if at == 0 { "" } else { "\n" });
            records::one(item, columns, has_colours, &mut text);
        }
        return text;
    };
    layout.head::<T>(&mut text);
    for row in &rows {
        layout.row::<T>(row, has_colours, &mut text);
    }
    text
}

/// How wide the terminal is, if there is one.
fn terminal_columns() -> Option<u16> {
    terminal_size().map(|(Width(columns), _)| columns)
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
