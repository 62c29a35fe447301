//! The integration events of orders.
//!
//! They are a public contract, with a JSON Schema for each under `infra/schemas`, independent of stored shapes: a domain
//! event may change its schema version while the contract stays the same, and vice versa. Within one schema version
//! fields are only added; consumers ignore unknown fields.

use dekigoto::{
    Timestamp,
    relay::{IntegrationData, IntegrationEvent},
};
use serde::Serialize;

use super::OrderEvent;
use crate::{
    Amount, Carrier, Currency, CustomerId, Day, OrderId, ProductId, Quantity, Reason,
    TrackingNumber, UnitAmount,
    order::{Item, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderShipped},
};

/// The integration events that announce one order event.
///
/// # Errors
/// Never in practice: only maps with non-string keys have no JSON form.
pub fn announce(
    order: &OrderId,
    event: &OrderEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let order = *order;
    let announced = match event {
        OrderEvent::OrderPlaced(event) => {
            IntegrationEvent::new(&OrderCreatedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderConfirmed(event) => {
            IntegrationEvent::new(&OrderConfirmedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderShipped(event) => {
            IntegrationEvent::new(&OrderShippedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderDelivered(event) => {
            IntegrationEvent::new(&OrderDeliveredIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderCancelled(event) => {
            IntegrationEvent::new(&OrderCancelledIntegrationEvent::new(order, event, at))
        }
    };
    Ok(vec![announced?])
}

/// A customer placed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCreatedIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub items: Vec<OrderLine>,
    pub total_amount: Amount,
    pub placed_on: Day,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderCreatedIntegrationEvent {
    const TYPE: &'static str = "OrderCreatedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderCreatedIntegrationEvent {
    fn new(order_id: OrderId, event: &OrderPlaced, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            currency: event.currency,
            items: event.items.iter().map(OrderLine::new).collect(),
            total_amount: event.total_amount,
            placed_on: event.placed_on,
            occurred_at,
        }
    }
}

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmedIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderConfirmedIntegrationEvent {
    const TYPE: &'static str = "OrderConfirmedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderConfirmedIntegrationEvent {
    fn new(order_id: OrderId, event: &OrderConfirmed, occurred_at: Timestamp) -> Self {
        Self { order_id, customer_id: event.customer_id.clone(), occurred_at }
    }
}

/// A carrier collected an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderShippedIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    /// Absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    pub tracking_number: TrackingNumber,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderShippedIntegrationEvent {
    const TYPE: &'static str = "OrderShippedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderShippedIntegrationEvent {
    fn new(order_id: OrderId, event: &OrderShipped, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            carrier: event.carrier.clone(),
            tracking_number: event.tracking_number.clone(),
            occurred_at,
        }
    }
}

/// An order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDeliveredIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderDeliveredIntegrationEvent {
    const TYPE: &'static str = "OrderDeliveredIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderDeliveredIntegrationEvent {
    fn new(order_id: OrderId, event: &OrderDelivered, occurred_at: Timestamp) -> Self {
        Self { order_id, customer_id: event.customer_id.clone(), occurred_at }
    }
}

/// An order was cancelled before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelledIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
    pub reason: Reason,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderCancelledIntegrationEvent {
    const TYPE: &'static str = "OrderCancelledIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderCancelledIntegrationEvent {
    fn new(order_id: OrderId, event: &OrderCancelled, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            currency: event.currency,
            total_amount: event.total_amount,
            reason: event.reason.clone(),
            occurred_at,
        }
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub unit_amount: UnitAmount,
}

impl OrderLine {
    fn new(item: &Item) -> Self {
        Self {
            product_id: item.product_id.clone(),
            quantity: item.quantity,
            unit_amount: item.unit_amount,
        }
    }
}
