//! S8, S15: the three views, from messages that are duplicated, reordered, lost, wrapped, malformed or forged.

mod unreadable;

use std::{collections::BTreeMap, sync::Arc};

use dekigoto::{
    Envelope, Message, Parking, Ports, RowKey, ViewStore as _,
    batch::{Report, Tally},
    memory::MemoryParking,
    views::Projector,
};
use dekigoto_testkit::{CountedStore, Down, UnreliableViews, ViewFault};
use order_service::service;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    Ask, ORDER_SUMMARY, Shop, VIEWS, VIEWS_OF_ORDERS, delivered, on_account, order, parcel,
    payment, plenty, view_named,
};

/// One view, with its stores and its parked messages.
struct Inbox {
    view: &'static str,
    parked: MemoryParking,
    views: Arc<UnreliableViews>,
    store: Arc<CountedStore>,
    ports: Ports,
    parking: Arc<dyn Parking>,
}

impl Inbox {
    fn new(shop: &Shop, view: &'static str, faults: impl IntoIterator<Item = ViewFault>) -> Self {
        let parked = MemoryParking::default();
        let views = UnreliableViews::new(shop.views.clone(), faults);
        let store = Arc::new(CountedStore::new(Arc::new(shop.store.clone())));
        let ports = Ports { store: store.clone(), views: views.clone(), ..shop.ports() };
        let parking = Arc::new(parked.clone());
        Self { view, parked, views, store, ports, parking }
    }

    /// S15: every message has exactly one outcome.
    async fn take(&self, bodies: &[String]) -> Report {
        let (ports, parking) = (self.ports.clone(), Arc::clone(&self.parking));
        let projector = Projector::of(view_named(self.view), ports, parking);
        let report = projector.take(delivered(bodies), plenty).await;
        assert_eq!(report.tally.total(), bodies.len());
        assert_eq!(report.failed.len(), report.tally.retried);
        assert_eq!(report.reasons.len(), report.tally.retried + report.tally.parked);
        report
    }
}

fn body(event: &Envelope) -> String {
    Message::of(event).body
}

fn bodies(events: &[Envelope]) -> Vec<String> {
    events.iter().map(body).collect()
}

fn applied(count: usize) -> Tally {
    Tally { applied: count, ..Tally::default() }
}

/// A delivered and paid order: four events of the order, then one of its payment.
async fn delivered_order() -> (Shop, String, Vec<Envelope>) {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for (command, body) in [
        ("confirm", on_account()),
        ("payments", payment("ch_1")),
        ("ship", parcel()),
        ("deliver", json!({})),
    ] {
        shop.does(&id, command, &body).await;
    }
    let events = shop.events();
    assert_eq!(events.iter().filter(|event| event.aggregate_type == "Order").count(), 4);
    (shop, id, events)
}

/// The order as its view has it, or null.
async fn shown(shop: &Shop, id: &str) -> Value {
    let row = shop.views.read(&[RowKey::new(format!("order-summary#{id}"), "c-42")]).await.unwrap();
    row.into_iter().flatten().next().map_or(Value::Null, |row| row.body.read().unwrap())
}

/// The rows of a view that never failed.
async fn expected(shop: &Shop) -> Vec<(RowKey, Value)> {
    shop.follow().await;
    rows(shop)
}

/// Every row and record. The parts of a row are added up.
fn rows(shop: &Shop) -> Vec<(RowKey, Value)> {
    let mut rows = BTreeMap::new();
    for mut row in shop.views.dump() {
        if let Some((sort, _)) = row.key.sort.rsplit_once("#w") {
            row.key.sort = sort.to_owned();
        }
        add(rows.entry(row.key).or_insert(Value::Null), row.body.read().unwrap());
    }
    rows.into_iter().collect()
}

/// Adds numbers and takes the later of two times, in each field.
fn add(sum: &mut Value, part: Value) {
    match (sum, part) {
        (Value::Object(sum), Value::Object(part)) => {
            part.into_iter()
                .for_each(|(name, part)| add(sum.entry(name).or_insert(Value::Null), part));
        }
        (Value::Number(sum), Value::Number(part)) => {
            *sum = (sum.as_i64().unwrap() + part.as_i64().unwrap()).into();
        }
        (Value::String(sum), Value::String(part)) => *sum = part.max(sum.clone()),
        (sum, part) => *sum = part,
    }
}

