//! The rules for refunds, one test each.

use dekigoto::spec::given;

use super::{InvalidPayment, Payment, PaymentCommand, PaymentRefusal, RefundPayment, RefundTarget};
use crate::samples::{amount, cancel, failed, paid_order, payment_id, received, refunded};

fn refund(target: RefundTarget, minor_units: u64) -> RefundPayment {
    RefundPayment {
        target,
        amount: amount(minor_units),
        currency: paid_order().currency,
        reason: cancel().reason,
    }
}

fn of(reference: &str, minor_units: u64) -> PaymentCommand {
    let target = RefundTarget::Payment(payment_id(reference));
    PaymentCommand::RefundPayment(refund(target, minor_units))
}

fn of_all(minor_units: u64) -> PaymentCommand {
    PaymentCommand::RefundPayment(refund(RefundTarget::WholeOrder, minor_units))
}

#[test]
fn a_captured_payment_can_be_refunded() {
    given::<Payment>([received("ch_1", 3000)])
        .when(of("ch_1", 3000))
        .then([refunded("ch_1", 3000)]);
}

#[test]
fn partial_refunds_never_exceed_the_captured_amount() {
    given::<Payment>([received("ch_1", 3000)])
        .when(of("ch_1", 1000))
        .then([refunded("ch_1", 1000)])
        .when(of("ch_1", 2000))
        .then([refunded("ch_1", 2000)])
        .when(of("ch_1", 1))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(0) });
}

#[test]
fn a_refund_above_the_refundable_amount_is_refused_in_full() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", 1000)])
        .when(of("ch_1", 2001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(2000) });
}

#[test]
fn a_refund_of_one_payment_takes_nothing_from_another() {
    given::<Payment>([received("ch_1", 1000), received("ch_2", 2000)])
        .when(of("ch_1", 1001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(1000) });
}

#[test]
fn a_declined_payment_cannot_be_refunded() {
    given::<Payment>([failed("ch_1", 3000)])
        .when(of("ch_1", 1))
        .then_refused(PaymentRefusal::NotCaptured);
    given::<Payment>([failed("ch_1", 3000)])
        .when(of_all(1))
        .then_refused(PaymentRefusal::NotCaptured);
}

#[test]
fn refunding_an_unknown_payment_is_not_found() {
    given::<Payment>([]).when(of("ch_1", 1)).then_refused(PaymentRefusal::NotFound);
    given::<Payment>([]).when(of_all(1)).then_refused(PaymentRefusal::NotFound);
    given::<Payment>([received("ch_1", 3000)])
        .when(of("ch_2", 1))
        .then_refused(PaymentRefusal::NotFound);
}

#[test]
fn a_refund_of_zero_or_in_another_currency_is_refused() {
    given::<Payment>([received("ch_1", 3000)])
        .when(of("ch_1", 0))
        .then_refused(InvalidPayment::Zero.into());
    let expected = paid_order().currency;
    let target = RefundTarget::WholeOrder;
    let command = RefundPayment { currency: "EUR".parse().unwrap(), ..refund(target, 1) };
    given::<Payment>([received("ch_1", 3000)])
        .when(PaymentCommand::RefundPayment(command))
        .then_refused(InvalidPayment::OtherCurrency { expected }.into());
}

#[test]
fn refunding_the_whole_order_starts_with_the_oldest_payment() {
    let history = [received("ch_2", 1000), failed("ch_0", 3000), received("ch_1", 2000)];
    given::<Payment>(history.clone())
        .when(of_all(3000))
        .then([refunded("ch_2", 1000), refunded("ch_1", 2000)]);
    given::<Payment>(history.clone()).when(of_all(999)).then([refunded("ch_2", 999)]);
    given::<Payment>(history)
        .when(of_all(3001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(3000) });
}

#[test]
fn refunding_the_whole_order_skips_refunded_amounts() {
    given::<Payment>([received("ch_1", 1000), refunded("ch_1", 1000), received("ch_2", 3000)])
        .when(of_all(3000))
        .then([refunded("ch_2", 3000)]);
}

#[test]
fn the_names_of_refusals_never_change() {
    let expected = paid_order().currency;
    let names = [
        (PaymentRefusal::NotFound, "payment-not-found"),
        (PaymentRefusal::ReferenceReused, "reference-reused"),
        (PaymentRefusal::AlreadyPaid, "already-paid"),
        (PaymentRefusal::TooManyPayments, "too-many-payments"),
        (PaymentRefusal::NotCaptured, "payment-not-captured"),
        (PaymentRefusal::RefundTooLarge { refundable: amount(1) }, "refund-too-large"),
        (InvalidPayment::Zero.into(), "amount-zero"),
        (InvalidPayment::OtherCurrency { expected }.into(), "other-currency"),
        (InvalidPayment::TotalTooLarge.into(), "payments-too-large"),
    ];
    for (refusal, name) in names {
        assert_eq!(refusal.reason(), name);
    }
}
