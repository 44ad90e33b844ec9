//! The report as a page.

use std::fmt::Write as _;

use crate::comparison::Comparison;
use crate::rows::{Against, GROUPS, Group, Row, Target};
use crate::samples::{Samples, Spread};
use crate::versions::versions;

pub(crate) fn report(samples: &Samples) -> String {
    let mut page = String::new();
    head(&mut page, samples);
    for group in &GROUPS {
        section(&mut page, group, samples);
    }
    page
}

fn head(page: &mut String, samples: &Samples) {
    let all: Vec<(&Row, Option<Comparison>)> = GROUPS
        .iter()
        .flat_map(|group| group.rows)
        .filter(|row| !matches!(row.target, Target::None))
        .map(|row| (row, Comparison::of(row, samples)))
        .collect();
    let met = |(row, comparison): &&(&Row, Option<Comparison>)| {
        comparison.as_ref().and_then(|it| it.distance(row.target)).is_some_and(|it| it <= 1.0)
    };
    let unmeasured = all.iter().filter(|(_, comparison)| comparison.is_none()).count();
    let met = all.iter().filter(met).count();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "# What it costs

Made by `benches/run.sh`; how it is measured says [README.md](README.md). Do not edit. The outbox has
a page of its own: [OUTBOX.md](OUTBOX.md).

{}, {}. {} with {} processors, {}, valgrind {}. Loopback, TLS off.

{}

**{met} of {} targets are met{}.** Every figure with a floor or a peer is of rounds in which
both took turns, in one run: the median of the rounds' own ratios or differences, and in
brackets where their middle half lies (interquartile range). Times are of the processor,
of the client's process alone, unless it says calls per second. Instructions and
allocations are exact.

![How far each figure is from its target](plots/targets.svg)

![Calls per second with 64 in flight](plots/calls.svg)
",
        samples.fact("date"),
        samples.fact("mode"),
        samples.fact("processor"),
        samples.fact("processors"),
        samples.fact("rustc"),
        samples.fact("valgrind"),
        versions(),
        all.len(),
        match unmeasured {
            0 => String::new(),
            some => format!(", {some} were not measured in this run"),
        },
    );
}

fn section(page: &mut String, group: &Group, samples: &Samples) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", group.title, group.about);
    page.push_str("| | target | measured | made of | |\n|---|---|---|---|---|\n");
    let mut missed = Vec::new();
    for row in group.rows {
        let comparison = Comparison::of(row, samples);
        let (measured, parts, says) = match &comparison {
            Some(comparison) => {
                (spread(comparison.figure, row), parts(comparison, row), comparison.says(row))
            }
            None => ("–".to_owned(), "–".to_owned(), "not measured in this run".to_owned()),
        };
        let target = target(row);
        let _ = writeln!(page, "| {} | {target} | {measured} | {parts} | {says} |", row.what);
        let distance = comparison.and_then(|it| it.distance(row.target));
        if distance.is_some_and(|it| it > 1.0) && !row.if_missed.is_empty() {
            missed.push(row);
        }
    }
    let mut said = Vec::new();
    for row in missed {
        // Rows that miss for one reason say it once.
        if !said.contains(&row.if_missed) {
            said.push(row.if_missed);
            let _ = write!(page, "\nWhy not met: {}\n", row.if_missed);
        }
    }
}

fn target(row: &Row) -> String {
    match row.target {
        Target::AtMost(most) => format!("≤ {}", row.show(most)),
        Target::AtLeast(least) => format!("≥ {}", row.show(least)),
        Target::None => "–".to_owned(),
    }
}

fn spread(figure: Spread, row: &Row) -> String {
    if figure.runs == 1 {
        return row.show(figure.median);
    }
    format!("{} [{} – {}]", row.show(figure.median), row.show(figure.low), row.show(figure.high))
}

/// What the figure is made of, each with its name.
fn parts(comparison: &Comparison, row: &Row) -> String {
    let ours = format!("{} {}", row.ours, row.unit.show(comparison.ours.median));
    match (&comparison.other, row.against) {
        (Some(other), _) => format!("{ours}, {} {}", row.other, row.unit.show(other.median)),
        (None, Against::Nothing) => String::new(),
        (None, _) => ours,
    }
}
