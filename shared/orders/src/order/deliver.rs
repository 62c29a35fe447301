//! Delivering an order: it arrives.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Action, OrderEvent, OrderRefusal, OrderState, Status};
use crate::{CustomerId, OrderId};

/// An order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    pub customer_id: CustomerId,
}

pub(super) const DELIVER: Action =
    Action { participle: "delivered", allowed_in: &[Status::Shipped] };

pub(super) fn deliver(state: &OrderState) -> Result<OrderEvent, OrderRefusal> {
    let order = state.ready(DELIVER)?;
    let customer_id = order.customer_id.clone();
    Ok(OrderEvent::OrderDelivered(OrderDelivered { customer_id }))
}

/// An order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    pub(super) fn new(order_id: OrderId, event: &OrderDelivered, occurred_at: Timestamp) -> Self {
        Self { order_id, customer_id: event.customer_id.clone(), occurred_at }
    }
}
