//! S14: another customer's order cannot be told from an unknown one, neither by the answer nor by the store requests.

use std::{slice, sync::Arc};

use dekigoto::{Envelope, Message, memory::MemoryParking};
use dekigoto_testkit::{Down, RecordedCalls};
use order_service::Caller;
use serde_json::json;

use crate::support::{
    Answer, Ask, ORDER_SUMMARY, Shop, UNKNOWN, basket, customer, delivered, on_account, order,
    payment, plenty,
};

/// Queries of a customer about somebody else's order.
const GETS: [&str; 9] = [
    "",
    "?minVersion=1",
    "?minVersion=9",
    "?atVersion=1",
    "?atVersion=9",
    "/events",
    "/events?limit=1",
    "/events?fromVersion=2",
    "/events?fromVersion=9",
];

/// Headers of a cancellation: conditions that match or not, and keys that the owner used for this order.
const CANCELS: [(&str, &str); 6] = [
    ("x-nothing", "1"),
    ("if-match", "\"1\""),
    ("if-match", "\"9\""),
    ("if-match", "*"),
    ("idempotency-key", "placed"),
    ("idempotency-key", "cancelled"),
];

/// The reads for an order that is not the customer's: their own key in the view, then the order's first commit.
const LOOKS: [&str; 2] = ["get order-summary", "read 1 of Order up from 1"];

fn asks(id: &str) -> Vec<Ask> {
    let get = |path: &&str| Ask::get(&format!("/v1/orders/{id}{path}"));
    let cancel = |(name, value): &(&'static str, &str)| {
        let body = json!({ "reason": "ordered twice" });
        let ask = Ask::post(&format!("/v1/orders/{id}/cancel"), &body).header(name, value);
        // A key that the service makes would differ in each answer.
        if *name == "idempotency-key" { ask } else { ask.header("idempotency-key", "mine") }
    };
    GETS.iter().map(get).chain(CANCELS.iter().map(cancel)).collect()
}

/// The same shop, with recorded calls to its stores.
async fn recorded(shop: &Shop) -> (Shop, Arc<RecordedCalls>) {
    let (store, views) = (Arc::new(shop.store.clone()), Arc::new(shop.views.clone()));
    let calls = RecordedCalls::of(store, views);
    let front = shop.behind(calls.clone(), calls.clone());
    // The first request of a process also asks which generation of the view is live.
    refused(&front, Ask::get(&format!("/v1/orders/{UNKNOWN}")), customer("c-7")).await;
    assert_eq!(calls.take().first().map(String::as_str), Some("get order-summary/generations"));
    (front, calls)
}

/// Projects these events into the order's view, in this order.
async fn show(shop: &Shop, events: &[Envelope]) {
    let bodies: Vec<String> = events.iter().map(|event| Message::of(event).body).collect();
    let projector = shop.projector(ORDER_SUMMARY, &MemoryParking::default());
    let report = projector.take(delivered(&bodies), plenty).await;
    assert_eq!(report.tally.applied, bodies.len(), "{:?}", report.reasons);
}

