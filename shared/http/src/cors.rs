//! What browser code of another origin may send and read. The gateway, or `dekigoto-local`, answers preflight requests
//! from these lists; the router itself knows no origins.

use std::time::Duration;

/// The methods of the routes.
pub const METHODS: &[&str] = &["GET", "POST", "PUT"];

/// The headers that a request may have: those that the edge reads, and those of a signature.
pub const REQUEST_HEADERS: &[&str] = &[
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];

/// The headers of an answer that a script may read.
pub const EXPOSED_HEADERS: &[&str] =
    &["etag", "idempotency-key", "idempotent-replayed", "location", "retry-after", "served-from"];

/// How long a browser may remember the answer to a preflight request.
pub const PREFLIGHT_AGE_MAX: Duration = Duration::from_secs(600);
