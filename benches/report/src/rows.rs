//! The rows of the report: what is wanted of each figure. Kept by hand; what is said
//! here must be true whatever the figures are.

mod groups;
mod unit;

pub(crate) use groups::GROUPS;
pub(crate) use unit::Unit;

/// Rows about one thing.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    /// For pictures.
    pub(crate) short: &'static str,
    /// What is compared, and how.
    pub(crate) about: &'static str,
    pub(crate) rows: &'static [Row],
}

/// A figure and its target.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) who: &'static str,
    pub(crate) against: Against,
    pub(crate) target: Target,
    pub(crate) unit: Unit,
    /// What the two are called.
    pub(crate) ours: &'static str,
    pub(crate) other: &'static str,
    /// Shown only where the target is missed.
    pub(crate) if_missed: &'static str,
}

/// What a figure is held against: a figure, and whose.
#[derive(Clone, Copy)]
pub(crate) enum Against {
    Nothing,
    /// Shown beside it.
    Shown(&'static str, &'static str),
    Ratio(&'static str, &'static str),
    More(&'static str, &'static str),
}

#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Row {
    /// A figure of this row, as a text.
    pub(crate) fn show(&self, value: f64) -> String {
        match self.against {
            Against::Ratio(..) => format!("{value:.2}×"),
            Against::More(..) => format!("{}", Signed(value, self.unit)),
            Against::Nothing | Against::Shown(..) => self.unit.show(value),
        }
    }

    /// Ours over the floor of the same figure.
    const fn ratio(what: &'static str, figure: &'static str, most: f64, unit: Unit) -> Self {
        let against = Against::Ratio(figure, "floor");
        Self::new(what, figure, against, Target::AtMost(most), unit).called("ours", "bare")
    }

    /// Ours above the floor of the same figure.
    const fn more(what: &'static str, figure: &'static str, most: f64, unit: Unit) -> Self {
        let against = Against::More(figure, "floor");
        Self::new(what, figure, against, Target::AtMost(most), unit).called("ours", "bare")
    }

    /// Ours alone.
    const fn alone(what: &'static str, figure: &'static str, target: Target, unit: Unit) -> Self {
        Self::new(what, figure, Against::Nothing, target, unit)
    }

    const fn new(
        what: &'static str,
        figure: &'static str,
        against: Against,
        target: Target,
        unit: Unit,
    ) -> Self {
        let (ours, other) = ("ours", "the other");
        Self { what, figure, who: "ours", against, target, unit, ours, other, if_missed: "" }
    }

    const fn of(mut self, who: &'static str) -> Self {
        self.who = who;
        self
    }

    const fn called(mut self, ours: &'static str, other: &'static str) -> Self {
        self.ours = ours;
        self.other = other;
        self
    }

    const fn if_missed(mut self, why: &'static str) -> Self {
        self.if_missed = why;
        self
    }
}

/// A difference, with its sign.
struct Signed(f64, Unit);

impl std::fmt::Display for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0.0 { "−" } else { "+" };
        write!(f, "{sign}{}", self.1.show(self.0.abs()))
    }
}
