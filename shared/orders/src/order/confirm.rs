//! Confirming an order: the shop accepts it. It is paid in full, or staff accepts it on account.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Action, Funds, OrderEvent, OrderRefusal, OrderState, Status};
use crate::{CustomerId, OrderId};

/// Accepts an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfirmOrder {
    #[serde(rename = "onAccount", skip_serializing_if = "Funds::is_paid")]
    pub funds: Funds,
}

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    pub customer_id: CustomerId,
    /// Whether it was confirmed without payment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_account: bool,
}

pub(super) const CONFIRM: Action =
    Action { participle: "confirmed", allowed_in: &[Status::Pending] };

pub(super) fn confirm(
    state: &OrderState,
    command: &ConfirmOrder,
) -> Result<OrderEvent, OrderRefusal> {
    let order = state.ready(CONFIRM)?;
    command.funds.cover(order)?;
    let (customer_id, on_account) = (order.customer_id.clone(), command.funds.is_on_account());
    Ok(OrderEvent::OrderConfirmed(OrderConfirmed { customer_id, on_account }))
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
