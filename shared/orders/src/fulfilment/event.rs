//! The events of a fulfilment: what it knows, and what it wants done.

use dekigoto::{Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::RefundRequested;
use crate::{Amount, Currency, CustomerId, PaymentId, PaymentReference, Status};

/// An event of a fulfilment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FulfilmentEvent {
    Started(FulfilmentStarted),
    PaymentCounted(PaymentCounted),
    RefundCounted(RefundCounted),
    OrderStatusNoted(OrderStatusNoted),
    ConfirmationRequested(ConfirmationRequested),
    CancellationRequested(CancellationRequested),
    RequestEnded(RequestEnded),
    RefundRequested(RefundRequested),
}

/// The order was placed. Its payment has a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FulfilmentStarted {
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
    /// When the order is cancelled if it is not paid.
    pub pay_until: Timestamp,
    /// Whether it is confirmed without a person when it is paid.
    pub confirms_itself: bool,
}

/// A payment of the order was captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentCounted {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub amount: Amount,
    /// Absent in older events: the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// A payment of the order was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundCounted {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub amount: Amount,
    /// Absent in older events: the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The version of the refund in the stream of the payments. A refund is counted once by it.
    #[cfg_attr(feature = "schema", schemars(with = "u64", range(min = 1)))]
    pub version: Version,
}

/// The order has this status now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderStatusNoted {
    /// The order's status.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", extend("enum" = ["confirmed", "shipped", "delivered", "cancelled"]))
    )]
    pub status: Status,
}

/// The order is paid, and shall be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfirmationRequested {
    /// The number of the request.
    pub step: u64,
}

/// The order was not paid in time, and shall be cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancellationRequested {
    /// The number of the request.
    pub step: u64,
}

/// A request to the order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequestEnded {
    /// The number of the request.
    pub step: u64,
    /// `done`; `refused` by the order; or `moved`: something else happened to the order first.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", extend("enum" = ["done", "refused", "moved"]))
    )]
    pub end: RequestEnd,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RequestEnd {
    Done,
    /// The order refused it.
    Refused,
    /// Something else happened to the order first.
    Moved,
}