/// An order of c-42, placed and cancelled by them, with a payment in between.
async fn cancelled_order() -> (Shop, String, Vec<Envelope>) {
    let shop = Shop::new().priced().await;
    let me = || customer("c-42");
    let place = Ask::post("/v1/orders", &basket()).header("idempotency-key", "placed").by(me());
    let id = shop.ask(place).await.body["orderId"].as_str().unwrap().to_owned();
    shop.does(&id, "payments", &payment("ch_1")).await;
    let cancel = Ask::post(&format!("/v1/orders/{id}/cancel"), &json!({ "reason": "x" }));
    let answer = shop.ask(cancel.header("idempotency-key", "cancelled").by(me())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let events = shop.events().into_iter().filter(|event| event.aggregate_type != "Price");
    let events = events.collect();
    (shop, id, events)
}

async fn refused(shop: &Shop, ask: Ask, by: Caller) -> Answer {
    shop.refuses(ask.by(by), 404, "not-found").await
}

#[tokio::test]
async fn another_customers_order_gets_the_answer_and_the_requests_of_an_unknown_one_s14() {
    let (shop, id, events) = cancelled_order().await;
    let payment = events.iter().find(|event| event.aggregate_type == "Payment").unwrap();
    let orders: Vec<&Envelope> =
        events.iter().filter(|event| event.aggregate_type == "Order").collect();
    // The view has no event, only the payment, the order as placed, every event.
    let steps: [&[Envelope]; 4] =
        [&[], slice::from_ref(payment), slice::from_ref(orders[0]), slice::from_ref(orders[1])];
    for (number, step) in steps.iter().enumerate() {
        show(&shop, step).await;
        let (recorded, calls) = recorded(&shop).await;
        for (place, (theirs, none)) in asks(&id).into_iter().zip(asks(UNKNOWN)).enumerate() {
            let what = format!("step {number}, request {place}");
            let theirs = refused(&recorded, theirs, customer("c-7")).await;
            assert_eq!(calls.take(), LOOKS, "{what}");
            let none = refused(&recorded, none, customer("c-7")).await;
            assert_eq!(calls.take(), LOOKS, "{what}");
            assert_eq!(theirs.text, none.text, "{what}");
            assert_eq!(theirs.headers, none.headers, "{what}");
        }
    }
}

#[tokio::test]
async fn a_refusal_by_customer_id_or_role_reads_nothing_s14() {
    let (shop, id, _) = cancelled_order().await;
    shop.follow().await;
    let (recorded, calls) = recorded(&shop).await;
    let stranger = || customer("c-7");
    for (path, status, code) in [
        ("/v1/orders?customerId=c-42", 403, "forbidden"),
        ("/v1/orders?customerId=c-42&cursor=abc", 403, "forbidden"),
        ("/v1/orders?customerId=nobody", 403, "forbidden"),
        ("/v1/orders?status=pending&placedOn=2026-11-23", 403, "forbidden"),
        ("/v1/customers/c-42/summary", 404, "not-found"),
        ("/v1/customers/nobody/summary", 404, "not-found"),
        ("/v1/sales/daily?from=2026-11-23&to=2026-11-23", 403, "forbidden"),
    ] {
        recorded.refuses(Ask::get(path).by(stranger()), status, code).await;
    }
    let parcel = crate::support::parcel();
    for id in [&*id, UNKNOWN] {
        for (command, body) in [
            ("confirm", on_account()),
            ("ship", parcel.clone()),
            ("deliver", json!({})),
            ("payments", payment("ch_1")),
        ] {
            let ask = Ask::post(&format!("/v1/orders/{id}/{command}"), &body);
            recorded.refuses(ask.by(stranger()), 403, "forbidden").await;
        }
    }
    recorded.refuses(Ask::post("/v1/orders", &order()).by(stranger()), 403, "forbidden").await;
    assert_eq!(calls.take(), [""; 0]);
}

#[tokio::test]
async fn an_ownership_check_is_one_read_while_the_view_has_the_order() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    let (recorded, calls) = recorded(&shop).await;
    let me = || customer("c-42");
    let ask = async |ask: Ask| {
        let answer = recorded.ask(ask.by(me())).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        calls.take()
    };
    let order = format!("/v1/orders/{id}");
    assert_eq!(ask(Ask::get(&order)).await, LOOKS[..1]);
    for path in [format!("{order}/events"), format!("{order}?atVersion=1")] {
        let asked = ask(Ask::get(&path)).await;
        assert_eq!(asked[0], LOOKS[0], "{path}");
        assert_ne!(asked[1], LOOKS[1], "{path}: ownership was checked twice");
    }
    let cancel = Ask::post(&format!("{order}/cancel"), &json!({ "reason": "x" }));
    assert_eq!(ask(cancel).await, [LOOKS[0], "read 4 of Order from the newest", "append to Order"]);
    // Trusted callers skip the ownership check and do not name the customer.
    recorded.ask(Ask::get(&order)).await;
    assert_eq!(calls.take(), ["list 1 of order-summary"]);
    let past = recorded.ask(Ask::get(&format!("{order}?atVersion=1"))).await;
    assert_eq!(past.status, 200);
    assert!(calls.take().iter().all(|call| call.contains("of Order")), "checked ownership");
}

#[tokio::test]
async fn ownership_is_known_while_the_view_is_down_s14() {
    let (shop, id, _) = cancelled_order().await;
    let down = shop.behind(Arc::new(shop.store.clone()), Arc::new(Down));
    let order = format!("/v1/orders/{id}");
    for path in [format!("{order}?atVersion=1"), format!("{order}/events")] {
        assert_eq!(down.ask(Ask::get(&path).by(customer("c-42"))).await.status, 200, "{path}");
        let theirs = refused(&down, Ask::get(&path), customer("c-7")).await;
        let path = path.replace(&id, UNKNOWN);
        let none = refused(&down, Ask::get(&path), customer("c-7")).await;
        assert_eq!(theirs.text, none.text, "{path}");
    }
    let cancel = || Ask::post(&format!("{order}/cancel"), &json!({ "reason": "x" }));
    refused(&down, cancel(), customer("c-7")).await;
    let again = cancel().header("idempotency-key", "cancelled").by(customer("c-42"));
    let again = down.ask(again).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    // Only the view has the current order.
    down.refuses(Ask::get(&order).by(customer("c-42")), 503, "unavailable").await;
    down.refuses(Ask::get(&order).by(customer("c-7")), 503, "unavailable").await;
}

#[tokio::test]
async fn a_forged_message_does_not_give_an_order_to_another_customer_s14() {
    let (shop, id, events) = cancelled_order().await;
    let forged: Vec<String> = events
        .iter()
        .filter(|event| event.event_type == "OrderCancelled")
        .map(|event| Message::of(event).body.replace("c-42", "c-7"))
        .collect();
    assert_eq!(forged.len(), 1);
    let parking = MemoryParking::default();
    let before = shop.views.dump();
    let report = shop.projector(ORDER_SUMMARY, &parking).take(delivered(&forged), plenty).await;
    assert_eq!(report.tally.parked, 1, "{:?}", report.reasons);
    assert_eq!(shop.views.dump(), before);
    refused(&shop, Ask::get(&format!("/v1/orders/{id}")), customer("c-7")).await;
}
