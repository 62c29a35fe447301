//! The inputs of a fulfilment, and the fact that each is, if it is new.

use dekigoto::{Timestamp, Version};
use serde::Serialize;

use super::{
    CancellationRequested, FulfilmentEvent, FulfilmentStarted, FulfilmentState, OrderStatusNoted,
    PaymentCounted, Phase, RefundCounted, RequestEnd, RequestEnded, phase_of,
};
use crate::{Amount, Currency, CustomerId, PaymentId, PaymentReference, Status};

/// An input of a fulfilment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FulfilmentCommand {
    /// The order was placed.
    StartFulfilment(StartFulfilment),
    /// The order has this status.
    NoteStatus(Status),
    /// A payment was captured.
    CountPayment(CountPayment),
    /// A payment was refunded, in part or in full.
    CountRefund(CountRefund),
    /// The deadline of the payment is due.
    PassDeadline,
    /// The request to confirm the order ended.
    EndConfirmation(RequestEnd),
    /// The request to cancel the order ended.
    EndCancellation(RequestEnd),
}

/// The order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartFulfilment {
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
    pub pay_until: Timestamp,
    pub confirms_itself: bool,
}

/// A payment was captured. This happens once to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CountPayment {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub amount: Amount,
    pub currency: Currency,
}

/// A payment was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CountRefund {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub amount: Amount,
    pub currency: Currency,
    /// The version of the refund in the stream of the payments.
    pub version: Version,
}

/// The fact that an input is. `None` if it is known, or comes too late to matter.
pub(super) fn fact(state: &FulfilmentState, command: FulfilmentCommand) -> Option<FulfilmentEvent> {
    match command {
        FulfilmentCommand::StartFulfilment(it) => {
            let StartFulfilment { customer_id, currency, total_amount, .. } = it;
            let (pay_until, confirms_itself) = (it.pay_until, it.confirms_itself);
            (!state.is_started()).then_some(FulfilmentEvent::Started(FulfilmentStarted {
                customer_id,
                currency,
                total_amount,
                pay_until,
                confirms_itself,
            }))
        }
        FulfilmentCommand::NoteStatus(status) => {
            let is_further = phase_of(status)? > state.phase();
            is_further.then_some(FulfilmentEvent::OrderStatusNoted(OrderStatusNoted { status }))
        }
        FulfilmentCommand::CountPayment(it) => {
            let CountPayment { payment_id, reference, amount, currency } = it;
            let currency = Some(currency);
            let counted = PaymentCounted { payment_id, reference, amount, currency };
            let is_new = !state.has_counted_payment(payment_id);
            is_new.then_some(FulfilmentEvent::PaymentCounted(counted))
        }
        FulfilmentCommand::CountRefund(it) => {
            let CountRefund { payment_id, reference, amount, currency, version } = it;
            let currency = Some(currency);
            let counted = RefundCounted { payment_id, reference, amount, currency, version };
            let is_new = !state.has_counted_refund(version);
            is_new.then_some(FulfilmentEvent::RefundCounted(counted))
        }
        FulfilmentCommand::PassDeadline => {
            let step = state.step() + 1;
            let request = FulfilmentEvent::CancellationRequested(CancellationRequested { step });
            state.pay_until().map(|_| request)
        }
        FulfilmentCommand::EndConfirmation(end) => ended(state, Phase::Confirming, end),
        FulfilmentCommand::EndCancellation(end) => ended(state, Phase::Cancelling, end),
    }
}

fn ended(state: &FulfilmentState, in_phase: Phase, end: RequestEnd) -> Option<FulfilmentEvent> {
    let step = state.step();
    let is_awaited = state.phase() == in_phase;
    is_awaited.then_some(FulfilmentEvent::RequestEnded(RequestEnded { step, end }))
}
