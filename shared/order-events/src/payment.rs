//! The events of an order's payments. Their stream has the order's id.

use dekigoto::{event_schema, views::Published};
use serde::{Deserialize, Serialize};

/// The aggregate `Payment`, for a view of the kit.
#[derive(Clone, Copy, Debug)]
pub struct Payment;

impl Published for Payment {
    type Event = PaymentEvent;

    const TYPE: &'static str = "Payment";
}

/// An event of an order's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaymentEvent {
    /// The provider captured a payment.
    PaymentReceived(PaymentReceived),
    /// The provider declined a payment.
    PaymentFailed(PaymentFailed),
    /// A payment was refunded, in part or in full.
    PaymentRefunded(PaymentRefunded),
    /// The provider could not refund a payment.
    RefundFailed(RefundFailed),
}

event_schema! {
    PaymentEvent {
        PaymentReceived as "PaymentReceived": 1,
        PaymentFailed as "PaymentFailed": 1,
        PaymentRefunded as "PaymentRefunded": 2 {
            1 => |old: PaymentRefunded| vec![PaymentEvent::PaymentRefunded(old)],
        },
        RefundFailed as "RefundFailed": 1,
    }
}

/// The provider captured a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymentReceived {
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
}

/// The provider declined a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymentFailed {
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
    /// Absent if the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<String>,
}

/// A payment was refunded, in part or in full. Schema version 2; version 1 has the same fields, without a reference of the
/// refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymentRefunded {
    /// The payment's id.
    pub payment_id: String,
    /// The provider's id for the payment.
    pub reference: String,
    /// The provider's id for the refund. Absent in refunds that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_reference: Option<String>,
    /// The customer's id.
    pub customer_id: String,
    /// In the currency's minor unit.
    pub amount: u64,
    /// An ISO 4217 code.
    pub currency: String,
    /// Absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The provider could not refund a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RefundFailed {
    /// The payment's id.
    pub payment_id: String,
    /// The provider's id for the payment.
    pub reference: String,
    /// The provider's id for the refund.
    pub refund_reference: String,
    /// The customer's id.
    pub customer_id: String,
    /// The amount that should have been refunded, in the currency's minor unit.
    pub amount: u64,
    /// An ISO 4217 code.
    pub currency: String,
    /// Absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
