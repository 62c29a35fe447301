//! Limits of the HTTP edge. The README lists them.

use std::time::Duration;

use dekigoto::COMMAND_TIME_MAX;

/// How long one request may take. Less than the function's own time, so that the client gets an answer of ours and the
/// gateway none of its own.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(14);

/// Bytes of a request body. A hundred items with the longest names take a quarter of it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Orders or events on one page.
pub const PAGE_ITEMS_MAX: u32 = 100;

/// Orders or events on one page when nobody says how many.
pub const PAGE_ITEMS_DEFAULT: u32 = 20;

/// Days of one sales report.
pub const SALES_DAYS_MAX: i64 = 92;

/// Bytes of a client's input that one error repeats at most.
pub const ECHO_BYTES_MAX: usize = 150;

/// Bytes of one name of the client's choice that an error repeats.
pub const ECHOED_NAME_BYTES_MAX: usize = 50;

/// Fields at fault that one error names. It says how many more there are.
pub const FAULTS_MAX: usize = 20;

/// Query parameters of one request. No query of the contract has more than five.
pub const PARAMETERS_MAX: usize = 10;

/// Bytes of a cursor. Ours are about 300 long.
pub const CURSOR_BYTES_MAX: usize = 2048;

/// Pages that a filtered list looks through for one answer.
pub const PAGES_PER_LIST_MAX: usize = 4;

/// Events that are folded from the store for one answer.
pub const EVENTS_PER_FOLD_MAX: usize = 1000;

const _: () = assert!(REQUEST_TIME_MAX.as_secs() > COMMAND_TIME_MAX.as_secs());
const _: () = assert!(ECHOED_NAME_BYTES_MAX < ECHO_BYTES_MAX);
const _: () = assert!(PAGE_ITEMS_DEFAULT <= PAGE_ITEMS_MAX);
