//! Which columns a table has, and how wide each is.

use std::borrow::Cow;

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, wrap};

use super::{NARROW, ROOMY, Rows};
use crate::output::paint::{self, Painted};

/// Between two columns.
const GAP: &str = "  ";

pub(super) struct Layout(Vec<Column>);

struct Column {
    /// Its place among the cells.
    at: usize,
    width: usize,
    /// Whether its text may break.
    breaks: bool,
}

impl Layout {
    /// Leaves columns out until the rest fits; none if it does not. Rows that are known say
    /// how wide each column is, otherwise it is as wide as it may become.
    pub(super) fn of<T: Rows>(terminal: Option<u16>, rows: Option<&[Vec<String>]>) -> Option<Self> {
        let columns = T::COLUMNS.iter().enumerate().map(|(at, name)| {
            let wanted = T::WIDTHS.get(at).copied().unwrap_or_default();
            let breaks = wanted == 0;
            let declared = usize::from(if breaks { ROOMY } else { wanted });
            let cells = rows.into_iter().flatten().filter_map(|row| row.get(at));
            let longest = cells.map(|cell| display_width(cell)).max().unwrap_or(declared);
            let width = longest.max(display_width(name));
            Column { at, width: if breaks { width.min(ROOMY.into()) } else { width }, breaks }
        });
        let mut layout = Self(columns.collect());
        let Some(terminal) = terminal.map(usize::from) else { return Some(layout) };
        let mut optional = T::OPTIONAL.iter();
        while layout.least() > terminal {
            let next = optional.next()?;
            layout.0.retain(|column| column.at != *next);
        }
        let mut excess = layout.width().saturating_sub(terminal);
        for column in layout.0.iter_mut().filter(|column| column.breaks) {
            let less = excess.min(column.width.saturating_sub(NARROW.into()));
            column.width -= less;
            excess -= less;
        }
        Some(layout)
    }

    fn width(&self) -> usize {
        self.of_columns(|column| column.width)
    }

    /// With the columns that break as narrow as they may be.
    fn least(&self) -> usize {
        let narrow = usize::from(NARROW);
        self.of_columns(|it| if it.breaks { it.width.min(narrow) } else { it.width })
    }

    fn of_columns(&self, width: impl Fn(&Column) -> usize) -> usize {
        self.0.iter().map(width).sum::<usize>() + GAP.len() * self.0.len().saturating_sub(1)
    }

    /// The names of the columns, and a line below each.
    pub(super) fn head<T: Rows>(&self, text: &mut Painted) {
        let names: Vec<String> = T::COLUMNS.iter().map(|&name| name.to_owned()).collect();
        self.row::<T>(&names, false, text);
        let lines: Vec<String> = self.0.iter().map(|column| "─".repeat(column.width)).collect();
        text.push(&lines.join(GAP));
        text.push("\n");
    }

    /// A row, of as many lines as its longest cell needs.
    pub(super) fn row<T: Rows>(&self, cells: &[String], has_colours: bool, text: &mut Painted) {
        let parts: Vec<Vec<Cow<'_, str>>> = self.0.iter().map(|it| it.lines(cells)).collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            // Blanks that a later column needs: no line ends with any.
            let mut blanks = 0;
            for (column, lines) in self.0.iter().zip(&parts) {
                let part = lines.get(at).map_or("", |line| line.trim_end());
                let free = column.width.saturating_sub(display_width(part));
                let is_amount = T::AMOUNTS.contains(&column.at);
                let (before, after) = if is_amount { (free, 0) } else { (0, free) };
                if part.is_empty() {
                    blanks += column.width + GAP.len();
                    continue;
                }
                text.push(&" ".repeat(blanks + before));
                let has_fate = has_colours && T::FATES.contains(&column.at);
                text.push_in(has_fate.then(|| paint::of_word(part)).flatten(), part);
                blanks = after + GAP.len();
            }
            text.push("\n");
        }
    }
}

impl Column {
    fn lines<'a>(&self, cells: &'a [String]) -> Vec<Cow<'a, str>> {
        let cell = cells.get(self.at).map(String::as_str).unwrap_or_default();
        if !self.breaks {
            return vec![cell.into()];
        }
        // A reference such as INV-2026-0001 stays whole where it can.
        let options = Options::new(self.width.max(1))
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        wrap(cell, options)
    }
}
