//! Where a test writes what is logged. `tests/handlers` uses this file too.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use tracing::Dispatch;
use tracing_subscriber::{filter::dynamic_filter_fn, layer::SubscriberExt as _, registry};

/// Wants no line, and lives as long as the process. While only one subscriber lives, `tracing` asks the thread that reaches a
/// line first whether the line is wanted, and keeps the answer for all threads. So without this one, a test that collects no
/// log silences the lines of another test that does.
static SECOND: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(registry().with(dynamic_filter_fn(|_, _| false))));

/// What a test has logged.
#[derive(Clone)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// Nothing. Begin with this before the subscriber that writes to it.
    pub(crate) fn nothing() -> Self {
        LazyLock::force(&SECOND);
        Self(Arc::default())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
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
