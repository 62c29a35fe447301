//! The emulator of AWS that `make e2e` starts.

use crate::tables::Service;

/// The emulator. There must be one: a contract that was not run was not kept.
pub(crate) fn service() -> Service {
    #[expect(clippy::disallowed_methods, reason = "a test has no other configuration")]
    let endpoint = std::env::var("DEKIGOTO_AWS_ENDPOINT");
    // The emulator, unlike AWS and the embedded engine, puts ordinal 10 of a scan before ordinal 2.
    Service::at(&endpoint.unwrap()).with_unordered_scans()
}
