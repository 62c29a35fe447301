//! Any body to any command.

use std::collections::HashSet;

use axum::{body::Body, http::Request};
use dekigoto::Commit;
use orders::{order::OrderEvent, payment::PaymentEvent};
use serde_json::Value;

use crate::edge::{Answer, Edge, fails, holds};

/// Bytes of input that an answer may repeat in one piece.
const ECHO_BYTES_MAX: usize = 200;

/// Bytes of any answer to a command. An error names at most twenty fields.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

const SAMPLE: &str = r#"{"customerId":"c-42","currency":"JPY","items":[{"productId":"p-1","quantity":2,"unitAmount":1500}]}"#;

/// Sends the bytes after the first as a body; the first chooses the command.
///
/// Checks that the status is documented, that an error is a problem with its code, that no answer repeats the input, that
/// a refused command writes nothing, and that an accepted one can be read back.
pub fn request(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let world = Edge::new();
    let placed = send(&world, "", SAMPLE.as_bytes());
    let id = order_id(&placed);
    let path = match first % 6 {
        0 => String::new(),
        1 => format!("/{id}/confirm"),
        2 => format!("/{id}/ship"),
        3 => format!("/{id}/deliver"),
        4 => format!("/{id}/cancel"),
        _ => format!("/{id}/payments"),
    };
    let before = world.store.dump();
    let answer = send(&world, &path, body);
    let after = world.store.dump();
    holds(answer.body.len() <= ANSWER_BYTES_MAX, "an answer is short");
    match answer.status {
        200 | 201 => reads_back(&world, before.len() + 1),
        400 | 409 | 413 | 422 => {
            holds(before == after, "a refused command writes nothing");
            is_problem(&answer);
            echoes_little(body, &answer.body);
        }
        other => fails(&format!("{other} is not a documented status")),
    }
}

fn send(world: &Edge, rest: &str, body: &[u8]) -> Answer {
    let request = Request::post(format!("/v1/orders{rest}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()));
    match request {
        Ok(request) => world.ask(request),
        Err(cause) => fails(&format!("the request cannot be built: {cause}")),
    }
}

fn order_id(placed: &Answer) -> String {
    let body: Value = serde_json::from_slice(&placed.body).unwrap_or_default();
    let id = body.get("orderId").and_then(Value::as_str);
    id.unwrap_or_else(|| fails("the sample order is placed")).to_owned()
}

fn reads_back(world: &Edge, commits: usize) {
    let stored = world.store.dump();
    holds(stored.len() == commits, "one command is one commit");
    for item in stored {
        let commit = Commit::try_from(item).unwrap_or_else(|cause| fails(&cause.to_string()));
        for event in commit.envelopes() {
            let is_read = event.decode::<OrderEvent>().is_ok_and(|events| !events.is_empty())
                || event.decode::<PaymentEvent>().is_ok_and(|events| !events.is_empty());
            holds(is_read, "an accepted command can be read back");
        }
    }
}

fn is_problem(answer: &Answer) {
    let kind = answer.response.headers().get("content-type");
    let is_problem = kind.is_some_and(|kind| kind == "application/problem+json");
    holds(is_problem, "an error is a problem");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    for field in ["type", "title", "detail", "code", "instance"] {
        holds(body.get(field).is_some_and(Value::is_string), "a problem has all its fields");
    }
    holds(body.get("status") == Some(&answer.status.into()), "a problem names its status");
}

fn echoes_little(input: &[u8], output: &[u8]) {
    let piece = ECHO_BYTES_MAX + 1;
    let told: HashSet<&[u8]> = output.windows(piece).collect();
    let repeated = input.windows(piece).any(|part| told.contains(part));
    holds(!repeated, "an answer does not repeat its input");
}
