//! Checks what clients read: their own writes, only their own orders, and a prefix of the history.

use serde_json::Value;

use crate::{
    history::Answer,
    workload::{Story, customer, staff},
    world::World,
};

/// The customer reads the order, and another customer tries to.
pub(crate) async fn after_placing(story: &mut Story, placed: Option<&Answer>) {
    if story.is_awkward(500) {
        return;
    }
    let path = format!("/v1/orders/{}", story.order);
    let is_placed = placed.is_some_and(|answer| answer.status == 201);
    if let Some(answer) = story.get(&story.owner(), format!("{path}?minVersion=1")).await {
        if answer.status == 200 {
            shows_truth(&story.client.world, &story.order, &answer.body);
        }
        if is_placed && answer.status == 404 {
            story
                .client
                .world
                .sim
                .violation("S3", format!("{path} was accepted, and is not found"));
        }
    }
    for path in [path.clone(), format!("{path}/events")] {
        if let Some(answer) = story.get(&customer("stranger"), path.clone()).await
            && answer.status < 500
            && answer.status != 404
        {
            story.client.world.sim.violation("S14", format!("a stranger was shown {path}"));
        }
    }
}

/// The customer lists their orders.
pub(crate) async fn between(story: &mut Story) {
    let id = story.customer.clone();
    let owner = story.owner();
    if story.is_awkward(300) {
        let path = format!("/v1/orders?customerId={id}&limit=2");
        let mut next = story.get(&owner, path.clone()).await;
        while let Some(answer) = next.take() {
            only_own(story, &id, &answer);
            if let Some(cursor) = answer.body["nextCursor"].as_str() {
                story.client.world.sim.mark("a list had a next page");
                next = story.get(&owner, format!("{path}&cursor={cursor}")).await;
            }
        }
        let other = story.get(&owner, "/v1/orders?customerId=somebody".to_owned()).await;
        if other.is_some_and(|answer| answer.status < 400) {
            story
                .client
                .world
                .sim
                .violation("S14", "a customer listed another's orders".to_owned());
        }
    }
    if story.is_awkward(300) {
        let _ = story.get(&owner, format!("/v1/customers/{id}/summary")).await;
        let days = "/v1/sales/daily?from=2026-11-01&to=2026-11-30";
        let _ = story.get(&staff(), days.to_owned()).await;
    }
}

/// Checks that the history is a prefix of the stored events.
pub(crate) async fn at_the_end(story: &mut Story) {
    let path = format!("/v1/orders/{}", story.order);
    if let Some(answer) = story.get(&staff(), path.clone()).await
        && answer.status == 200
    {
        shows_truth(&story.client.world, &story.order, &answer.body);
    }
    let Some(answer) = story.get(&story.owner(), format!("{path}/events")).await else { return };
    let stored = story.client.world.events.events(&format!("Order#{}", story.order));
    let shown = answer.body["items"].as_array().cloned().unwrap_or_default();
    let version = |event: &Value| event["version"].as_u64();
    let is_prefix = shown.iter().zip(1..).all(|(event, number)| version(event) == Some(number));
    if !is_prefix || shown.len() > stored.len() {
        story.client.world.sim.violation("S2", format!("{path}/events shows {}", answer.body));
    }
}

/// Checks that an order is the fold of its events up to the shown version.
pub(crate) fn shows_truth(world: &World, order: &str, body: &Value) {
    let version = body["version"].as_u64().unwrap();
    let stored = world.events.events(&format!("Order#{order}"));
    let event = stored.iter().find(|event| event.version.get() == version);
    let status = event.and_then(|event| match event.event_type.as_str() {
        "OrderPlaced" => Some("pending"),
        "OrderConfirmed" => Some("confirmed"),
        "OrderShipped" => Some("shipped"),
        "OrderDelivered" => Some("delivered"),
        "OrderCancelled" => Some("cancelled"),
        _ => None,
    });
    if status != body["status"].as_str() {
        world.sim.violation("S8", format!("at {version} the store says {status:?}: {body}"));
    }
}

/// Checks that a list has only orders of this customer, each as the store has it.
fn only_own(story: &Story, id: &str, answer: &Answer) {
    let world = &story.client.world;
    for item in answer.body["items"].as_array().into_iter().flatten() {
        if item["customerId"].as_str() != Some(id) {
            world.sim.violation("S14", format!("{id} was shown {item}"));
        }
        shows_truth(world, item["orderId"].as_str().unwrap(), item);
    }
}
