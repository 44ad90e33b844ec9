//! The report's pictures.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Failure;
use crate::comparison::Comparison;
use crate::rows::{GROUPS, Target};
use crate::samples::{Samples, Spread};

const GOOD: RGBColor = RGBColor(46, 125, 50);
const BAD: RGBColor = RGBColor(198, 40, 40);
const INK: RGBColor = RGBColor(60, 60, 60);
/// Further than this is not drawn to scale.
const FURTHEST: f64 = 3.0;
const BAR: i32 = 20;
const NAMES: i32 = 360;
const WIDTH: i32 = 960;

/// A bar for each row with a target: to the line it is met.
pub(crate) fn targets(samples: &Samples, file: &Path) -> Result<(), Failure> {
    let mut bars = Vec::new();
    for group in &GROUPS {
        for row in group.rows.iter().filter(|row| !matches!(row.target, Target::None)) {
            let distance = Comparison::of(row, samples).and_then(|it| it.distance(row.target));
            if let Some(distance) = distance {
                bars.push((format!("{}: {}", group.short, row.what), distance));
            }
        }
    }
    let height = BAR * i32::try_from(bars.len())? + 60;
    let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
    let root = SVGBackend::new(file, size).into_drawing_area();
    root.fill(&WHITE)?;
    let text = |size: i32| ("sans-serif", size).into_font().color(&INK);
    let right = text(13).pos(Pos::new(HPos::Right, VPos::Center));
    let left = text(13).pos(Pos::new(HPos::Left, VPos::Center));
    let scale = f64::from(WIDTH - NAMES - 70) / FURTHEST;
    let to = |distance: f64| NAMES + pixels(distance.clamp(0.0, FURTHEST) * scale);
    root.draw_text(
        "measured ÷ target: up to the line is met, shorter is better",
        &text(15),
        (8, 8),
    )?;
    for (number, (name, distance)) in bars.iter().enumerate() {
        let top = 36 + BAR * i32::try_from(number)?;
        let colour = if *distance <= 1.0 { GOOD } else { BAD };
        let bar =
            Rectangle::new([(NAMES, top + 3), (to(*distance), top + BAR - 3)], colour.filled());
        root.draw(&bar)?;
        let name = name.replace(['`', '*'], "");
        root.draw_text(&name, &right, (NAMES - 8, top + BAR / 2))?;
        let more = if *distance > FURTHEST { "→ " } else { "" };
        // Not across the line.
        let near = (0..40).contains(&(to(1.0) - to(*distance)));
        let end = if near { to(1.0) } else { to(*distance) };
        root.draw_text(&format!("{more}{distance:.2}"), &left, (end + 6, top + BAR / 2))?;
    }
    let line = PathElement::new([(to(1.0), 30), (to(1.0), height - 16)], INK.stroke_width(2));
    root.draw(&line)?;
    root.present()?;
    Ok(())
}

/// Calls per second of the bare client, ours and the hand-rolled one.
pub(crate) fn calls(samples: &Samples, file: &Path) -> Result<(), Failure> {
    let whose =
        [("floor", "bare hyper-util"), ("ours", "qbank-hyper"), ("peer", "reqwest by hand")];
    let mut bars = Vec::new();
    for (figure, call) in [("reqwest.get.rate", "GET"), ("reqwest.post.rate", "POST")] {
        for (who, name) in whose {
            let runs = samples.of(figure, who).unwrap_or_default();
            if let Some(rate) = Spread::of(runs.iter().copied()) {
                bars.push((format!("{call}, {name}"), rate, who));
            }
        }
    }
    let most = bars.iter().map(|(_, rate, _)| rate.high).fold(1.0, f64::max);
    let height = 28 * i32::try_from(bars.len())? + 60;
    let root =
        SVGBackend::new(file, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
    root.fill(&WHITE)?;
    let text = |size: i32| ("sans-serif", size).into_font().color(&INK);
    let right = text(14).pos(Pos::new(HPos::Right, VPos::Center));
    let left = text(14).pos(Pos::new(HPos::Left, VPos::Center));
    let names = 200;
    let to = |rate: f64| names + pixels(rate / most * f64::from(WIDTH - names - 110));
    root.draw_text(
        "calls per second, 64 in flight (median, interquartile range)",
        &text(15),
        (8, 8),
    )?;
    for (number, (name, rate, who)) in bars.iter().enumerate() {
        let top = 38 + 28 * i32::try_from(number)?;
        let colour = if *who == "ours" { GOOD } else { RGBColor(144, 164, 174) };
        root.draw(&Rectangle::new(
            [(names, top + 4), (to(rate.median), top + 24)],
            colour.filled(),
        ))?;
        let spread = [(to(rate.low), top + 14), (to(rate.high), top + 14)];
        root.draw(&PathElement::new(spread, INK.stroke_width(2)))?;
        root.draw_text(name, &right, (names - 8, top + 14))?;
        let end = to(rate.high.max(rate.median)) + 8;
        root.draw_text(&format!("{:.0}", rate.median), &left, (end, top + 14))?;
    }
    root.present()?;
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a picture")]
fn pixels(length: f64) -> i32 {
    length.round() as i32
}
