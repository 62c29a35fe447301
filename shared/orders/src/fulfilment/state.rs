//! What a fulfilment knows: a fold over its events.

use dekigoto::{Timestamp, Version, views::Counted};
use serde::{Deserialize, Serialize};

use super::{
    ConfirmationRequested, FulfilmentEvent, FulfilmentStarted, RefundReason, RefundRequested,
    RequestEnd, phase_of,
};
use crate::{Amount, Currency, Paid, PaymentId, PaymentReference};

/// Where a fulfilment stands. A later variant is never left for an earlier one, except that `Waiting` goes back to
/// `Confirming` when the order is paid after all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Events came, but not yet that the order was placed.
    #[default]
    Unplaced,
    /// The order waits for payment, until its deadline; or, paid, for a person to confirm it.
    AwaitingPayment,
    /// The order is paid, and is being confirmed.
    Confirming,
    /// The order was not paid in time, and is being cancelled.
    Cancelling,
    /// A request to the order ended in another way. The order's own event will tell why.
    Waiting,
    Confirmed,
    /// An end. The order is paid, or on account.
    Shipped,
    /// An end. What was captured is refunded.
    Cancelled,
}

/// The state of a fulfilment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfilmentState {
    phase: Phase,
    started: Option<FulfilmentStarted>,
    payments: Vec<CountedPayment>,
    /// The versions of counted refunds in the stream of the payments.
    refunds: Counted,
    /// The number of the last request to the order.
    step: u64,
}

/// What is known of a payment. A refund may be known before the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountedPayment {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    /// Absent if only older events are known: the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub captured: Option<Amount>,
    pub refunded: Amount,
    /// What the provider was asked to refund.
    pub requested: Amount,
}

impl CountedPayment {
    fn is_in(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|it| it == currency)
    }

    /// What was captured, and neither refunded nor asked back. A refund that was asked for counts once.
    fn unclaimed(&self) -> Amount {
        let claimed = self.refunded.max(self.requested);
        self.captured.unwrap_or(Amount::ZERO).saturating_minus(claimed)
    }
}

impl FulfilmentState {
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What is known of the payments, oldest first.
    #[must_use]
    pub fn payments(&self) -> &[CountedPayment] {
        &self.payments
    }

    /// Captured and not refunded, in the order's currency.
    #[must_use]
    pub fn paid(&self) -> Amount {
        let captured = sum(self.in_order_currency().filter_map(|it| it.captured));
        captured.saturating_minus(sum(self.in_order_currency().map(|it| it.refunded)))
    }

    /// What the customer has paid; `None` while the order is unknown.
    pub(super) fn all_paid(&self) -> Option<Paid> {
        Some(Paid::of(self.started.as_ref()?.currency, self.paid()))
    }

    /// The payments that can pay the order. All of them, while the order is unknown.
    fn in_order_currency(&self) -> impl Iterator<Item = &CountedPayment> {
        let currency = self.started.as_ref().map(|it| it.currency);
        self.payments.iter().filter(move |it| currency.is_none_or(|currency| it.is_in(currency)))
    }

    /// What the customer owes; `None` while the order is unknown.
    #[must_use]
    pub fn owed(&self) -> Option<Amount> {
        let started = self.started.as_ref()?;
        Some(if self.phase == Phase::Cancelled { Amount::ZERO } else { started.total_amount })
    }

