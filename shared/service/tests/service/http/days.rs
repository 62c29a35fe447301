//! A day has a zone: the business time zone decides on which day an order counts.

use std::time::Duration;

use dekigoto::Host as _;
use serde_json::{Value, json};

use crate::support::{Ask, Shop, order};

/// The minutes from 09:00 UTC, when the shop opens, to 08:59 in Tokyo.
const TO_08_59_IN_TOKYO: Duration = Duration::from_secs((14 * 60 + 59) * 60);

async fn sales(shop: &Shop, day: &str) -> Value {
    let path = format!("/v1/sales/daily?from={day}&to={day}");
    let report = shop.ask(Ask::get(&path)).await;
    assert_eq!(report.status, 200, "{}", report.text);
    report.body["items"].clone()
}

async fn pending(shop: &Shop, day: &str) -> usize {
    let list = shop.ask(Ask::get(&format!("/v1/orders?status=pending&placedOn={day}"))).await;
    list.body["items"].as_array().unwrap().len()
}

/// The shop of 2026-11-23 with an order that was placed at 23:59 UTC: 08:59 of the next day in Tokyo.
async fn with_an_order(shop: Shop) -> (Shop, Value) {
    shop.host.sleep(TO_08_59_IN_TOKYO).await;
    let id = shop.placed("k").await;
    shop.follow().await;
    let order = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    assert_eq!(order.body["placedAt"], "2026-11-23T23:59:00.000Z");
    (shop, order.body)
}

#[tokio::test]
async fn an_order_of_08_59_in_tokyo_counts_on_that_day_there() {
    let (shop, order) = with_an_order(Shop::in_zone("Asia/Tokyo")).await;
    assert_eq!(order["placedOn"], "2026-11-24");
    assert_eq!(sales(&shop, "2026-11-24").await[0]["orderCount"], 1);
    assert_eq!(sales(&shop, "2026-11-23").await, json!([]));
    assert_eq!((pending(&shop, "2026-11-24").await, pending(&shop, "2026-11-23").await), (1, 0));
    let placed = shop.events().remove(0).payload.read::<Value>().unwrap();
    assert_eq!(
        (&placed["placedOn"], &placed["timeZone"]),
        (&json!("2026-11-24"), &json!("Asia/Tokyo")),
        "the event records the zone with the day"
    );
}

#[tokio::test]
async fn without_a_setting_a_day_is_in_utc() {
    let (shop, order) = with_an_order(Shop::new()).await;
    assert_eq!(order["placedOn"], "2026-11-23");
    assert_eq!(sales(&shop, "2026-11-23").await[0]["orderCount"], 1);
    assert_eq!(shop.events()[0].payload.read::<Value>().unwrap()["timeZone"], "UTC");
}

/// The setting may change: a cancellation counts on the day that the order recorded.
#[tokio::test]
async fn a_cancelled_order_counts_on_its_own_day_whatever_the_setting_is_then() {
    let (shop, order) = with_an_order(Shop::in_zone("Asia/Tokyo")).await;
    let in_utc = shop
        .behind(std::sync::Arc::new(shop.store.clone()), std::sync::Arc::new(shop.views.clone()));
    let id = order["orderId"].as_str().unwrap();
    in_utc.does(id, "cancel", &json!({ "reason": "ordered twice" })).await;
    in_utc.follow().await;
    let day = sales(&in_utc, "2026-11-24").await;
    assert_eq!((&day[0]["cancelledCount"], &day[0]["totalAmount"]), (&json!(1), &json!(0)));
}

/// The zone is a setting and no part of the request: a repeated request is the same one.
#[tokio::test]
async fn a_repeated_order_is_the_first_one_under_another_zone_s5() {
    let (shop, order_of_tokyo) = with_an_order(Shop::in_zone("Asia/Tokyo")).await;
    let in_utc = shop
        .behind(std::sync::Arc::new(shop.store.clone()), std::sync::Arc::new(shop.views.clone()));
    let again = Ask::post("/v1/orders", &order()).header("idempotency-key", "k");
    let again = in_utc.ask(again).await;
    assert_eq!(again.body["orderId"], order_of_tokyo["orderId"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}
