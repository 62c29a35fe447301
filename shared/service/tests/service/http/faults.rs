//! Every kind of error, and the answers when something behind the router fails.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use dekigoto::EventStore;
use dekigoto_http::{Kind, Language, Problem, limits::REQUEST_TIME_MAX};
use dekigoto_testkit::{BeatenStore, Down, Fault, UnreliableStore};
use serde_json::{Value, json};

use super::broken::{Broken, Panics, Slow};
use crate::support::{Ask, REQUEST_ID, Shop, UNKNOWN, customer, on_account, order, payment};

#[tokio::test]
async fn every_kind_of_error_has_its_status_and_code() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let post = |rest: &str, body: Value| Ask::post(&format!("/v1/orders{rest}"), &body);
    let confirm = |id: &str| post(&format!("/{id}/confirm"), on_account());
    let no_items = json!({ "customerId": "c-42", "currency": "JPY", "items": [] });
    let other_currency =
        json!({ "reference": "r", "amount": 0, "currency": "JPY", "outcome": "captured" });
    let table = [
        (Ask::raw("/v1/orders", "no json"), 400, "malformed-request"),
        (Ask::get(&format!("/v1/orders/{id}")).by_nobody(), 401, "unauthenticated"),
        (confirm(&id).by(customer("c-42")), 403, "forbidden"),
        (Ask::get(&format!("/v1/orders/{UNKNOWN}")), 404, "not-found"),
        (Ask::new("DELETE", "/v1/orders"), 405, "method-not-allowed"),
        (post(&format!("/{id}/deliver"), json!({})), 409, "not-shipped"),
        (confirm(&id).header("if-match", "\"9\""), 412, "precondition-failed"),
        (Ask::raw("/v1/orders", vec![b' '; 70_000]), 413, "payload-too-large"),
        (post("", order()).without("content-type"), 415, "unsupported-media-type"),
        (post("", no_items), 422, "invalid-order"),
        (post(&format!("/{id}/payments"), other_currency), 422, "invalid-payment"),
        (confirm(&id).header("idempotency-key", "k"), 422, "key-reused"),
    ];
    for (ask, status, code) in table {
        shop.refuses(ask, status, code).await;
    }
    // The gateway throttles, not the service; the service only has the answer ready.
    let throttled = Problem::new(Kind::THROTTLED, "Slower.");
    let throttled = throttled.answer(REQUEST_ID, Language::English);
    assert_eq!(
        (throttled.status().as_u16(), throttled.headers()["retry-after"].as_bytes()),
        (429, &b"1"[..])
    );
}

#[tokio::test]
async fn a_race_lost_on_every_attempt_is_a_conflict_that_can_be_retried_s4() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let beaten = shop
        .behind(Arc::new(BeatenStore(Arc::new(shop.store.clone()))), Arc::new(shop.views.clone()));
    let confirm = Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account());
    beaten.refuses(confirm, 409, "version-conflict").await;
}

#[tokio::test]
async fn a_throttling_store_gives_503_and_nothing_is_half_written_s4() {
    let shop = Shop::on_store(|store| {
        Arc::new(UnreliableStore::new(Arc::new(store), vec![Fault::Throttles; 8]))
    });
    for _ in 0..2 {
        let ask = Ask::post("/v1/orders", &order()).header("idempotency-key", "k");
        shop.refuses(ask, 503, "unavailable").await;
    }
    assert!(!shop.placed("k").await.is_empty());
}

#[tokio::test]
async fn every_route_gives_503_while_the_stores_are_down() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let down = shop.behind(Arc::new(Down), Arc::new(Down));
    let commands = [
        ("confirm", on_account()),
        ("cancel", json!({ "reason": "x" })),
        ("payments", payment("ch_1")),
    ];
    for (command, body) in commands {
        let ask = Ask::post(&format!("/v1/orders/{id}/{command}"), &body);
        down.refuses(ask, 503, "unavailable").await;
    }
    down.refuses(Ask::post("/v1/orders", &order()), 503, "unavailable").await;
    for path in [
        &*format!("/v1/orders/{id}"),
        &format!("/v1/orders/{id}?atVersion=1"),
        &format!("/v1/orders/{id}/events"),
        "/v1/orders?customerId=c-42",
        "/v1/customers/c-42/summary",
        "/v1/sales/daily?from=2026-11-23&to=2026-11-23",
    ] {
        down.refuses(Ask::get(path), 503, "unavailable").await;
    }
    assert_eq!(down.ask(Ask::get("/v1/health")).await.status, 200);
}

