//! The emulator of AWS that `make e2e` starts.

use crate::tables::Service;

/// The emulator, where there is one.
pub(crate) fn service() -> Option<Service> {
    #[expect(clippy::disallowed_methods, reason = "a test has no other configuration")]
    let endpoint = std::env::var("DEKIGOTO_AWS_ENDPOINT").ok()?;
    // The emulator, unlike AWS and the embedded engine, puts ordinal 10 of a scan before ordinal 2.
    Some(Service::at(&endpoint).with_unordered_scans())
}
