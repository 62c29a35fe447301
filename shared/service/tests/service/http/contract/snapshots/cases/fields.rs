//! Answers to malformed bodies and parameters.

use dekigoto_http::limits::FAULTS_MAX;
use serde_json::{Value, json};

use super::Case;
use crate::support::{Ask, Shop, UNKNOWN, order, payment};

/// A body with one fault of every kind.
fn every_kind() -> String {
    json!({
        "customerId": "a b",
        "currency": 7,
        "items": [
            { "productId": "p 1", "quantity": 0, "unitAmount": -1 },
            { "productId": "p-2", "quantity": "1", "price": 1 },
            [],
        ],
        "a/b~c": true,
    })
    .to_string()
    .replacen("\"a b\"", "\"a b\",\"customerId\":\"c\"", 1)
    .replacen("\"p-2\"", "\"\\ud800\"", 1)
}

/// More unknown names than an answer may repeat.
fn unknown_names() -> String {
    let mut body = order();
    for letter in ["A", "B", "C", "D", "E"] {
        body[letter.repeat(400)] = json!(1);
    }
    body.to_string()
}

fn with_items(items: impl Into<Value>) -> String {
    let mut body = order();
    body["items"] = items.into();
    body.to_string()
}

fn with(mut body: Value, changes: &[(&str, Value)]) -> String {
    for (field, value) in changes {
        body[*field] = value.clone();
    }
    body.to_string()
}

pub(super) async fn of_bodies() -> Vec<Case> {
    let shop = Shop::new();
    let id = shop.placed("placing").await;
    let item = order()["items"][0].clone();
    let bad = json!({ "productId": "", "quantity": 0, "unitAmount": -1 });
    let dear = json!({ "productId": "p", "quantity": 10_000, "unitAmount": 1_000_000_000_000_i64 });
    let place = |name, body: String| ("placeOrder", name, "/v1/orders".to_owned(), body);
    let on =
        |operation, name, last, body| (operation, name, format!("/v1/orders/{id}/{last}"), body);
    let pay =
        |name, changes: &[_]| on("payOrder", name, "payments", with(payment("ch_1"), changes));
    let long = |name, length: usize| (name, json!("x".repeat(length)));
    let mut cases = Vec::new();
    for (operation, name, path, body) in [
        place("an empty body", String::new()),
        place("two values", "{} {}".to_owned()),
        place(
            "one fault",
            with_items(json!([{ "productId": "p", "quantity": 0, "unitAmount": 0 }])),
        ),
        place("every kind of fault", every_kind()),
        place("more faults than are named", with_items(vec![bad; FAULTS_MAX])),
        place("unknown names, cut", unknown_names()),
        place("not a list", with_items("none")),
        place("too many items", with_items(vec![item; 101])),
        place("a total that is too large", with_items(vec![dear])),
        place("an unknown currency", with(order(), &[("currency", json!("jpy"))])),
        place("two limits", with(order(), &[("currency", json!("jpy")), ("items", json!([]))])),
        on(
            "shipOrder",
            "too long",
            "ship",
            with(json!({}), &[long("carrier", 65), long("trackingNumber", 129)]),
        ),
        on("cancelOrder", "too long", "cancel", with(json!({}), &[long("reason", 501)])),
        on("cancelOrder", "blank", "cancel", with(json!({}), &[("reason", json!(" "))])),
        pay("too long", &[long("reference", 129), long("declineReason", 201)]),
        pay("an amount that is not an integer", &[("amount", json!(1.5))]),
        pay("an unknown outcome", &[("outcome", json!("refunded"))]),
        pay("a negative amount", &[("amount", json!(-1))]),
        pay("captured with a decline reason", &[("declineReason", json!("no funds"))]),
    ] {
        let ask = Ask::raw(&path, body).header("idempotency-key", "the-key");
        cases.push(Case::of(&shop, operation, name, ask).await);
    }
    let latin = Ask::raw("/v1/orders", &b"{\"\xff\":1}"[..]).header("idempotency-key", "the-key");
    cases.push(Case::of(&shop, "placeOrder", "not UTF-8", latin).await);
    cases
}

pub(super) async fn of_parameters() -> Vec<Case> {
    let shop = Shop::new();
    shop.placed("placing").await;
    let list = |rest: &str| format!("/v1/orders?{rest}");
    let order = |rest: &str| format!("/v1/orders/{UNKNOWN}{rest}");
    let sales = |rest: &str| format!("/v1/sales/daily?{rest}");
    let mut cases = Vec::new();
    for (operation, name, path) in [
        ("listOrders", "without a customer", list("")),
        (
            "listOrders",
            "of a customer and a day",
            list("customerId=c-42&status=pending&placedOn=2026-11-23"),
        ),
        (
            "listOrders",
            "every kind of fault",
            list("customerId=a%20b&status=lost&placedOn=today&limit=1&limit=2&page=1"),
        ),
        ("listOrders", "an invalid cursor", list("customerId=c-42&cursor=x")),
        (
            "listOrders",
            "a forged cursor",
            list(&format!("customerId=c-42&cursor={}", "A".repeat(54))),
        ),
        ("listOrders", "too many parameters", list(&["a=1"; 11].join("&"))),
        ("getOrder", "two versions", order("?minVersion=1&atVersion=1")),
        ("getOrder", "an invalid id", "/v1/orders/X".to_owned()),
        ("getOrder", "a path that is not UTF-8", "/v1/orders/%FF".to_owned()),
        ("getOrder", "beyond the newest", order("?atVersion=9")),
        ("listOrderEvents", "every kind of fault", order("/events?fromVersion=0&limit=101")),
        ("getDailySales", "an end before the start", sales("from=2026-11-23&to=2026-11-22")),
        ("getDailySales", "invalid days", sales("from=2026-02-30&to=x")),
    ] {
        cases.push(Case::of(&shop, operation, name, Ask::get(&path)).await);
    }
    cases
}
