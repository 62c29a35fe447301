//! The events of an order's fulfilment: what the process knows and wants. Its stream has the order's id.
//!
//! Most consumers need only [`RefundRequested`]. Words of a list are texts here, because the list may grow.

use dekigoto::{Timestamp, event_schema, views::Published};
use serde::{Deserialize, Serialize};

/// The process `Fulfilment`, for a view of the kit.
#[derive(Clone, Copy, Debug)]
pub struct Fulfilment;

impl Published for Fulfilment {
    type Event = FulfilmentEvent;

    const TYPE: &'static str = "Fulfilment";
}

/// An event of an order's fulfilment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FulfilmentEvent {
    /// The fulfilment of an order began.
    Started(FulfilmentStarted),
    /// A captured payment was counted.
    PaymentCounted(FulfilmentPaymentCounted),
    /// A refund was counted.
    RefundCounted(FulfilmentRefundCounted),
    /// The order has another status.
    OrderStatusNoted(FulfilmentOrderStatusNoted),
    /// The fulfilment wants the order to be confirmed.
    ConfirmationRequested(RequestedStep),
    /// The fulfilment wants the order to be cancelled.
    CancellationRequested(RequestedStep),
    /// A request of the fulfilment ended.
    RequestEnded(FulfilmentRequestEnded),
    /// Money must be paid back.
    RefundRequested(RefundRequested),
}

event_schema! {
    FulfilmentEvent {
        Started as "FulfilmentStarted": 1,
        PaymentCounted as "FulfilmentPaymentCounted": 1,
        RefundCounted as "FulfilmentRefundCounted": 1,
        OrderStatusNoted as "FulfilmentOrderStatusNoted": 1,
        ConfirmationRequested as "ConfirmationRequested": 1,
        CancellationRequested as "CancellationRequested": 1,
        RequestEnded as "FulfilmentRequestEnded": 1,
        RefundRequested as "RefundRequested": 1,
    }
}

/// The fulfilment of an order began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FulfilmentStarted {
    /// The customer's id.
    pub customer_id: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// What the order costs, in the currency's minor unit.
    pub total_amount: u64,
    /// When an unpaid order is cancelled.
    pub pay_until: Timestamp,
    /// Whether the order is confirmed as soon as it is paid.
    pub confirms_itself: bool,
}

/// A captured payment was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FulfilmentPaymentCounted {
    /// The payment's id.
    pub payment_id: String,
    /// The provider's id for the payment.
    pub reference: String,
    /// In the currency's minor unit.
    pub amount: u64,
}

/// A refund was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FulfilmentRefundCounted {
    /// The id of the refunded payment.
    pub payment_id: String,
    /// The provider's id for the payment.
    pub reference: String,
    /// In the currency's minor unit.
    pub amount: u64,
    /// The version of the refund in the stream of payments.
    pub version: u64,
}

/// The order has another status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FulfilmentOrderStatusNoted {
    /// The status, such as `shipped`.
    pub status: String,
}

/// The fulfilment wants something done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestedStep {
    /// The number of the request in its fulfilment.
    pub step: u64,
}

/// A request of the fulfilment ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FulfilmentRequestEnded {
    /// The number of the request.
    pub step: u64,
    /// How it ended, such as `done` or `refused`.
    pub end: String,
}

/// Money must be paid back: a request to whoever talks to the payment provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RefundRequested {
    /// The payment's id.
    pub payment_id: String,
    /// The provider's id for the payment.
    pub reference: String,
    /// The customer's id.
    pub customer_id: String,
    /// In the currency's minor unit.
    pub amount: u64,
    /// An ISO 4217 code.
    pub currency: String,
    /// Why, such as `cancelled`.
    pub reason: String,
}
