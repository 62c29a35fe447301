//! Limits of the HTTP edge.

use std::time::Duration;

use dekigoto::LIMITS;

/// How long one request may take. Give the function in front of the router more time, so that the client gets an answer
/// of the service and not one of the gateway.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(14);

/// Bytes of a request body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Items on one page.
pub const PAGE_ITEMS_MAX: u32 = 100;

/// Items on one page when the client does not say how many.
pub const PAGE_ITEMS_DEFAULT: u32 = 20;

/// Bytes of a client's input that one error repeats at most.
pub const ECHO_BYTES_MAX: usize = 150;

/// Bytes of one name of the client's choice that an error repeats.
pub const ECHOED_NAME_BYTES_MAX: usize = 50;

/// Fields at fault that one error names. It says how many more there are.
pub const FAULTS_MAX: usize = 20;

/// Query parameters of one request.
pub const PARAMETERS_MAX: usize = 10;

/// Events of one stream that are folded from the store for one answer.
pub const EVENTS_PER_FOLD_MAX: usize = 1000;

const _: () = assert!(REQUEST_TIME_MAX.as_secs() > LIMITS.command_time_max.as_secs());
const _: () = assert!(ECHOED_NAME_BYTES_MAX < ECHO_BYTES_MAX);
const _: () = assert!(PAGE_ITEMS_DEFAULT <= PAGE_ITEMS_MAX);