#[tokio::test]
async fn ten_messages_of_one_order_take_one_read_of_each_stream_and_one_write_s8() {
    let (shop, id, events) = delivered_order().await;
    let inbox = Inbox::new(&shop, ORDER_SUMMARY, []);
    let twice = [bodies(&events), bodies(&events)].concat();
    let report = inbox.take(&twice).await;
    assert_eq!((report.tally.applied, report.tally.duplicate), (5, 5));
    assert_eq!((inbox.views.take(), inbox.store.take()), ((2, 1), (0, 2, 5)));
    let row = shown(&shop, &id).await;
    assert_eq!(row["watermarks"], json!({ "Order": 4, "Payment": 1 }));
    assert_eq!(
        (&row["row"]["order"]["status"], &row["row"]["paid"]),
        (&json!("delivered"), &json!({ "JPY": 3000 }))
    );
}

#[tokio::test]
async fn messages_of_two_orders_make_two_rows() {
    let shop = Shop::new();
    let ids = [shop.placed("a").await, shop.placed("b").await];
    let inbox = Inbox::new(&shop, ORDER_SUMMARY, []);
    assert_eq!(inbox.take(&bodies(&shop.events())).await.tally, applied(2));
    // The generations of the view are read once for all messages.
    assert_eq!(inbox.views.take(), (3, 2));
    for id in ids {
        assert_eq!(shown(&shop, &id).await["watermarks"], json!({ "Order": 1 }));
    }
}

#[tokio::test]
async fn a_payment_may_come_before_its_order() {
    let (shop, id, events) = delivered_order().await;
    let inbox = Inbox::new(&shop, ORDER_SUMMARY, []);
    let payment = events.iter().find(|event| event.aggregate_type == "Payment").unwrap();
    assert_eq!(inbox.take(&[body(payment)]).await.tally, applied(1));
    // The row has nothing to show yet, so readers get the order from the store.
    let answer = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    assert_eq!((answer.status, answer.header("served-from")), (200, Some("store")));
    assert_eq!(shop.ask(Ask::get("/v1/orders?customerId=c-42")).await.body, json!({ "items": [] }));
    inbox.take(&bodies(&events)).await;
    let answer = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    assert_eq!(
        (answer.header("served-from"), &answer.body["paidAmount"]),
        (Some("view"), &json!(3000))
    );
}

#[tokio::test]
async fn events_of_lost_messages_are_read_from_the_store_l2() {
    let (shop, id, events) = delivered_order().await;
    let inbox = Inbox::new(&shop, ORDER_SUMMARY, []);
    let last = events.iter().find(|event| event.event_type == "OrderDelivered").unwrap();
    assert_eq!(inbox.take(&[body(last)]).await.tally, applied(1));
    assert_eq!(shown(&shop, &id).await["row"]["order"]["status"], "delivered");
}

