//! Limits of the service's requests. `dekigoto_http::limits` has those that hold for every service.

use dekigoto_http::cursor_bytes;
use orders::limits::ID_BYTES_MAX;

/// Days of one sales report.
pub const SALES_DAYS_MAX: i64 = 92;

/// Bytes of a cursor: a moment, an order's id, a seal, and in a list across customers the customer's id.
pub const CURSOR_BYTES_MAX: usize = cursor_bytes(8 + 16 + ID_BYTES_MAX);

/// Pages that a filtered list looks through for one answer.
pub const PAGES_PER_LIST_MAX: usize = 4;

/// Events of one stream that are folded from the store for one answer.
pub const EVENTS_PER_FOLD_MAX: usize = dekigoto::limits::EVENTS_PER_FOLD_MAX;
