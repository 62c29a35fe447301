//! What other services are told: integration events, mapped one by one from domain events.
//!
//! They are a public contract, with a JSON Schema for each under `infra/schemas`. No stored shape leaks into it: a
//! domain event may change its schema version while the contract stays, and the other way round.
//!
//! Within one schema version fields are only added; consumers ignore what they do not know.

mod order;
mod payment;

use dekigoto::{Payload, Timestamp};
use serde::Serialize;

pub use order::{
    OrderCancelledIntegrationEvent, OrderConfirmedIntegrationEvent, OrderCreatedIntegrationEvent,
    OrderDeliveredIntegrationEvent, OrderLine, OrderShippedIntegrationEvent,
};
pub use payment::{
    PaymentFailedIntegrationEvent, PaymentReceivedIntegrationEvent, PaymentRefundedIntegrationEvent,
};

use crate::{OrderId, order::OrderEvent, payment::PaymentEvent};

/// The `data` of one kind of integration event.
pub trait IntegrationData: Serialize {
    /// The event's public name: EventBridge's detail type and CloudEvents' `type`.
    const TYPE: &'static str;

    /// Which schema `data` follows.
    const SCHEMA_VERSION: u32;
}

/// An integration event, ready for its CloudEvents envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationEvent {
    /// Its public name.
    pub detail_type: &'static str,
    /// Which schema `data` follows.
    pub schema_version: u32,
    /// The facts.
    pub data: Payload,
}

impl IntegrationEvent {
    fn new<T: IntegrationData>(data: &T) -> Result<Self, serde_json::Error> {
        Ok(Self {
            detail_type: T::TYPE,
            schema_version: T::SCHEMA_VERSION,
            data: Payload::of(data)?,
        })
    }

    /// The `$id` of the JSON Schema that `data` follows: CloudEvents' `dataschema`.
    #[must_use]
    pub fn schema_id(&self) -> String {
        format!("urn:dekigoto:{}:v{}", self.detail_type, self.schema_version)
    }
}

/// What others are told of an event of this order.
///
/// # Errors
/// None that the types allow: writing JSON into memory fails for maps with odd keys only.
pub fn of_order(
    order_id: OrderId,
    event: &OrderEvent,
    occurred_at: Timestamp,
) -> Result<IntegrationEvent, serde_json::Error> {
    match event {
        OrderEvent::OrderPlaced(event) => {
            IntegrationEvent::new(&OrderCreatedIntegrationEvent::new(order_id, event, occurred_at))
        }
        OrderEvent::OrderConfirmed(event) => IntegrationEvent::new(
            &OrderConfirmedIntegrationEvent::new(order_id, event, occurred_at),
        ),
        OrderEvent::OrderShipped(event) => {
            IntegrationEvent::new(&OrderShippedIntegrationEvent::new(order_id, event, occurred_at))
        }
        OrderEvent::OrderDelivered(event) => IntegrationEvent::new(
            &OrderDeliveredIntegrationEvent::new(order_id, event, occurred_at),
        ),
        OrderEvent::OrderCancelled(event) => IntegrationEvent::new(
            &OrderCancelledIntegrationEvent::new(order_id, event, occurred_at),
        ),
    }
}

/// What others are told of an event of this order's payments.
///
/// # Errors
/// None that the types allow: writing JSON into memory fails for maps with odd keys only.
pub fn of_payment(
    order_id: OrderId,
    event: &PaymentEvent,
    occurred_at: Timestamp,
) -> Result<IntegrationEvent, serde_json::Error> {
    match event {
        PaymentEvent::PaymentReceived(event) => IntegrationEvent::new(
            &PaymentReceivedIntegrationEvent::new(order_id, event, occurred_at),
        ),
        PaymentEvent::PaymentFailed(event) => {
            IntegrationEvent::new(&PaymentFailedIntegrationEvent::new(order_id, event, occurred_at))
        }
        PaymentEvent::PaymentRefunded(event) => IntegrationEvent::new(
            &PaymentRefundedIntegrationEvent::new(order_id, event, occurred_at),
        ),
    }
}
