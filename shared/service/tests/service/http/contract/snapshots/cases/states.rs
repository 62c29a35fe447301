//! Answers that depend on an order's state.

use serde_json::{Value, json};

use super::Case;
use crate::support::{Ask, Shop, parcel, payment};

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
        ("confirmOrder", "confirm", json!({})),
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
    let illegal = cases.iter().filter(|case| case.answer.body["code"] == "illegal-transition");
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
        ("if one exists, when there is none", vec![], payment("ch_1"), Some("*")),
        ("at version 2, when there is none", vec![], payment("ch_1"), Some("\"2\"")),
    ] {
        let shop = Shop::new();
        let path = format!("/v1/orders/{}/payments", shop.placed("placing").await);
        for body in before {
            let key = body["reference"].as_str().unwrap().to_owned();
            let ask = Ask::post(&path, &body).header("idempotency-key", &key);
            assert_eq!(shop.ask(ask).await.status, 201, "{name}: {body}");
        }
        let ask = Ask::post(&path, &body).header("idempotency-key", "the-key");
        let ask = if let Some(tag) = condition { ask.header("if-match", tag) } else { ask };
        cases.push(Case::of(&shop, "payOrder", name, ask).await);
    }
    cases
}

fn many(outcome: &str, count: u64) -> Vec<Value> {
    (0..count).map(|number| paid(&format!("ch_{number}"), 1, outcome)).collect()
}
