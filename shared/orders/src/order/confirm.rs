//! Confirming an order: the shop accepts it.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Action, OrderEvent, OrderRefusal, OrderState, Status};
use crate::{CustomerId, OrderId};

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    pub customer_id: CustomerId,
}

pub(super) const CONFIRM: Action =
    Action { participle: "confirmed", allowed_in: &[Status::Pending] };

pub(super) fn confirm(state: &OrderState) -> Result<OrderEvent, OrderRefusal> {
    let order = state.ready(CONFIRM)?;
    let customer_id = order.customer_id.clone();
    Ok(OrderEvent::OrderConfirmed(OrderConfirmed { customer_id }))
}

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    pub(super) fn new(order_id: OrderId, event: &OrderConfirmed, occurred_at: Timestamp) -> Self {
        Self { order_id, customer_id: event.customer_id.clone(), occurred_at }
    }
}