#[tokio::test]
async fn every_answer_to_a_command_names_its_key_given_or_made_s4() {
    let shop = Shop::new();
    let down = shop.behind(Arc::new(Down), Arc::new(Down));
    let made = down.refuses(Ask::post("/v1/orders", &order()), 503, "unavailable").await;
    let made = made.headers["idempotency-key"].to_str().unwrap().to_owned();
    assert_eq!(made.len(), 36);
    let with = |ask: Ask| ask.header("idempotency-key", &made);
    let again = shop.ask(with(Ask::post("/v1/orders", &order()))).await;
    assert_eq!(again.status, 201, "{}", again.text);
    assert_eq!(again.headers["idempotency-key"], *made);
    let refused = shop.refuses(with(Ask::raw("/v1/orders", "no json")), 400, "malformed-request");
    assert_eq!(refused.await.headers["idempotency-key"], *made);
    let get = shop.ask(Ask::get("/v1/health")).await;
    assert!(!get.headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn a_panic_or_a_broken_store_gives_500_without_details_s17() {
    let rotten: [Arc<dyn EventStore>; 2] = [Arc::new(Panics), Arc::new(Broken)];
    for rotten in rotten {
        let shop = Shop::on_store(|_| rotten);
        shop.refuses(Ask::post("/v1/orders", &order()), 500, "internal").await;
        shop.refuses(Ask::get(&format!("/v1/orders/{UNKNOWN}/events")), 500, "internal").await;
        // The next request works.
        assert_eq!(shop.ask(Ask::get("/v1/health")).await.status, 200);
    }
}

/// A change to the stored text of events.
type Damage = fn(&str) -> String;

#[tokio::test]
async fn an_unreadable_history_is_an_error_s12() {
    let newer = |ev: &str| ev.replace("\"s\":1", "\"s\":99");
    let damages: [(Damage, u16, &str); 4] = [
        (|_| "[]".to_owned(), 500, "internal"),
        (|_| "secret".to_owned(), 500, "internal"),
        // Events of newer code are not damaged: a deployment is under way.
        (newer, 503, "unavailable"),
        (|ev| ev.replace("OrderPlaced", "OrderDreamt"), 503, "unavailable"),
    ];
    for (damage, status, code) in damages {
        let shop = Shop::new();
        let id = shop.placed("k").await;
        let mut item = shop.store.dump().remove(0);
        item.ev = damage(&item.ev);
        shop.store.put_raw(item.clone());
        shop.refuses(Ask::get(&format!("/v1/orders/{id}")), status, code).await;
        let confirm = Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account());
        shop.refuses(confirm, status, code).await;
    }
}

#[tokio::test]
async fn a_request_without_an_id_gets_one() {
    let shop = Shop::new();
    let bare = axum::http::Request::get("/v1/orders").body(axum::body::Body::empty()).unwrap();
    let router = crate::support::router(
        Arc::new(shop.store.clone()),
        Arc::new(shop.views.clone()),
        Arc::new(shop.host.clone()),
    );
    let response = tower::ServiceExt::oneshot(router, bare).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["instance"].as_str().map(str::len), Some(36));
}

#[tokio::test]
async fn a_request_that_takes_too_long_gets_503_and_can_be_retried_with_its_key_s16() {
    let shop = Shop::new();
    let slow = |time| {
        let store = Slow { store: shop.store.clone(), host: shop.host.clone(), time };
        shop.behind(Arc::new(store), Arc::new(shop.views.clone()))
    };
    let place = || Ask::post("/v1/orders", &order()).header("idempotency-key", "k");
    let late = slow(REQUEST_TIME_MAX).ask(place()).await;
    late.is_problem("place", 503, "unavailable");
    assert_eq!(late.header("idempotency-key"), Some("k"));
    let get = Ask::get(&format!("/v1/orders/{UNKNOWN}"));
    slow(REQUEST_TIME_MAX).refuses(get, 503, "unavailable").await;
    // Whether or not the late append succeeded, the same key gives one order.
    let in_time = slow(REQUEST_TIME_MAX - Duration::from_millis(1)).ask(place()).await;
    assert_eq!(in_time.status, 201, "{}", in_time.text);
    assert_eq!(shop.commits().len(), 1);
}

#[tokio::test]
async fn a_truncated_upload_is_malformed() {
    let shop = Shop::new();
    let broken = futures_util::stream::iter([
        Ok(order().to_string().into_bytes()),
        Err(std::io::Error::other("the line went dead")),
    ]);
    let ask = Ask::raw("/v1/orders", "").streaming(Body::from_stream(broken));
    shop.refuses(ask, 400, "malformed-request").await;
}
