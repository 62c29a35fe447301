//! The emulator of AWS that `make e2e` starts.

use crate::tables::Service;

/// The emulator. The test fails when there is none: a skipped test would count as passed.
pub(crate) fn service() -> Service {
    #[expect(clippy::disallowed_methods, reason = "a test has no other configuration")]
    let endpoint = std::env::var("DEKIGOTO_AWS_ENDPOINT");
    // Unlike AWS and the embedded engine, the emulator scans ordinal 10 before ordinal 2.
    Service::at(&endpoint.unwrap()).with_unordered_scans()
}
