//! Resources for people: a table where it fits the terminal, otherwise and for a single
//! resource a line for each member.

mod records;
mod rows;
mod streamed;

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Table, Width as ColumnWidth, presets,
};
use terminal_size::{Width, terminal_size};

use super::escape::plain;

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

    fn cells(&self) -> Vec<String>;
}

/// The width of an identifier, which is never broken.
const ID: u16 = 36;
/// The least and the most width of the column that takes what is left.
const NARROW: u16 = 12;
const ROOMY: u16 = 60;

/// Several resources, a row each.
pub(super) fn list<T: Rows>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let columns = terminal_columns();
    if !fits::<T>(columns) {
        let records: Vec<String> = items.iter().map(|it| records::one(it, columns)).collect();
        return records.join("\n\n");
    }
    let mut table = styled(columns);
    table.set_header(T::COLUMNS.to_vec());
    for item in items {
        table.add_row(cells(item));
    }
    for (at, width) in T::WIDTHS.iter().enumerate() {
        if let (ID, Some(column)) = (*width, table.column_mut(at)) {
            let padded = ColumnWidth::Fixed(ID + 2);
            column.set_constraint(ColumnConstraint::LowerBoundary(padded));
        }
    }
    align::<T>(&mut table);
    table.to_string()
}

/// How wide the terminal is, if there is one.
fn terminal_columns() -> Option<u16> {
    terminal_size().map(|(Width(columns), _)| columns)
}

/// Whether every column has what it needs.
fn fits<T: Rows>(terminal: Option<u16>) -> bool {
    let widths = T::WIDTHS.iter().map(|width| if *width == 0 { NARROW } else { *width });
    let needed = widths.fold(borders::<T>(), u16::saturating_add);
    terminal.is_none_or(|columns| needed <= columns)
}

/// The lines between the columns, and the blanks beside them.
fn borders<T: Rows>() -> u16 {
    u16::try_from(3 * T::WIDTHS.len() + 1).unwrap_or(u16::MAX)
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
fn styled(terminal: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    if let Some(columns) = terminal {
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
