//! Tracing on stderr.

use std::io;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// `-v` is debug, `-vv` trace; `RUST_LOG` is finer. The HTTP libraries' own
/// lines are capped at info whatever is asked: they print raw bytes.
pub(crate) fn start(verbose: u8) {
    let wanted = match (verbose, std::env::var("RUST_LOG").ok()) {
        (0, Some(directives)) => directives.parse().unwrap_or_else(|_| quiet()),
        (0, None) => quiet(),
        (1, _) => Targets::new().with_default(LevelFilter::DEBUG),
        (_, _) => Targets::new().with_default(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_filter(filter_fn(harmless))
        .with_filter(wanted);
    tracing_subscriber::registry().with(lines).init();
}

fn quiet() -> Targets {
    Targets::new().with_default(LevelFilter::ERROR)
}

fn harmless(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("qbank") || *metadata.level() <= tracing::Level::INFO
}
