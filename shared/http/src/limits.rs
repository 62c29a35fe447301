//! Limits of the HTTP edge.

use std::time::Duration;

use dekigoto::LIMITS;

/// Time that one request may take. Give the function in front of the router more, so that the service answers before
/// the gateway does.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(14);

/// Bytes of one request body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Items on one page.
pub const PAGE_ITEMS_MAX: u32 = 100;

/// Items on one page when the client sends no `limit`.
pub const PAGE_ITEMS_DEFAULT: u32 = 20;

/// Bytes of client input that one error echoes.
pub const ECHO_BYTES_MAX: usize = 150;

/// Bytes of one client-chosen name that an error echoes.
pub const ECHOED_NAME_BYTES_MAX: usize = 50;

/// Faults that one error lists. Its text says how many there are in all.
pub const FAULTS_MAX: usize = 20;

/// Query parameters of one request.
pub const PARAMETERS_MAX: usize = 10;

/// Events of one stream that are folded from the store for one answer.
pub const EVENTS_PER_FOLD_MAX: usize = dekigoto::limits::EVENTS_PER_FOLD_MAX;

const _: () = assert!(REQUEST_TIME_MAX.as_secs() > LIMITS.command_time_max.as_secs());
const _: () = assert!(ECHOED_NAME_BYTES_MAX < ECHO_BYTES_MAX);
const _: () = assert!(PAGE_ITEMS_DEFAULT <= PAGE_ITEMS_MAX);
