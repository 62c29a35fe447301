//! The rules for refunds, one test each.

use dekigoto::{EventSchema as _, Payload, spec::given};

use super::{
    InvalidPayment, Payment, PaymentCommand, PaymentEvent, PaymentRefunded, PaymentRefusal,
    RefundOutcome, RefundPayment,
};
use crate::{
    limits::{REFUNDS_PER_ORDER_MAX, REFUNDS_WITH_FAILED_MAX},
    samples::{
        amount, cancel, failed, received, reference, refund_failed, refund_reference, refunded,
    },
};

fn command(payment: &str, refund: &str, minor_units: u64, outcome: RefundOutcome) -> RefundPayment {
    RefundPayment {
        reference: reference(payment),
        refund_reference: refund_reference(refund),
        amount: amount(minor_units),
        outcome,
        reason: Some(cancel().reason),
    }
}

fn refund(payment: &str, refund: &str, minor_units: u64) -> PaymentCommand {
    PaymentCommand::RefundPayment(command(payment, refund, minor_units, RefundOutcome::Refunded))
}

fn failure(payment: &str, refund: &str, minor_units: u64) -> PaymentCommand {
    PaymentCommand::RefundPayment(command(payment, refund, minor_units, RefundOutcome::Failed))
}

#[test]
fn a_captured_payment_can_be_refunded() {
    given::<Payment>([received("ch_1", 3000)])
        .when(refund("ch_1", "re_1", 3000))
        .then([refunded("ch_1", "re_1", 3000)]);
}

#[test]
fn a_payment_that_was_declined_and_then_captured_can_be_refunded() {
    given::<Payment>([failed("pi_1", 3000), received("pi_1", 3000)])
        .when(refund("pi_1", "re_1", 3000))
        .then([refunded("pi_1", "re_1", 3000)]);
}

#[test]
fn partial_refunds_never_exceed_the_captured_amount_s10() {
    given::<Payment>([received("ch_1", 3000)])
        .when(refund("ch_1", "re_1", 1000))
        .then([refunded("ch_1", "re_1", 1000)])
        .when(refund("ch_1", "re_2", 2000))
        .then([refunded("ch_1", "re_2", 2000)])
        .when(refund("ch_1", "re_3", 1))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(0) });
}

#[test]
fn a_refund_above_the_refundable_amount_is_refused_in_full() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", "re_1", 1000)])
        .when(refund("ch_1", "re_2", 2001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(2000) });
}

#[test]
fn a_refund_of_one_payment_takes_nothing_from_another() {
    given::<Payment>([received("ch_1", 1000), received("ch_2", 2000)])
        .when(refund("ch_1", "re_1", 1001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(1000) });
}

#[test]
fn a_repeated_refund_is_recognised_by_its_reference_s10() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", "re_1", 3000)])
        .when(refund("ch_1", "re_1", 3000))
        .then_nothing();
    given::<Payment>([received("ch_1", 3000), refund_failed("ch_1", "re_1", 3000)])
        .when(failure("ch_1", "re_1", 3000))
        .then_nothing();
    let without_reason =
        RefundPayment { reason: None, ..command("ch_1", "re_1", 3000, RefundOutcome::Refunded) };
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", "re_1", 3000)])
        .when(PaymentCommand::RefundPayment(without_reason))
        .then_nothing();
}

#[test]
fn the_same_refund_reference_with_another_payment_or_amount_is_refused() {
    let history = [received("ch_1", 3000), received("ch_2", 3000), refunded("ch_1", "re_1", 1000)];
    for other in [refund("ch_1", "re_1", 999), refund("ch_2", "re_1", 1000)] {
        given::<Payment>(history.clone())
            .when(other)
            .then_refused(PaymentRefusal::RefundReferenceReused);
    }
}

#[test]
fn a_failed_refund_is_recorded_and_can_succeed_under_its_reference() {
    given::<Payment>([received("ch_1", 3000)])
        .when(failure("ch_1", "re_1", 3000))
        .then([refund_failed("ch_1", "re_1", 3000)])
        .when(refund("ch_1", "re_1", 3000))
        .then([refunded("ch_1", "re_1", 3000)]);
}

