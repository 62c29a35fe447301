//! Limits of this service's requests. `dekigoto_http::limits` has the limits of every service.

use dekigoto_http::cursor_bytes;
use orders::limits::ID_BYTES_MAX;

/// Days of one sales report.
pub const SALES_DAYS_MAX: i64 = 92;

/// Bytes of a cursor: a time, an order's id, a seal, and in a list across customers the customer's id.
pub const CURSOR_BYTES_MAX: usize = cursor_bytes(8 + 16 + ID_BYTES_MAX);

/// Prices of a product in one currency that the price list keeps: the newest, by the moment from which they hold.
pub const PRICES_PER_CURRENCY_MAX: usize = 100;

/// Pages of a hundred orders that a filtered list reads for one answer.
pub const PAGES_PER_LIST_MAX: usize = 50;
