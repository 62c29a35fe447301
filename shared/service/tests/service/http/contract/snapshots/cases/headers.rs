//! Answers to headers and conditions. Header faults are reported one at a time.

use serde_json::json;

use super::Case;
use crate::support::{Ask, Shop, on_account, order, payment};

pub(super) async fn of_headers() -> Vec<Case> {
    let shop = Shop::new();
    let id = shop.placed("placing").await;
    let keyless = || Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account());
    let confirm = || keyless().header("idempotency-key", "the-key");
    let mut cases = Vec::new();
    for (name, ask) in [
        ("two keys", confirm().header("idempotency-key", "the-key")),
        ("an empty key", keyless().header("idempotency-key", "")),
        ("a key of Latin 1", keyless().bytes("idempotency-key", b"\xe9")),
        ("two versions", confirm().header("if-match", "\"1\"").header("if-match", "\"1\"")),
        ("a version of Latin 1", confirm().bytes("if-match", b"\"\xe9\"")),
        ("a weak tag", confirm().header("if-match", "W/\"1\"")),
        ("both invalid", keyless().header("idempotency-key", "").header("if-match", "1")),
        ("a compressed body", confirm().header("content-encoding", "gzip")),
    ] {
        cases.push(Case::of(&shop, "confirmOrder", name, ask).await);
    }
    let place = || Ask::post("/v1/orders", &order()).header("idempotency-key", "new");
    for (name, tag) in [("if it exists", "*"), ("at a version", "\"1\"")] {
        cases.push(Case::of(&shop, "placeOrder", name, place().header("if-match", tag)).await);
    }
    let unpaid = Ask::post(&format!("/v1/orders/{id}/confirm"), &json!({}));
    let unpaid = unpaid.header("idempotency-key", "the-key");
    cases.push(Case::of(&shop, "confirmOrder", "unpaid", unpaid).await);
    shop.does(&id, "payments", &payment("ch_1")).await;
    let nothing = Ask::raw(&format!("/v1/orders/{id}/confirm"), "").without("content-type");
    let nothing = nothing.header("idempotency-key", "the-key").header("if-match", "*");
    cases.push(Case::of(&shop, "confirmOrder", "without a body", nothing).await);
    cases
}
