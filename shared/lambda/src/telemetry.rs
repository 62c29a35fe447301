//! Logs: one JSON object a line on standard output, which Lambda carries to CloudWatch.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `AWS_LAMBDA_LOG_LEVEL`, which the template's `LoggingConfig` sets, chooses the level.
#[expect(clippy::disallowed_methods, reason = "the log level is read once, before anything else")]
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.to_lowercase().parse().ok());
    // A second call, as tests make it, changes nothing.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .try_init();
}
