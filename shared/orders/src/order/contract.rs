//! The JSON Schemas of the events of an order, for the contract with subscribers.

use dekigoto::contract::EventType;

use super::{
    OrderCancelled, OrderCancelledIntegrationEvent, OrderConfirmed, OrderConfirmedIntegrationEvent,
    OrderCreatedIntegrationEvent, OrderDelivered, OrderDeliveredIntegrationEvent, OrderPlaced,
    OrderShipped, OrderShippedIntegrationEvent, ship::OrderShippedV1,
};

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    vec![
        EventType::domain::<OrderPlaced>("OrderPlaced", 1),
        EventType::domain::<OrderConfirmed>("OrderConfirmed", 1),
        EventType::domain::<OrderShippedV1>("OrderShipped", 1),
        EventType::domain::<OrderShipped>("OrderShipped", 2),
        EventType::domain::<OrderDelivered>("OrderDelivered", 1),
        EventType::domain::<OrderCancelled>("OrderCancelled", 1),
        EventType::integration::<OrderCreatedIntegrationEvent>(),
        EventType::integration::<OrderConfirmedIntegrationEvent>(),
        EventType::integration::<OrderShippedIntegrationEvent>(),
        EventType::integration::<OrderDeliveredIntegrationEvent>(),
        EventType::integration::<OrderCancelledIntegrationEvent>(),
    ]
}