    /// Whether nothing is left to do: the order is shipped or cancelled, and no refund is missing.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        let is_last = matches!(self.phase, Phase::Shipped | Phase::Cancelled);
        let is_refunded = |it: &CountedPayment| it.captured.is_none_or(|all| it.refunded >= all);
        let owes = |currency| self.payments.iter().all(|it| it.is_in(currency) || is_refunded(it));
        let has_settled_others = self.started.as_ref().is_some_and(|it| owes(it.currency));
        is_last && has_settled_others && self.owed().is_some_and(|owed| self.paid() <= owed)
    }

    pub(super) fn step(&self) -> u64 {
        self.step
    }

    pub(super) fn is_started(&self) -> bool {
        self.started.is_some()
    }

    pub(super) fn has_counted_payment(&self, id: PaymentId) -> bool {
        self.payments.iter().any(|it| it.payment_id == id && it.captured.is_some())
    }

    pub(super) fn has_counted_refund(&self, version: Version) -> bool {
        self.refunds.contains(version)
    }

    /// The deadline of the payment, while the order waits for it.
    pub(super) fn pay_until(&self) -> Option<Timestamp> {
        let started = self.started.as_ref()?;
        let is_waiting = self.phase == Phase::AwaitingPayment && !self.is_paid();
        is_waiting.then_some(started.pay_until)
    }

    fn is_paid(&self) -> bool {
        self.started.as_ref().is_some_and(|it| self.paid() >= it.total_amount)
    }

    /// The request that the order needs after this fact.
    pub(super) fn next_request(
        &self,
        fact: &FulfilmentEvent,
        before: Phase,
    ) -> Option<FulfilmentEvent> {
        let may_be_paid_now = match fact {
            FulfilmentEvent::Started(_) | FulfilmentEvent::PaymentCounted(_) => true,
            // A payment may have come while the order was to be cancelled.
            FulfilmentEvent::RequestEnded(_) => before == Phase::Cancelling,
            FulfilmentEvent::RefundCounted(_)
            | FulfilmentEvent::OrderStatusNoted(_)
            | FulfilmentEvent::ConfirmationRequested(_)
            | FulfilmentEvent::CancellationRequested(_)
            | FulfilmentEvent::RefundRequested(_) => false,
        };
        let is_open = matches!(self.phase, Phase::AwaitingPayment | Phase::Waiting);
        let confirms_itself = self.started.as_ref().is_some_and(|it| it.confirms_itself);
        let step = self.step + 1;
        (may_be_paid_now && is_open && confirms_itself && self.is_paid())
            .then_some(FulfilmentEvent::ConfirmationRequested(ConfirmationRequested { step }))
    }

    /// The refunds to ask for: what is captured, and neither owed, refunded nor asked for. Of the newest payments first.
    /// Nothing is owed in another currency than the order's.
    pub(super) fn refunds_due(&self) -> impl Iterator<Item = RefundRequested> {
        let unclaimed = sum(self.in_order_currency().map(CountedPayment::unclaimed));
        let mut missing = self.owed().map_or(Amount::ZERO, |owed| unclaimed.saturating_minus(owed));
        let reason = match self.phase {
            Phase::Cancelled => RefundReason::Cancelled,
            Phase::Unplaced
            | Phase::AwaitingPayment
            | Phase::Confirming
            | Phase::Cancelling
            | Phase::Waiting
            | Phase::Confirmed
            | Phase::Shipped => RefundReason::Surplus,
        };
        let started = self.started.as_ref();
        self.payments.iter().rev().filter_map(move |payment| {
            let FulfilmentStarted { customer_id, currency, .. } = started?;
            let mut amount = payment.unclaimed();
            if payment.is_in(*currency) {
                amount = amount.min(missing);
                missing = missing.saturating_minus(amount);
            }
            (amount > Amount::ZERO).then(|| RefundRequested {
                customer_id: customer_id.clone(),
                payment_id: payment.payment_id,
                reference: payment.reference.clone(),
                amount,
                currency: payment.currency.unwrap_or(*currency),
                reason,
            })
        })
    }

    pub(super) fn after(mut self, event: &FulfilmentEvent) -> Self {
        match event {
            FulfilmentEvent::Started(started) => {
                self.started = Some(started.clone());
                self.phase = self.phase.max(Phase::AwaitingPayment);
            }
            FulfilmentEvent::PaymentCounted(it) => {
                self.change(it.payment_id, &it.reference, |payment| {
                    payment.captured = Some(it.amount);
                    payment.currency = it.currency.or(payment.currency);
                });
            }
            FulfilmentEvent::RefundCounted(it) => {
                self.refunds.insert(it.version);
                self.change(it.payment_id, &it.reference, |payment| {
                    payment.refunded = payment.refunded.saturating_plus(it.amount);
                    payment.currency = it.currency.or(payment.currency);
                });
            }
            FulfilmentEvent::OrderStatusNoted(it) => {
                self.phase = phase_of(it.status).unwrap_or(self.phase);
            }
            FulfilmentEvent::ConfirmationRequested(it) => {
                (self.phase, self.step) = (Phase::Confirming, it.step);
            }
            FulfilmentEvent::CancellationRequested(it) => {
                (self.phase, self.step) = (Phase::Cancelling, it.step);
            }
            FulfilmentEvent::RequestEnded(it) => self.phase = self.phase.after_end(it.end),
            FulfilmentEvent::RefundRequested(it) => {
                self.change(it.payment_id, &it.reference, |payment| {
                    payment.requested = payment.requested.saturating_plus(it.amount);
                });
            }
        }
        self
    }

    /// Changes what is known of a payment, which may be new.
    fn change(
        &mut self,
        payment_id: PaymentId,
        reference: &PaymentReference,
        change: impl FnOnce(&mut CountedPayment),
    ) {
        if let Some(payment) = self.payments.iter_mut().find(|it| it.payment_id == payment_id) {
            return change(payment);
        }
        let mut payment = CountedPayment {
            payment_id,
            reference: reference.clone(),
            currency: None,
            captured: None,
            refunded: Amount::ZERO,
            requested: Amount::ZERO,
        };
        change(&mut payment);
        self.payments.push(payment);
    }
}

impl Phase {
    /// The phase after a request to the order ended.
    fn after_end(self, end: RequestEnd) -> Self {
        match (self, end) {
            (Self::Confirming, RequestEnd::Done) => Self::Confirmed,
            (Self::Cancelling, RequestEnd::Done) => Self::Cancelled,
            (Self::Confirming | Self::Cancelling, RequestEnd::Refused | RequestEnd::Moved) => {
                Self::Waiting
            }
            (
                Self::Unplaced
                | Self::AwaitingPayment
                | Self::Waiting
                | Self::Confirmed
                | Self::Shipped
                | Self::Cancelled,
                RequestEnd::Done | RequestEnd::Refused | RequestEnd::Moved,
            ) => self,
        }
    }
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_plus)
}
