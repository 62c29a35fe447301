//! Any text as a cursor.

use axum::{body::Body, http::Request};

use crate::edge::{Edge, holds};

/// Lists a customer's orders with the bytes as the cursor.
///
/// Checks that the cursor is refused as malformed and not repeated in the answer: nobody can make a cursor but the
/// service.
pub fn cursor(bytes: &[u8]) {
    let encoded: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    let request = Request::get(format!("/v1/orders?customerId=c-42&cursor={encoded}"));
    // A URI has its own length limit.
    let Ok(request) = request.body(Body::empty()) else { return };
    let answer = Edge::new().ask(request);
    holds(answer.status == 400, "a forged cursor is refused");
    holds(answer.body.len() < 1024, "a refused cursor is not repeated");
}
