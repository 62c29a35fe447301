//! Requests for refunds, announced to whoever talks to the payment provider.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, CustomerId, OrderId, PaymentId, PaymentReference};

/// The provider shall refund this much of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    pub customer_id: CustomerId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    /// The amount to refund, in the currency's minor unit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// `surplus`: more was captured than the order costs. `cancelled`: the order was cancelled.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", extend("enum" = ["surplus", "cancelled"]))
    )]
    pub reason: RefundReason,
}

/// Why a payment is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefundReason {
    /// More was captured than the order costs.
    Surplus,
    /// The order was cancelled.
    Cancelled,
}

/// The provider shall refund this much of a payment. The answer is a request to `POST /v1/orders/{orderId}/refunds`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundRequestedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    /// The amount to refund, in the currency's minor unit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// `surplus`: more was captured than the order costs. `cancelled`: the order was cancelled.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", extend("enum" = ["surplus", "cancelled"]))
    )]
    pub reason: RefundReason,
    pub occurred_at: Timestamp,
}

impl IntegrationData for RefundRequestedIntegrationEvent {
    const TYPE: &'static str = "RefundRequestedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl RefundRequestedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &RefundRequested, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            reason: event.reason,
            occurred_at,
        }
    }
}
