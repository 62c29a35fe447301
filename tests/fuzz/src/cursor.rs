//! Any text as a cursor.

use axum::{body::Body, http::Request};

use crate::edge::{Edge, holds};

/// Asks for a customer's orders after the bytes as a cursor.
///
/// Holds: it is refused as malformed, and nothing of it is in the answer: no bytes are a cursor that the service did not
/// make.
pub fn cursor(bytes: &[u8]) {
    let encoded: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    let request = Request::get(format!("/v1/orders?customerId=c-42&cursor={encoded}"));
    // A URI has a limit of its own.
    let Ok(request) = request.body(Body::empty()) else { return };
    let answer = Edge::new().ask(request);
    holds(answer.status == 400, "what we did not make is no cursor");
    holds(answer.body.len() < 1024, "a refused cursor is not repeated");
}
