//! The log of one test.

use std::{
    io,
    sync::{Arc, Mutex},
};

use dekigoto_lambda::{spans::Spans, telemetry::subscriber};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{
    filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Collects what this thread logs until it is dropped.
pub(crate) struct Log {
    written: Written,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// From level `INFO` on, as in a deployment.
    pub(crate) fn start() -> Self {
        Self::at(LevelFilter::INFO)
    }

    pub(crate) fn at(level: LevelFilter) -> Self {
        let written = Written::default();
        let writer = written.clone();
        let log = subscriber("shop", level, move || writer.clone());
        Self { written, _guard: log.set_default() }
    }

    /// As in a deployment that sends spans to this collector.
    pub(crate) fn with_spans(collector: &str) -> Self {
        let written = Written::default();
        let writer = written.clone();
        let log = subscriber("shop", LevelFilter::INFO, move || writer.clone());
        let spans = Spans::of("shop", Some(collector)).unwrap();
        Self { written, _guard: log.with(spans.layer()).set_default() }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