/// It is a fact about the provider, and no money moved.
#[test]
fn a_failed_refund_of_more_than_was_captured_is_recorded() {
    given::<Payment>([received("ch_1", 3000)])
        .when(failure("ch_1", "re_1", 9000))
        .then([refund_failed("ch_1", "re_1", 9000)]);
}

#[test]
fn a_declined_payment_cannot_be_refunded() {
    given::<Payment>([failed("ch_1", 3000)])
        .when(refund("ch_1", "re_1", 1))
        .then_refused(PaymentRefusal::NotCaptured);
}

#[test]
fn refunding_an_unknown_payment_is_not_found() {
    for history in [vec![], vec![received("ch_1", 3000)]] {
        given::<Payment>(history)
            .when(refund("ch_2", "re_1", 1))
            .then_refused(PaymentRefusal::NotFound);
    }
}

#[test]
fn a_refund_of_zero_is_refused() {
    for zero in [refund("ch_1", "re_1", 0), failure("ch_1", "re_1", 0)] {
        given::<Payment>([received("ch_1", 3000)])
            .when(zero)
            .then_refused(InvalidPayment::Zero.into());
    }
}

#[test]
fn failed_refunds_leave_room_for_one_that_succeeds() {
    let failures =
        (0..REFUNDS_WITH_FAILED_MAX).map(|number| refund_failed("ch_1", &number.to_string(), 1));
    let history: Vec<PaymentEvent> = [received("ch_1", 3000)].into_iter().chain(failures).collect();
    given::<Payment>(history.clone())
        .when(failure("ch_1", "one more", 1))
        .then_refused(PaymentRefusal::TooManyRefunds);
    given::<Payment>(history).when(refund("ch_1", "paid back", 1)).then([refunded(
        "ch_1",
        "paid back",
        1,
    )]);
}

#[test]
fn the_number_of_an_orders_refunds_has_a_limit() {
    let refunds = (0..REFUNDS_PER_ORDER_MAX).map(|number| refunded("ch_1", &number.to_string(), 1));
    let history = [received("ch_1", 3000)].into_iter().chain(refunds);
    given::<Payment>(history)
        .when(refund("ch_1", "one more", 1))
        .then_refused(PaymentRefusal::TooManyRefunds);
}

#[test]
fn a_refund_of_schema_version_1_counts_and_has_no_reference_of_its_own() {
    let PaymentEvent::PaymentRefunded(refund_of_today) = refunded("ch_1", "re_1", 1000) else {
        unreachable!()
    };
    let payload = r#"{"paymentId":"ID","reference":"ch_1","customerId":"c-42","amount":1000,
        "currency":"JPY","reason":"ordered twice"}"#;
    let payload = payload.replace("ID", &refund_of_today.payment_id.to_string());
    let payload = Payload::from_text(payload).unwrap();
    let old = PaymentEvent::decode("PaymentRefunded", 1, &payload).unwrap();
    let expected = PaymentRefunded { refund_reference: None, ..refund_of_today };
    assert_eq!(old, [PaymentEvent::PaymentRefunded(expected)]);
    given::<Payment>([vec![received("ch_1", 3000)], old].concat())
        .when(refund("ch_1", "re_1", 2001))
        .then_refused(PaymentRefusal::RefundTooLarge { refundable: amount(2000) });
}

#[test]
fn the_names_of_refusals_never_change() {
    let names = [
        (PaymentRefusal::NotFound, "payment-not-found"),
        (PaymentRefusal::ReferenceReused, "reference-reused"),
        (PaymentRefusal::RefundReferenceReused, "refund-reference-reused"),
        (PaymentRefusal::TooManyPayments, "too-many-payments"),
        (PaymentRefusal::TooManyRefunds, "too-many-refunds"),
        (PaymentRefusal::NotCaptured, "payment-not-captured"),
        (PaymentRefusal::RefundTooLarge { refundable: amount(1) }, "refund-too-large"),
        (InvalidPayment::Zero.into(), "amount-zero"),
        (InvalidPayment::TotalTooLarge.into(), "payments-too-large"),
    ];
    for (refusal, name) in names {
        assert_eq!(refusal.reason(), name);
    }
}
