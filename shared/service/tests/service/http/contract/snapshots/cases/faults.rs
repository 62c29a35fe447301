//! What is answered when a store hangs, code breaks, or a client goes away.

use std::sync::Arc;

use axum::body::Body;
use dekigoto::{Payload, ViewStore as _};
use dekigoto_http::limits::REQUEST_TIME_MAX;
use serde_json::json;

use super::Case;
use crate::{
    http::broken::{Panics, Slow},
    support::{Ask, World, order},
};

pub(super) async fn of_faults() -> Vec<Case> {
    let world = World::new();
    let path = format!("/v1/orders/{}", world.placed("placing").await);
    let panics = world.behind(Arc::new(Panics), Arc::new(world.views.clone()));
    let (store, host) = (world.store.clone(), world.host.clone());
    let endless = Slow { store, host, time: REQUEST_TIME_MAX };
    let endless = world.behind(Arc::new(endless), Arc::new(world.views.clone()));
    let place = || Ask::post("/v1/orders", &order()).header("idempotency-key", "the-key");
    let mut cases = Vec::new();
    for (name, world) in [("a panic", &panics), ("an endless wait", &endless)] {
        cases.push(Case::of(world, "placeOrder", name, place()).await);
        cases.push(Case::of(world, "getOrder", name, Ask::get(&path)).await);
    }
    let gone = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("gone"))]);
    let broken_off = place().streaming(Body::from_stream(gone));
    cases.push(Case::of(&world, "placeOrder", "a body that breaks off", broken_off).await);

    world.follow().await;
    for mut row in world.views.dump() {
        row.body = Payload::of(&json!([])).unwrap();
        row.revision += 1;
        world.views.write(&[row]).await.unwrap();
    }
    for (operation, path) in [
        ("getOrder", &*path),
        ("listOrders", "/v1/orders?customerId=c-42"),
        ("getCustomerSummary", "/v1/customers/c-42/summary"),
        ("getDailySales", "/v1/sales/daily?from=2026-11-23&to=2026-11-23"),
    ] {
        cases.push(Case::of(&world, operation, "an unreadable row", Ask::get(path)).await);
    }
    cases
}
