//! What was measured, as the programs printed it.

use std::collections::BTreeMap;

use crate::Failure;

/// Samples by figure and by whose they are, and facts about the run.
#[derive(Default)]
pub(crate) struct Samples {
    samples: BTreeMap<(String, String), Vec<f64>>,
    facts: BTreeMap<String, String>,
}

impl Samples {
    /// Lines of `sample FIGURE WHO VALUE` and `fact NAME TEXT`, with tabs between;
    /// all else is of no concern.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut all = Self::default();
        for line in text.lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["sample", figure, who, value] => {
                    let key = ((*figure).to_owned(), (*who).to_owned());
                    all.samples.entry(key).or_default().push(value.parse()?);
                }
                ["fact", name, text] => {
                    all.facts.insert((*name).to_owned(), (*text).to_owned());
                }
                _ => {}
            }
        }
        Ok(all)
    }

    pub(crate) fn of(&self, figure: &str, who: &str) -> Option<&[f64]> {
        self.samples.get(&(figure.to_owned(), who.to_owned())).map(Vec::as_slice)
    }

    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts.get(name).map_or("not known", String::as_str)
    }
}

/// The middle of several runs, and where its middle half lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) runs: usize,
}

impl Spread {
    /// `None` without a run.
    pub(crate) fn of(runs: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut runs: Vec<f64> = runs.into_iter().collect();
        runs.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            // Between two runs where it does not fall on one.
            let place = quarter * (runs.len() - 1);
            let (below, part) = (place / 4, (place % 4) as f64 / 4.0);
            let above = (below + 1).min(runs.len() - 1);
            runs[below] + (runs[above] - runs[below]) * part
        };
        (!runs.is_empty()).then(|| Self {
            median: at(2),
            low: at(1),
            high: at(3),
            runs: runs.len(),
        })
    }
}
