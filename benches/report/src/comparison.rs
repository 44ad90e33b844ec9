//! What a row's figure is, and whether it meets its target.

use crate::rows::{Against, Row, Target};
use crate::samples::{Samples, Spread};

/// A row, measured.
pub(crate) struct Comparison {
    /// The figure that the target is of.
    pub(crate) figure: Spread,
    /// What it was made of: ours, and what it is held against.
    pub(crate) ours: Spread,
    pub(crate) other: Option<Spread>,
}

impl Comparison {
    /// `None`: this run did not measure it.
    pub(crate) fn of(row: &Row, samples: &Samples) -> Option<Self> {
        let ours = samples.of(row.figure, row.who)?;
        let (figure, other) = match row.against {
            Against::Nothing => (Spread::of(ours.iter().copied())?, None),
            Against::Shown(figure, who) => {
                let other = samples.of(figure, who).and_then(|it| Spread::of(it.iter().copied()));
                (Spread::of(ours.iter().copied())?, other)
            }
            Against::Ratio(figure, who) | Against::More(figure, who) => {
                let other = samples.of(figure, who)?;
                let by_ratio = matches!(row.against, Against::Ratio(..));
                // Round by round: what drifts hits both.
                let rounds = ours.iter().zip(other);
                let figure = rounds.map(|(o, f)| if by_ratio { o / f } else { o - f });
                (Spread::of(figure)?, Spread::of(other.iter().copied()))
            }
        };
        Some(Self { figure, ours: Spread::of(ours.iter().copied())?, other })
    }

    /// How far it is from its target: 1.0 is on it, less is better.
    pub(crate) fn distance(&self, target: Target) -> Option<f64> {
        match target {
            Target::AtMost(most) if most > 0.0 => Some(self.figure.median / most),
            Target::AtMost(_) => Some(if self.figure.median > 0.0 { 2.0 } else { 0.0 }),
            Target::AtLeast(least) => Some(least / self.figure.median),
            Target::None => None,
        }
    }

    /// In words.
    pub(crate) fn says(&self, row: &Row) -> String {
        let Some(distance) = self.distance(row.target) else { return "no target".to_owned() };
        // What the table rounds away is no difference.
        if distance <= 1.0 {
            return "met".to_owned();
        }
        let by = match row.target {
            Target::AtMost(most) => self.figure.median - most,
            Target::AtLeast(least) => least - self.figure.median,
            Target::None => 0.0,
        };
        format!("**not met**, by {}", row.show(by))
    }
}
