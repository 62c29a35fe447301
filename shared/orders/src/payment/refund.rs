//! The rules for refunds.

use super::{
    Attempt, PaymentEvent, PaymentRefunded, PaymentRefusal, PaymentState, RefundPayment,
    RefundTarget, decide::check_money,
};
use crate::Amount;

pub(super) fn refund(
    state: &PaymentState,
    command: &RefundPayment,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    match command.target {
        RefundTarget::Payment(payment_id) => {
            let payment = state.by_id(payment_id).ok_or(PaymentRefusal::NotFound)?;
            take(command, &[payment])
        }
        RefundTarget::WholeOrder => {
            if state.attempts().is_empty() {
                return Err(PaymentRefusal::NotFound);
            }
            take(command, &state.attempts().iter().collect::<Vec<_>>())
        }
    }
}

/// Takes the amount from these payments in turn.
fn take(
    command: &RefundPayment,
    payments: &[&Attempt],
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    let captured: Vec<&Attempt> =
        payments.iter().copied().filter(|payment| payment.is_captured()).collect();
    let first = captured.first().ok_or(PaymentRefusal::NotCaptured)?;
    // All payments of one order have one currency.
    check_money(command.amount, command.currency, first.currency)?;

    let mut missing = command.amount;
    let mut events = Vec::new();
    for payment in &captured {
        let amount = missing.min(payment.refundable());
        if amount > Amount::ZERO {
            missing = missing.saturating_minus(amount);
            events.push(refunded(payment, amount, command));
        }
    }
    if missing > Amount::ZERO {
        let refundable = command.amount.saturating_minus(missing);
        return Err(PaymentRefusal::RefundTooLarge { refundable });
    }
    Ok(events)
}

fn refunded(payment: &Attempt, amount: Amount, command: &RefundPayment) -> PaymentEvent {
    PaymentEvent::PaymentRefunded(PaymentRefunded {
        payment_id: payment.payment_id,
        reference: payment.reference.clone(),
        customer_id: payment.customer_id.clone(),
        amount,
        currency: payment.currency,
        reason: command.reason.clone(),
    })
}
