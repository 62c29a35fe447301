//! What may have happened to an order's payments. Names and fields are storage format.

use dekigoto::event_schema;
use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, CustomerId, DeclineReason, PaymentId, PaymentReference, Reason};

/// A fact about an order's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    /// Money came.
    PaymentReceived(PaymentReceived),
    /// Money did not come.
    PaymentFailed(PaymentFailed),
    /// Money went back.
    PaymentRefunded(PaymentRefunded),
}

impl PaymentEvent {
    /// Whose order it pays.
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
    /// Our id of the payment.
    pub payment_id: PaymentId,
    /// The provider's.
    pub reference: PaymentReference,
    /// Who paid.
    pub customer_id: CustomerId,
    /// How much, in minor units.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// The provider declined a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    /// Our id of the payment.
    pub payment_id: PaymentId,
    /// The provider's.
    pub reference: PaymentReference,
    /// Who tried to pay.
    pub customer_id: CustomerId,
    /// How much, in minor units.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Why, if the provider said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
}

/// Money of a payment went back to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// Our id of the payment.
    pub payment_id: PaymentId,
    /// The provider's.
    pub reference: PaymentReference,
    /// Who gets it back.
    pub customer_id: CustomerId,
    /// How much, in minor units; no more than was captured and not yet refunded.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Why.
    pub reason: Reason,
}
