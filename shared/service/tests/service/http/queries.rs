//! Queries of an order, its history, a customer's summary and daily sales, from the views and the store.

use std::{sync::Arc, time::Duration};

use dekigoto::Host as _;
use dekigoto_testkit::Down;
use serde_json::{Value, json};

use crate::support::{Ask, Shop, UNKNOWN, on_account, order, parcel, payment};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The answer to a query, and its source.
async fn get(shop: &Shop, path: &str) -> (Value, Option<String>) {
    let answer = shop.ask(Ask::get(path)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    let served_from = answer.header("served-from").map(str::to_owned);
    if let Some(version) = answer.body.get("version").filter(|_| served_from.is_some()) {
        // Behind the order's version is that of its payments, if the body shows them.
        let is_paid = answer.body.get("paidAmount").is_some();
        let tag = answer.header("etag").unwrap().trim_matches('"').to_owned();
        let (own, payments) = tag.split_once('.').unzip();
        assert_eq!((own.unwrap_or(&tag), payments.is_some()), (&*version.to_string(), is_paid));
    }
    (answer.body, served_from)
}

#[tokio::test]
async fn an_order_reads_the_same_from_its_view_and_from_the_store() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for (command, body) in [
        ("payments", payment("ch_1")),
        ("confirm", on_account()),
        ("ship", parcel()),
        ("deliver", json!({})),
    ] {
        shop.host.sleep(Duration::from_secs(60)).await;
        shop.does(&id, command, &body).await;
    }
    let path = format!("/v1/orders/{id}");
    let (from_store, store) = get(&shop, &path).await;
    shop.follow().await;
    let (from_view, view) = get(&shop, &path).await;
    let expected = json!({
        "orderId": id, "customerId": "c-42", "status": "delivered", "currency": "JPY", "totalAmount": 3000, "itemCount": 1,
        "placedAt": "2026-11-23T09:00:00.000Z", "placedOn": "2026-11-23", "confirmedAt": "2026-11-23T09:02:00.000Z", "shippedAt": "2026-11-23T09:03:00.000Z",
        "deliveredAt": "2026-11-23T09:04:00.000Z", "paidAmount": 3000, "version": 4,
    });
    assert_eq!((&from_store, store.as_deref()), (&expected, Some("store")));
    assert_eq!((&from_view, view.as_deref()), (&expected, Some("view")));
}

#[tokio::test]
async fn a_read_with_min_version_bypasses_a_view_that_is_behind() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    shop.does(&id, "confirm", &on_account()).await;
    for (query, version, from) in
        [("", 1, "view"), ("?minVersion=1", 1, "view"), ("?minVersion=2", 2, "store")]
    {
        let (body, served_from) = get(&shop, &format!("/v1/orders/{id}{query}")).await;
        assert_eq!(
            (&body["version"], served_from.as_deref()),
            (&json!(version), Some(from)),
            "{query}"
        );
    }
    shop.refuses(Ask::get(&format!("/v1/orders/{id}?minVersion=3")), 404, "not-found").await;
}

#[tokio::test]
async fn a_payment_can_be_read_back_as_soon_as_it_was_answered() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    let version = shop.does(&id, "payments", &payment("ch_1")).await.body["version"].clone();
    let path = format!("/v1/orders/{id}");
    let (body, served_from) = get(&shop, &format!("{path}?minPaymentVersion={version}")).await;
    assert_eq!((&body["paidAmount"], served_from.as_deref()), (&json!(3000), Some("store")));
    shop.follow().await;
    let (body, served_from) = get(&shop, &format!("{path}?minPaymentVersion={version}")).await;
    assert_eq!((&body["paidAmount"], served_from.as_deref()), (&json!(3000), Some("view")));
    shop.refuses(Ask::get(&format!("{path}?minPaymentVersion=2")), 404, "not-found").await;
    let both = Ask::get(&format!("{path}?minPaymentVersion=1&atVersion=1"));
    shop.refuses(both, 400, "malformed-request").await;
}

#[tokio::test]
async fn an_order_can_be_read_at_a_past_version() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "confirm", &on_account()).await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    shop.follow().await;
    for (version, status) in [(1, "pending"), (2, "confirmed")] {
        let (body, served_from) = get(&shop, &format!("/v1/orders/{id}?atVersion={version}")).await;
        assert_eq!((&body["status"], &body["version"]), (&json!(status), &json!(version)));
        assert_eq!((body.get("paidAmount"), served_from.as_deref()), (None, Some("store")));
    }
    for beyond in ["3", "1000", "18446744073709551615"] {
        shop.refuses(Ask::get(&format!("/v1/orders/{id}?atVersion={beyond}")), 404, "not-found")
            .await;
    }
    shop.refuses(Ask::get(&format!("/v1/orders/{UNKNOWN}?atVersion=1")), 404, "not-found").await;
}

