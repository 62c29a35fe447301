//! What must be known of an order's payments to decide: a fold over their events.

use serde::{Deserialize, Serialize};

use super::{PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded};
use crate::{Amount, Currency, CustomerId, DeclineReason, PaymentId, PaymentReference};

/// The payments of one order, in the order in which they were recorded. At most
/// [`PAYMENTS_PER_ORDER_MAX`](crate::limits::PAYMENTS_PER_ORDER_MAX).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    attempts: Vec<Attempt>,
    /// Events so far: the stream's version, because each stored event means one event.
    version: u64,
}

/// One payment, captured or declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The stream's version when it was recorded.
    pub version: u64,
    /// Our id of the payment.
    pub payment_id: PaymentId,
    /// The provider's.
    pub reference: PaymentReference,
    /// Whose payment.
    pub customer_id: CustomerId,
    /// How much was to be paid, in minor units.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How it ended.
    pub result: AttemptResult,
}

/// How an attempt ended, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttemptResult {
    /// The money came, and that much of it went back.
    Captured {
        /// In minor units.
        refunded: Amount,
    },
    /// It did not come, with the provider's reason.
    Declined {
        /// If there was one.
        reason: Option<DeclineReason>,
    },
}

impl Attempt {
    fn received(event: &PaymentReceived, version: u64) -> Self {
        Self {
            version,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            result: AttemptResult::Captured { refunded: Amount::ZERO },
        }
    }

    fn failed(event: &PaymentFailed, version: u64) -> Self {
        Self {
            version,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            result: AttemptResult::Declined { reason: event.decline_reason.clone() },
        }
    }

    /// What was captured, in minor units.
    #[must_use]
    pub fn captured(&self) -> Amount {
        match self.result {
            AttemptResult::Captured { .. } => self.amount,
            AttemptResult::Declined { .. } => Amount::ZERO,
        }
    }

    /// What went back, in minor units.
    #[must_use]
    pub fn refunded(&self) -> Amount {
        match self.result {
            AttemptResult::Captured { refunded } => refunded,
            AttemptResult::Declined { .. } => Amount::ZERO,
        }
    }

    /// What may still go back, in minor units.
    #[must_use]
    pub fn refundable(&self) -> Amount {
        self.captured().saturating_minus(self.refunded())
    }

    /// Whether the money came, some of which may have gone back.
    #[must_use]
    pub fn is_captured(&self) -> bool {
        matches!(self.result, AttemptResult::Captured { .. })
    }
}

impl PaymentState {
    /// Every payment, the oldest first.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The payment that the provider calls `reference`.
    #[must_use]
    pub fn by_reference(&self, reference: &PaymentReference) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.reference == *reference)
    }

    /// The payment with that id.
    #[must_use]
    pub fn by_id(&self, payment_id: PaymentId) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.payment_id == payment_id)
    }

    /// What was captured, in minor units.
    #[must_use]
    pub fn captured(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::captured))
    }

    /// What went back, in minor units.
    #[must_use]
    pub fn refunded(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::refunded))
    }

    /// What the customer has paid: captured and not refunded, in minor units.
    #[must_use]
    pub fn paid(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::refundable))
    }

    pub(super) fn after(mut self, event: &PaymentEvent) -> Self {
        self.version = self.version.saturating_add(1);
        match event {
            PaymentEvent::PaymentReceived(it) => {
                self.attempts.push(Attempt::received(it, self.version));
            }
            PaymentEvent::PaymentFailed(it) => {
                self.attempts.push(Attempt::failed(it, self.version));
            }
            PaymentEvent::PaymentRefunded(refunded) => self.give_back(refunded),
        }
        self
    }

    /// Total: a refund of a payment that was never captured, which no rule allows, changes nothing.
    fn give_back(&mut self, event: &PaymentRefunded) {
        let mut attempts = self.attempts.iter_mut();
        let payment = attempts.find(|attempt| attempt.payment_id == event.payment_id);
        if let Some(Attempt { result: AttemptResult::Captured { refunded }, .. }) = payment {
            *refunded = refunded.saturating_plus(event.amount);
        }
    }
}

/// No payment is accepted that would take the sum over the largest amount.
fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_plus)
}
