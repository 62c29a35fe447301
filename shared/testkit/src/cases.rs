//! Runs the cases of a suite one after the other, and reports all that fail.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

/// How many cases have run, and which failed.
#[derive(Default)]
pub(crate) struct Cases {
    run: usize,
    failed: Vec<&'static str>,
}

impl Cases {
    /// Runs one case. A panic fails it, and the next case still runs.
    pub(crate) async fn run(&mut self, name: &'static str, case: impl Future<Output = ()>) {
        self.run += 1;
        if AssertUnwindSafe(case).catch_unwind().await.is_err() {
            self.failed.push(name);
        }
    }

    /// Fails with the names of all failing cases.
    #[track_caller]
    pub(crate) fn report(self, suite: &str) {
        let Self { run, failed } = self;
        assert!(failed.is_empty(), "{suite}: {} of {run} cases failed: {failed:#?}", failed.len());
        assert!(run > 0, "{suite}: no case was run");
    }
}
