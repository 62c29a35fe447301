//! The events of an order's payments. Their names and fields are the storage format.

use dekigoto::event_schema;
use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, CustomerId, DeclineReason, PaymentId, PaymentReference, Reason};

/// An event of an order's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    PaymentReceived(PaymentReceived),
    PaymentFailed(PaymentFailed),
    PaymentRefunded(PaymentRefunded),
}

impl PaymentEvent {
    /// The order's customer.
    #[must_use]
    pub fn customer_id(&self) -> &CustomerId {
        match self {
            Self::PaymentReceived(received) => &received.customer_id,
            Self::PaymentFailed(failed) => &failed.customer_id,
            Self::PaymentRefunded(refunded) => &refunded.customer_id,
        }
    }
}

event_schema! {
    PaymentEvent {
        PaymentReceived as "PaymentReceived": 1,
        PaymentFailed as "PaymentFailed": 1,
        PaymentRefunded as "PaymentRefunded": 1,
    }
}

/// The provider captured a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceived {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
}

/// The provider declined a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
}

/// A payment was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    /// At most what was captured and not yet refunded.
    pub amount: Amount,
    pub currency: Currency,
    pub reason: Reason,
}
