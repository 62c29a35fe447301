//! Answers that depend on an order's state.

use serde_json::{Value, json};

use super::Case;
use crate::support::{Ask, Shop, on_account, parcel, payment, refund};

/// A status, the commands that lead to it, and the commands that it allows.
type Stage = (&'static str, &'static [&'static str], &'static [&'static str]);

const STAGES: [Stage; 5] = [
    ("pending", &[], &["confirm", "cancel"]),
    ("confirmed", &["confirm"], &["ship", "cancel"]),
    ("shipped", &["confirm", "ship"], &["deliver"]),
    ("delivered", &["confirm", "ship", "deliver"], &[]),
    ("cancelled", &["cancel"], &[]),
];

/// A command: its operation, its path segment, and a body.
fn commands() -> [(&'static str, &'static str, Value); 4] {
    [
        ("confirmOrder", "confirm", on_account()),
        ("shipOrder", "ship", parcel()),
        ("deliverOrder", "deliver", json!({})),
        ("cancelOrder", "cancel", json!({ "reason": "ordered twice" })),
    ]
}

/// An order of every status, and every command that the status does not allow.
pub(super) async fn of_orders() -> Vec<Case> {
    let mut cases = Vec::new();
    for (status, steps, allowed) in STAGES {
        let shop = Shop::new();
        let path = format!("/v1/orders/{}", shop.placed("placing").await);
        let keyed = |place: &str, body: &Value, key: &str| {
            Ask::post(&format!("{path}/{place}"), body).header("idempotency-key", key)
        };
        for (_, step, body) in commands().iter().filter(|(_, step, _)| steps.contains(step)) {
            assert_eq!(shop.ask(keyed(step, body, step)).await.status, 200, "{step}");
        }
        for (operation, command, body) in commands() {
            if !allowed.contains(&command) {
                let name = format!("of a {status} order");
                cases.push(Case::of(&shop, operation, name, keyed(command, &body, "k")).await);
            }
        }
        shop.follow().await;
        let history = Ask::get(&format!("{path}/events"));
        cases.push(Case::of(&shop, "getOrder", status, Ask::get(&path)).await);
        cases.push(Case::of(&shop, "listOrderEvents", status, history).await);
    }
    let family = "urn:dekigoto:problem:illegal-transition";
    let illegal = cases.iter().filter(|case| case.answer.body["type"] == family);
    assert_eq!(illegal.count(), 15);
    cases
}

/// A payment with that amount and outcome.
fn paid(reference: &str, amount: u64, outcome: &str) -> Value {
    json!({ "reference": reference, "amount": amount, "currency": "JPY", "outcome": outcome })
}

/// A payment after earlier payments.
pub(super) async fn of_payments() -> Vec<Case> {
    const MOST: u64 = orders::limits::AMOUNT_MAX;
    let mut cases = Vec::new();
    for (name, before, body, condition) in [
        ("the same payment under another key", vec![payment("ch_1")], payment("ch_1"), None),
        (
            "a reference with another amount",
            vec![payment("ch_1")],
            paid("ch_1", 1, "captured"),
            None,
        ),
        (
            "a reference with another outcome",
            vec![payment("ch_1")],
            paid("ch_1", 3000, "declined"),
            None,
        ),
        ("captured after it was paid", vec![payment("ch_1")], paid("ch_2", 1, "captured"), None),
        ("declined after it was paid", vec![payment("ch_1")], paid("ch_2", 1, "declined"), None),
        ("nothing", vec![], paid("ch_1", 0, "captured"), None),
        (
            "a sum that is too large",
            vec![paid("ch_1", 1, "captured")],
            paid("ch_2", MOST, "captured"),
            None,
        ),
        ("too many declined", many("declined", 40), paid("ch_x", 1, "declined"), None),
        ("too many", many("captured", 50), paid("ch_x", 1, "captured"), None),
        ("if one exists, when there is none", vec![], payment("ch_1"), Some(("if-match", "*"))),
        ("at version 2, when there is none", vec![], payment("ch_1"), Some(("if-match", "\"2\""))),
        ("the first", vec![], payment("ch_1"), Some(("if-none-match", "*"))),
        (
            "the first, when there is one",
            vec![payment("ch_1")],
            payment("ch_2"),
            Some(("if-none-match", "*")),
        ),
        ("of both versions", vec![], payment("ch_1"), Some(("if-match", "\"1.0\""))),
        ("of another version of the order", vec![], payment("ch_1"), Some(("if-match", "\"2.0\""))),
    ] {
        let shop = Shop::new();
        let path = format!("/v1/orders/{}/payments", shop.placed("placing").await);
        for body in before {
            let key = body["reference"].as_str().unwrap().to_owned();
            let ask = Ask::post(&path, &body).header("idempotency-key", &key);
            assert_eq!(shop.ask(ask).await.status, 201, "{name}: {body}");
        }
        let ask = Ask::post(&path, &body).header("idempotency-key", "the-key");
        let ask = if let Some((name, tag)) = condition { ask.header(name, tag) } else { ask };
        cases.push(Case::of(&shop, "payOrder", name, ask).await);
    }
    cases
}

/// A refund after earlier payments and refunds, and the payments then.
pub(super) async fn of_refunds() -> Vec<Case> {
    let captured = || ("payments", payment("ch_1"));
    let refunded = |reference: &str, amount: u64| {
        ("refunds", with(refund("ch_1", reference), amount, "refunded"))
    };
    let failed = |reference: &str| ("refunds", with(refund("ch_1", reference), 3000, "failed"));
    let many = |count: u64, outcome: &str| {
        let refunds = (0..count)
            .map(|number| ("refunds", with(refund("ch_1", &format!("re_{number}")), 1, outcome)));
        [captured()].into_iter().chain(refunds).collect::<Vec<_>>()
    };
    let declined = ("payments", paid("ch_1", 3000, "declined"));
    let cancelled = ("cancel", json!({ "reason": "ordered twice" }));
    let mut cases = Vec::new();
    for (name, before, (_, body)) in [
        (
            "the same refund under another key",
            vec![captured(), refunded("re_1", 3000)],
            refunded("re_1", 3000),
        ),
        (
            "a refund reference with another amount",
            vec![captured(), refunded("re_1", 1)],
            refunded("re_1", 2),
        ),
        ("in parts", vec![captured(), refunded("re_1", 1000)], refunded("re_2", 2000)),
        ("more than is left", vec![captured(), refunded("re_1", 1000)], refunded("re_2", 2001)),
        ("more than was captured", vec![captured()], refunded("re_1", 3001)),
        ("failed", vec![captured()], failed("re_1")),
        ("failed and then made", vec![captured(), failed("re_1")], refunded("re_1", 3000)),
        ("of a declined payment", vec![declined], refunded("re_1", 3000)),
        ("of no payment", vec![], refunded("re_1", 3000)),
        ("nothing", vec![captured()], refunded("re_1", 0)),
        ("too many", many(30, "refunded"), refunded("re_x", 1)),
        ("too many failed", many(20, "failed"), failed("re_x")),
        ("of a cancelled order", vec![captured(), cancelled], refunded("re_1", 1000)),
    ] {
        let shop = Shop::new();
        let path = format!("/v1/orders/{}", shop.placed("placing").await);
        for (place, (step, body)) in before.into_iter().enumerate() {
            let ask = Ask::post(&format!("{path}/{step}"), &body);
            let ask = ask.header("idempotency-key", &format!("k{place}"));
            assert!(shop.ask(ask).await.status < 300, "{name}: {body}");
        }
        let ask = Ask::post(&format!("{path}/refunds"), &body);
        cases.push(Case::of(&shop, "refundOrder", name, ask.header("idempotency-key", "k")).await);
        if !name.contains("many") {
            let payments = Ask::get(&format!("{path}/payments"));
            cases.push(Case::of(&shop, "listPayments", format!("refund: {name}"), payments).await);
        }
    }
    let shop = Shop::new();
    let id = shop.placed("placing").await;
    let body = refund("ch_1", "re_1");
    for (step, body) in [("payments", payment("ch_1")), ("confirm", json!({})), ("refunds", body)] {
        shop.does(&id, step, &body).await;
    }
    let ship = Ask::post(&format!("/v1/orders/{id}/ship"), &parcel());
    cases.push(Case::of(&shop, "shipOrder", "refunded", ship.header("idempotency-key", "k")).await);
    cases
}

fn with(mut refund: Value, amount: u64, outcome: &str) -> Value {
    refund["amount"] = json!(amount);
    refund["outcome"] = json!(outcome);
    refund
}

fn many(outcome: &str, count: u64) -> Vec<Value> {
    (0..count).map(|number| paid(&format!("ch_{number}"), 1, outcome)).collect()
}
