//! Tracing on stderr.

use std::io::{self, Write};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::plain;

/// `-v` is debug, `-vv` trace; `RUST_LOG` is finer. The HTTP libraries' own
/// lines are capped at info always: they print raw bytes.
pub(crate) fn start(verbose: u8) {
    let wanted = match (verbose, std::env::var("RUST_LOG").ok()) {
        (0, Some(directives)) => directives.parse().unwrap_or_else(|_| quiet()),
        (0, None) => quiet(),
        (1, _) => Targets::new().with_default(LevelFilter::DEBUG),
        (_, _) => Targets::new().with_default(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Escaped)
        .with_ansi(false)
        .with_filter(filter_fn(harmless))
        .with_filter(wanted);
    tracing_subscriber::registry().with(lines).init();
}

/// An event is written at once, as one line.
struct Escaped;

impl Write for Escaped {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = plain(String::from_utf8_lossy(event).trim_end_matches('\n'));
        writeln!(io::stderr().lock(), "{line}")?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn quiet() -> Targets {
    Targets::new().with_default(LevelFilter::ERROR)
}

fn harmless(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("qbank") || *metadata.level() <= tracing::Level::INFO
}