#[tokio::test]
async fn orders_can_be_read_from_the_store_while_the_views_are_down() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let down = shop.behind(Arc::new(shop.store.clone()), Arc::new(Down));
    assert_eq!(get(&down, &format!("/v1/orders/{id}?atVersion=1")).await.0["version"], 1);
    assert_eq!(get(&down, &format!("/v1/orders/{id}/events")).await.0["items"][0]["version"], 1);
}

#[tokio::test]
async fn a_history_is_paged() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for (command, body) in [("confirm", on_account()), ("ship", parcel()), ("deliver", json!({}))] {
        shop.does(&id, command, &body).await;
    }
    let path = format!("/v1/orders/{id}/events");
    let (all, _) = get(&shop, &path).await;
    assert_eq!(all.get("nextVersion"), None);
    assert_eq!(all["items"][0], serde_json::to_value(&shop.events()[0]).unwrap());
    let (mut next, mut seen) = (Some(1), Vec::new());
    while let Some(version) = next {
        let (page, _) = get(&shop, &format!("{path}?fromVersion={version}&limit=3")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|event| event["version"].as_u64().unwrap()));
        next = page["nextVersion"].as_u64();
    }
    assert_eq!(seen, [1, 2, 3, 4]);
    assert_eq!(get(&shop, &format!("{path}?fromVersion=5")).await.0, json!({ "items": [] }));
    shop.refuses(Ask::get(&format!("/v1/orders/{UNKNOWN}/events")), 404, "not-found").await;
}

#[tokio::test]
async fn a_customers_totals_exclude_cancelled_orders() {
    let shop = Shop::new();
    shop.refuses(Ask::get("/v1/customers/c-42/summary"), 404, "not-found").await;
    let first = shop.placed("a").await;
    shop.placed("b").await;
    let mut euros = order();
    euros["currency"] = json!("EUR");
    shop.ask(Ask::post("/v1/orders", &euros)).await;
    shop.does(&first, "cancel", &json!({ "reason": "twice" })).await;
    shop.follow().await;
    shop.follow().await;
    let expected = json!({ "customerId": "c-42", "orderCount": 3, "cancelledCount": 1, "totals": { "EUR": 3000, "JPY": 3000 }, "lastOrderAt": "2026-11-23T09:00:00.000Z" });
    assert_eq!(get(&shop, "/v1/customers/c-42/summary").await.0, expected);
}

#[tokio::test]
async fn sales_count_on_the_day_of_placing() {
    let shop = Shop::new();
    // 23 November, 8 December, 22 January.
    for (key, days) in [("a", 0), ("b", 15), ("c", 45)] {
        shop.host.sleep(DAY * days).await;
        shop.placed(key).await;
    }
    let mut euros = order();
    euros["currency"] = json!("EUR");
    let cancelled = shop.ask(Ask::post("/v1/orders", &euros)).await.body["orderId"]
        .as_str()
        .unwrap()
        .to_owned();
    shop.host.sleep(DAY).await;
    shop.does(&cancelled, "cancel", &json!({ "reason": "twice" })).await;
    shop.follow().await;
    let day = |date: &str, currency: &str, cancelled: u64| json!({ "date": date, "currency": currency, "orderCount": 1, "cancelledCount": cancelled, "totalAmount": if cancelled == 1 { 0 } else { 3000 } });
    let all = [
        day("2026-11-23", "JPY", 0),
        day("2026-12-08", "JPY", 0),
        day("2027-01-22", "EUR", 1),
        day("2027-01-22", "JPY", 0),
    ];
    for (from, to, expected) in [
        ("2026-11-23", "2027-01-22", &all[..]),
        ("2026-11-01", "2027-01-31", &all),
        ("2026-11-24", "2027-01-21", &all[1..2]),
        ("2027-01-22", "2027-01-22", &all[2..]),
        ("2026-11-24", "2026-12-07", &[]),
    ] {
        let (body, _) = get(&shop, &format!("/v1/sales/daily?from={from}&to={to}")).await;
        assert_eq!(body, json!({ "items": expected }), "{from} to {to}");
    }
}

#[tokio::test]
async fn a_sales_report_is_at_most_92_days_s16() {
    let shop = Shop::new();
    get(&shop, "/v1/sales/daily?from=2026-01-01&to=2026-04-02").await;
    shop.refuses(
        Ask::get("/v1/sales/daily?from=2026-01-01&to=2026-04-03"),
        400,
        "malformed-request",
    )
    .await;
}
