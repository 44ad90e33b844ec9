//! A table whose rows are drawn one by one, before the next is known.

use comfy_table::{ColumnConstraint, ContentLineStyle, Table, TableStyle, Width};

use super::{NARROW, ROOMY, Rows, align, borders, cells, fits, records, styled, terminal_columns};

/// How rows are drawn, and what is above and below them.
pub(in crate::output) struct StreamedTable {
    head: String,
    foot: String,
    rows: Drawn,
}

enum Drawn {
    /// In columns of fixed widths.
    Columns(Vec<ColumnConstraint>),
    /// As records, where the columns do not fit the terminal.
    Records { terminal: Option<u16> },
}

impl StreamedTable {
    /// Fits the columns into the terminal by a row that fills them.
    pub(in crate::output) fn new<T: Rows>() -> Self {
        let terminal = terminal_columns();
        if !fits::<T>(terminal) {
            let rows = Drawn::Records { terminal };
            return Self { head: String::new(), foot: String::new(), rows };
        }
        let mut table = styled(terminal);
        table.set_header(T::COLUMNS.to_vec()).add_row(filled::<T>(terminal));
        let drawn = table.to_string();
        let lines: Vec<&str> = drawn.lines().collect();
        let rows_begin = lines.iter().position(|line| line.starts_with('╞')).unwrap_or_default();
        let (head, rows) = lines.split_at(rows_begin + 1);
        let top = head.first().copied().unwrap_or_default();
        let columns = widths(top).map(|it| ColumnConstraint::Absolute(Width::Fixed(it)));
        Self {
            head: ended(head),
            foot: ended(&rows[rows.len().saturating_sub(1)..]),
            rows: Drawn::Columns(columns.collect()),
        }
    }

    pub(in crate::output) fn head(&self) -> &str {
        &self.head
    }

    pub(in crate::output) fn foot(&self) -> &str {
        &self.foot
    }

    /// A row, of as many lines as its longest cell needs.
    pub(in crate::output) fn row<T: Rows>(&self, item: &T) -> String {
        let columns = match &self.rows {
            Drawn::Columns(columns) => columns,
            Drawn::Records { terminal } => return format!("{}\n\n", records::one(item, *terminal)),
        };
        let mut table = Table::new();
        table.load_style(TableStyle::new().content_lines(ContentLineStyle::new('│', '┆', '│')));
        table.add_row(cells(item));
        table.set_constraints(columns.iter().copied());
        align::<T>(&mut table);
        format!("{table}\n")
    }
}

/// A row that is as wide as its columns should be.
fn filled<T: Rows>(terminal: Option<u16>) -> impl Iterator<Item = String> {
    let fixed = T::WIDTHS.iter().sum::<u16>().saturating_add(borders::<T>());
    let rest = terminal.map_or(ROOMY, |columns| columns.saturating_sub(fixed)).clamp(NARROW, ROOMY);
    T::WIDTHS
        .iter()
        .map(move |width| if *width == 0 { rest } else { *width })
        .map(|width| "x".repeat(width.into()))
}

/// How wide the columns of a border are, their padding included.
fn widths(border: &str) -> impl Iterator<Item = u16> {
    let inner = border.trim_start_matches('┌').trim_end_matches('┐');
    inner.split('┬').map(|column| u16::try_from(column.chars().count()).unwrap_or(u16::MAX))
}

fn ended(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}
