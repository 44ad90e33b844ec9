//! How figures are written.

/// Of what a figure is.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Allocations,
    Bytes,
    Count,
    Crates,
    Instructions,
    KiB,
    MegaBytes,
    MegaBytesPerSecond,
    MiB,
    Microseconds,
    Milliseconds,
    Nanoseconds,
    PerSecond,
    Seconds,
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Allocations => format!("{value:.1}").trim_end_matches(".0").to_owned(),
            Self::Bytes => format!("{} B", grouped(value)),
            Self::Crates => format!("{value:.0} crates"),
            Self::Count | Self::Instructions => grouped(value),
            Self::KiB => format!("{:.1} KB", value / 1024.0),
            Self::MegaBytes => format!("{:.2} MB", value / 1e6),
            Self::MegaBytesPerSecond => format!("{value:.0} MB/s"),
            Self::MiB => format!("{value:.2} MiB"),
            Self::Microseconds => format!("{value:.1} µs"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::Nanoseconds => format!("{} ns", grouped(value)),
            Self::PerSecond => format!("{}/s", grouped(value)),
            Self::Seconds => format!("{value:.1} s"),
        }
    }
}

/// Whole, with a comma at each thousand.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (number, digit) in digits.chars().enumerate() {
        if number > 0 && (digits.len() - number).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("−{text}") } else { text }
}
