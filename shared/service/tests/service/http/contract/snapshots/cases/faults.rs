//! Answers when a store hangs, code panics, or a client disconnects.

use std::sync::Arc;

use axum::body::Body;
use dekigoto::{Payload, ViewStore as _};
use dekigoto_http::limits::REQUEST_TIME_MAX;
use serde_json::json;

use super::Case;
use crate::{
    http::broken::{Panics, Slow},
    support::{Ask, Shop, order},
};

pub(super) async fn of_faults() -> Vec<Case> {
    let shop = Shop::new();
    let path = format!("/v1/orders/{}", shop.placed("placing").await);
    let panics = shop.behind(Arc::new(Panics), Arc::new(shop.views.clone()));
    let (store, host) = (shop.store.clone(), shop.host.clone());
    let endless = Slow { store, host, time: REQUEST_TIME_MAX };
    let endless = shop.behind(Arc::new(endless), Arc::new(shop.views.clone()));
    let place = || Ask::post("/v1/orders", &order()).header("idempotency-key", "the-key");
    let mut cases = Vec::new();
    for (name, shop) in [("a panic", &panics), ("a hanging store", &endless)] {
        cases.push(Case::of(shop, "placeOrder", name, place()).await);
        cases.push(Case::of(shop, "getOrder", name, Ask::get(&path)).await);
    }
    let gone = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("gone"))]);
    let broken_off = place().streaming(Body::from_stream(gone));
    cases.push(Case::of(&shop, "placeOrder", "a truncated upload", broken_off).await);

    shop.follow().await;
    for mut row in shop.views.dump() {
        row.body = Payload::of(&json!([])).unwrap();
        row.revision += 1;
        shop.views.write(&[row]).await.unwrap();
    }
    for (operation, path) in [
        ("getOrder", &*path),
        ("listOrders", "/v1/orders?customerId=c-42"),
        ("getCustomerSummary", "/v1/customers/c-42/summary"),
        ("getDailySales", "/v1/sales/daily?from=2026-11-23&to=2026-11-23"),
    ] {
        cases.push(Case::of(&shop, operation, "an unreadable row", Ask::get(path)).await);
    }
    cases
}
