//! Logs and metrics: one JSON object per line on standard output, which Lambda sends to CloudWatch.

use std::{
    io,
    panic::{PanicHookInfo, set_hook},
};

use dekigoto::{measure::TARGET, trace::STEADY};
use tracing::Subscriber;
use tracing_subscriber::{
    Layer as _,
    filter::{LevelFilter, Targets},
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    registry,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use crate::metrics::Metrics;
#[cfg(feature = "otlp")]
use crate::spans::Spans;

/// Starts logging and metrics. `AWS_LAMBDA_LOG_LEVEL` sets the level; it comes from the `LoggingConfig` of the template. `DEBUG`
/// adds the lines of the steady state.
/// `SERVICE` is the service in the dimensions of metrics.
#[expect(clippy::disallowed_methods, reason = "they are read once, before anything else")]
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.to_lowercase().parse().ok());
    let service = std::env::var("SERVICE").unwrap_or_else(|_| "unnamed".to_owned());
    // A second call, as in tests, has no effect.
    let subscriber = subscriber(&service, level.unwrap_or(LevelFilter::INFO), io::stdout);
    #[cfg(feature = "otlp")]
    let subscriber = {
        let endpoint = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok();
        subscriber.with(Spans::of(&service, endpoint.as_deref()).map(Spans::layer))
    };
    let _ = subscriber.try_init();
    set_hook(Box::new(log_panic));
}

/// What writes log lines from this level on, and the metrics of a service.
pub fn subscriber<W>(
    service: &str,
    level: LevelFilter,
    writer: W,
) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let steady = if level >= LevelFilter::DEBUG { LevelFilter::INFO } else { LevelFilter::OFF };
    let shown = Targets::new().with_default(level).with_target(TARGET, LevelFilter::OFF);
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer.clone())
        .with_filter(shown.with_target(STEADY, steady));
    let measured = Targets::new().with_target(TARGET, LevelFilter::INFO);
    registry().with(lines).with(Metrics::new(service, writer).with_filter(measured))
}

/// Logs the location of a panic but not its message, which may contain any data.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "A panic");
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, take_hook};

    use super::*;
    use crate::capture::Written;

    #[test]
    fn a_panic_is_logged_with_its_location_and_without_its_message_s17() {
        let written = Written::nothing();
        let writer = written.clone();
        let log = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let default = take_hook();
        set_hook(Box::new(log_panic));
        tracing::subscriber::with_default(log, || {
            assert!(catch_unwind(|| panic!("4111-1111")).is_err());
        });
        set_hook(default);
        let text = written.text();
        assert!(text.contains("telemetry.rs:") && !text.contains("4111"), "{text}");
    }
}
