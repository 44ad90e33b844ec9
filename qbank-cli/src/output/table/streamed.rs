//! A table whose rows are drawn one by one, before the next is known.

use super::layout::Layout;
use super::{Rows, cells, records, terminal_columns};
use crate::output::paint::{self, Painted};

/// How rows are drawn.
pub(in crate::output) struct StreamedTable {
    terminal: Option<u16>,
    has_colours: bool,
    /// None: as records, where the columns do not fit the terminal.
    layout: Option<Layout>,
}

impl StreamedTable {
    /// Draws what stands above the rows.
    pub(in crate::output) fn begin<T: Rows>(text: &mut Painted) -> Self {
        let terminal = terminal_columns();
        let layout = Layout::of::<T>(terminal, None);
        if let Some(layout) = &layout {
            layout.head::<T>(text);
        }
        Self { terminal, has_colours: paint::on_stdout(), layout }
    }

    pub(in crate::output) fn row<T: Rows>(&self, item: &T, text: &mut Painted) {
        if let Some(layout) = &self.layout {
            let cells: Vec<String> = cells(item).collect();
            layout.row::<T>(&cells, self.has_colours, text);
        } else {
            records::one(item, self.terminal, self.has_colours, text);
            text.push("\n");
        }
    }
}
