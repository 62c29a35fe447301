//! The log of one test.

use std::thread;

use dekigoto_lambda::{spans::Spans, telemetry::subscriber};
use tracing::{info, subscriber::DefaultGuard};
use tracing_subscriber::{
    filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::capture::Written;

/// Collects what this thread logs until it is dropped.
pub(crate) struct Log {
    written: Written,
    _guard: DefaultGuard,
}

impl Log {
    /// From level `INFO` on, as in a deployment.
    pub(crate) fn start() -> Self {
        Self::at(LevelFilter::INFO)
    }

    pub(crate) fn at(level: LevelFilter) -> Self {
        let written = Written::nothing();
        let writer = written.clone();
        let log = subscriber("shop", level, move || writer.clone());
        Self { written, _guard: log.set_default() }
    }

    /// As in a deployment that sends spans to this collector.
    pub(crate) fn with_spans(collector: &str) -> Self {
        let written = Written::nothing();
        let writer = written.clone();
        let log = subscriber("shop", LevelFilter::INFO, move || writer.clone());
        let spans = Spans::of("shop", Some(collector)).unwrap();
        Self { written, _guard: log.with(spans.layer()).set_default() }
    }

    pub(crate) fn text(&self) -> String {
        self.written.text()
    }
}

fn line() {
    info!("A line of the code under test");
}

/// Seen by itself: in a run of all tests, the logs of others may hide the fault.
#[test]
fn a_line_that_a_thread_without_a_log_reaches_first_is_in_the_log() {
    let log = Log::start();
    thread::spawn(line).join().unwrap();
    assert_eq!(log.text(), "");
    line();
    assert!(log.text().contains("A line of the code under test"));
}
