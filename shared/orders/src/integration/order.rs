//! What others are told of orders.

use dekigoto::Timestamp;
use serde::Serialize;

use super::IntegrationData;
use crate::{
    Amount, Carrier, Currency, CustomerId, Day, OrderId, ProductId, Quantity, Reason,
    TrackingNumber, UnitAmount,
    order::{Item, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderShipped},
};

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
    pub(super) fn new(order_id: OrderId, event: &OrderPlaced, occurred_at: Timestamp) -> Self {
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
    pub(super) fn new(order_id: OrderId, event: &OrderConfirmed, occurred_at: Timestamp) -> Self {
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
    pub(super) fn new(order_id: OrderId, event: &OrderShipped, occurred_at: Timestamp) -> Self {
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
    pub(super) fn new(order_id: OrderId, event: &OrderDelivered, occurred_at: Timestamp) -> Self {
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
    pub(super) fn new(order_id: OrderId, event: &OrderCancelled, occurred_at: Timestamp) -> Self {
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