#[tokio::test]
async fn every_message_wrapping_is_read() {
    let (shop, id, events) = delivered_order().await;
    let raw = body(&events[0]);
    let by_sns =
        json!({ "Type": "Notification", "MessageId": "x", "TopicArn": "arn", "Message": raw })
            .to_string();
    let by_rule =
        format!(r#"{{"version":"0","detail-type":"OrderPlaced","source":"x","detail":{raw}}}"#);
    for wrapped in [&raw, &by_sns, &by_rule] {
        let inbox = Inbox::new(&shop, ORDER_SUMMARY, []);
        let report = inbox.take(std::slice::from_ref(wrapped)).await;
        assert_eq!(report.tally.parked + report.tally.retried, 0, "{wrapped}");
    }
    assert_eq!(shown(&shop, &id).await["watermarks"], json!({ "Order": 1 }));
}

#[tokio::test]
async fn lost_replies_and_conflicts_never_count_twice_s8() {
    for fault in [ViewFault::Conflicts, ViewFault::LosesReply, ViewFault::LosesRequest] {
        let shop = Shop::new();
        for key in ["a", "b", "c"] {
            shop.placed(key).await;
        }
        for view in VIEWS_OF_ORDERS {
            let inbox = Inbox::new(&shop, view, [fault]);
            while !inbox.take(&bodies(&shop.events())).await.failed.is_empty() {}
        }
        let never_failed = Shop::new();
        for item in shop.store.dump() {
            never_failed.store.put_raw(item);
        }
        assert_eq!(rows(&shop), expected(&never_failed).await, "{fault:?}");
    }
}

#[tokio::test]
async fn every_message_is_retried_while_a_store_is_down_s15() {
    let (shop, _, events) = delivered_order().await;
    for view in VIEWS_OF_ORDERS {
        let mut inbox = Inbox::new(&shop, view, []);
        inbox.ports = Ports { views: Arc::new(Down), store: Arc::new(Down), ..inbox.ports };
        let report = inbox.take(&bodies(&events)).await;
        assert_eq!((report.tally.applied, report.tally.parked), (0, 0), "{view}");
        assert!(report.tally.retried > 0 && inbox.parked.dump().is_empty(), "{view}");
    }
}

#[tokio::test]
async fn a_hundred_orders_of_one_day_in_one_batch_fit_the_call_limits_s16() {
    let shop = Shop::new();
    for place in 0..100 {
        shop.placed(&format!("k{place}")).await;
    }
    for view in ["customer-summary", "daily-sales"] {
        let inbox = Inbox::new(&shop, view, []);
        assert_eq!(inbox.take(&bodies(&shop.events())).await.tally, applied(100), "{view}");
    }
    let sales = shop.ask(Ask::get("/v1/sales/daily?from=2026-11-23&to=2026-11-23")).await;
    assert_eq!(sales.body["items"][0]["totalAmount"], 300_000);
}

#[tokio::test]
async fn a_delivered_order_sends_seven_messages_to_the_views() {
    let (_, _, events) = delivered_order().await;
    let service = service();
    let messages = VIEWS_OF_ORDERS.iter().map(|view| {
        let wanted = service.events_for(&*view_named(view));
        events.iter().filter(|event| wanted.contains(&event.event_type.as_str())).count()
    });
    let messages: Vec<usize> = messages.collect();
    assert_eq!(messages, [5, 1, 1], "{} without filters", events.len() * VIEWS_OF_ORDERS.len());
}

#[test]
fn a_view_has_one_name() {
    let service = service();
    for view in VIEWS {
        assert_eq!(service.view_named(view).unwrap().name(), view);
    }
    for name in ["", "Order-Summary", "order_summary", "orders"] {
        let unknown = service.view_named(name).err().unwrap().to_string();
        assert!(unknown.contains("there are fulfilment, order-summary"), "{unknown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each message is delivered at least once, in any order and batches, while writes fail. In the end all three views
    /// equal those of a run without failures.
    #[test]
    fn the_views_converge_under_any_delivery_s8(
        order_of in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..9_usize, 0..9),
        cut in 1..7_usize,
        faults in prop::collection::vec(0..3_usize, 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let shop = Shop::new();
            for place in 0..3 {
                let mut body = order();
                body["currency"] = json!(["JPY", "EUR", "JPY"][place]);
                let placed = shop.ask(Ask::post("/v1/orders", &body)).await;
                let id = placed.body["orderId"].as_str().unwrap();
                let mut paid = payment("ch_1");
                paid["currency"] = body["currency"].clone();
                shop.does(id, "payments", &paid).await;
                shop.does(id, "cancel", &json!({ "reason": "twice" })).await;
            }
            let events = shop.events();
            let all = [ViewFault::Conflicts, ViewFault::LosesReply, ViewFault::LosesRequest];
            let faults: Vec<ViewFault> = faults.iter().map(|fault| all[*fault]).collect();
            let messages: Vec<String> = order_of.iter().chain(&again).map(|place| body(&events[*place])).collect();
            for view in VIEWS_OF_ORDERS {
                let inbox = Inbox::new(&shop, view, faults.clone());
                for batch in messages.chunks(cut) {
                    while !inbox.take(batch).await.failed.is_empty() {}
                }
                assert!(inbox.parked.dump().is_empty());
            }
            let never_failed = Shop::new();
            for item in shop.store.dump() {
                never_failed.store.put_raw(item);
            }
            let expected = expected(&never_failed).await;
            assert_eq!(rows(&shop), expected);
        });
    }
}
