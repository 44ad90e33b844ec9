//! A table whose rows are drawn one by one, before the next is known.

use comfy_table::{ColumnConstraint, ContentLineStyle, Table, TableStyle, Width};

use super::{Rows, align, cells, styled};

/// Columns of fixed widths, and what is above and below the rows.
pub(crate) struct StreamedTable {
    head: String,
    foot: String,
    columns: Vec<ColumnConstraint>,
}

impl StreamedTable {
    /// Fits the columns into the terminal by a row that fills them.
    pub(crate) fn new<T: Rows>() -> Self {
        let mut table = styled();
        let terminal = table.width();
        table.set_header(T::COLUMNS.to_vec()).add_row(filled::<T>(terminal));
        let drawn = table.to_string();
        let lines: Vec<&str> = drawn.lines().collect();
        let rows_begin = lines.iter().position(|line| line.starts_with('╞')).unwrap_or_default();
        let (head, rows) = lines.split_at(rows_begin + 1);
        let top = head.first().copied().unwrap_or_default();
        Self {
            head: ended(head),
            foot: ended(&rows[rows.len().saturating_sub(1)..]),
            columns: widths(top).map(|it| ColumnConstraint::Absolute(Width::Fixed(it))).collect(),
        }
    }

    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    pub(crate) fn foot(&self) -> &str {
        &self.foot
    }

    /// A row, of as many lines as its longest cell needs.
    pub(crate) fn row<T: Rows>(&self, item: &T) -> String {
        let mut table = Table::new();
        table.load_style(TableStyle::new().content_lines(ContentLineStyle::new('│', '┆', '│')));
        table.add_row(cells(item));
        table.set_constraints(self.columns.iter().copied());
        align::<T>(&mut table);
        format!("{table}\n")
    }
}

/// A row that is as wide as its columns should be.
fn filled<T: Rows>(terminal: Option<u16>) -> impl Iterator<Item = String> {
    let borders = u16::try_from(3 * T::WIDTHS.len() + 1).unwrap_or(u16::MAX);
    let fixed = T::WIDTHS.iter().sum::<u16>().saturating_add(borders);
    let rest = terminal.map_or(ROOMY, |columns| columns.saturating_sub(fixed)).clamp(NARROW, ROOMY);
    T::WIDTHS
        .iter()
        .map(move |width| if *width == 0 { rest } else { *width })
        .map(|width| "x".repeat(width.into()))
}

/// Of the column that takes what is left.
const NARROW: u16 = 12;
const ROOMY: u16 = 60;

/// How wide the columns of a border are, their padding included.
fn widths(border: &str) -> impl Iterator<Item = u16> {
    let inner = border.trim_start_matches('┌').trim_end_matches('┐');
    inner.split('┬').map(|column| u16::try_from(column.chars().count()).unwrap_or(u16::MAX))
}

fn ended(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}
