//! The rules for recording a payment.
//!
//! The order's status does not matter: the provider may capture a payment for a cancelled order, and only a
//! recorded payment can be refunded.

use super::{
    Attempt, AttemptResult, InvalidPayment, Outcome, PaymentEvent, PaymentFailed, PaymentReceived,
    PaymentRefusal, PaymentState, ProcessPayment,
};
use crate::{
    Amount, Currency, PaymentId,
    limits::{PAYMENTS_PER_ORDER_MAX, PAYMENTS_WITH_DECLINED_MAX},
};

pub(super) fn process(
    state: &PaymentState,
    command: ProcessPayment,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    // The reference is checked first: a recorded payment never changes, whatever else the command says.
    if let Some(known) = state.by_reference(&command.reference) {
        return if is_same(known, &command) {
            Ok(vec![])
        } else {
            Err(PaymentRefusal::ReferenceReused)
        };
    }
    check_money(command.amount, command.currency, command.order.currency)?;
    let payments_max = match command.outcome {
        Outcome::Captured => PAYMENTS_PER_ORDER_MAX,
        Outcome::Declined(_) => PAYMENTS_WITH_DECLINED_MAX,
    };
    if state.attempts().len() >= payments_max {
        return Err(PaymentRefusal::TooManyPayments);
    }
    if command.outcome == Outcome::Captured {
        check_capture(state, command.amount, command.order.total_amount)?;
    }
    Ok(vec![recorded(command)])
}

/// Whether the command repeats the recorded payment. Later refunds do not matter.
fn is_same(known: &Attempt, command: &ProcessPayment) -> bool {
    let same_outcome = match (&known.result, &command.outcome) {
        (AttemptResult::Captured { .. }, Outcome::Captured) => true,
        (AttemptResult::Declined { reason }, Outcome::Declined(again)) => reason == again,
        (AttemptResult::Captured { .. }, Outcome::Declined(_))
        | (AttemptResult::Declined { .. }, Outcome::Captured) => false,
    };
    same_outcome && known.amount == command.amount && known.currency == command.currency
}

/// The amount is not zero, and in the expected currency.
pub(super) fn check_money(
    amount: Amount,
    currency: Currency,
    expected: Currency,
) -> Result<(), InvalidPayment> {
    if currency != expected {
        return Err(InvalidPayment::OtherCurrency { expected });
    }
    if amount == Amount::ZERO { Err(InvalidPayment::Zero) } else { Ok(()) }
}

fn check_capture(
    state: &PaymentState,
    amount: Amount,
    total_amount: Amount,
) -> Result<(), PaymentRefusal> {
    if state.paid() >= total_amount {
        return Err(PaymentRefusal::AlreadyPaid);
    }
    // Adds to everything ever captured, refunded or not, so that no sum in the state can overflow.
    match state.captured().plus(amount) {
        Some(_) => Ok(()),
        None => Err(InvalidPayment::TotalTooLarge.into()),
    }
}

fn recorded(command: ProcessPayment) -> PaymentEvent {
    let ProcessPayment { order, reference, amount, currency, outcome } = command;
    let payment_id = PaymentId::derive(order.order_id, &reference);
    let customer_id = order.customer_id;
    match outcome {
        Outcome::Captured => PaymentEvent::PaymentReceived(PaymentReceived {
            payment_id,
            reference,
            customer_id,
            amount,
            currency,
        }),
        Outcome::Declined(decline_reason) => PaymentEvent::PaymentFailed(PaymentFailed {
            payment_id,
            reference,
            customer_id,
            amount,
            currency,
            decline_reason,
        }),
    }
}
