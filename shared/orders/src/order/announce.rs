//! How orders are announced: the integration events that other services are told.
//!
//! They are a public contract, with a JSON Schema for each under `infra/schemas`. No stored shape leaks into it: a domain
//! event may change its schema version while the contract stays, and the other way round. Within one schema version
//! fields are only added; consumers ignore what they do not know.

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

/// What other services are told of an event of an order.
///
/// # Errors
/// Never in practice: only maps with odd keys have no JSON form.
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
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// ISO 4217.
    pub currency: Currency,
    /// What was ordered.
    pub items: Vec<OrderLine>,
    /// In minor units.
    pub total_amount: Amount,
    /// The UTC day of placing.
    pub placed_on: Day,
    /// When.
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

/// An order was promised to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmedIntegrationEvent {
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// When.
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

/// A carrier took an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderShippedIntegrationEvent {
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// Who carries it; left out where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    /// The carrier's number of the parcel.
    pub tracking_number: TrackingNumber,
    /// When.
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
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// When.
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

/// An order was given up before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelledIntegrationEvent {
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// ISO 4217.
    pub currency: Currency,
    /// In minor units.
    pub total_amount: Amount,
    /// Why.
    pub reason: Reason,
    /// When.
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
    /// What was ordered.
    pub product_id: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// The price of one piece, in minor units.
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
