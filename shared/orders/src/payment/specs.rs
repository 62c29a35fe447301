//! The rules for recording a payment, one test each.

use dekigoto::{Decider as _, spec::given};

use super::{
    InvalidPayment, Outcome, PaidOrder, Payment, PaymentCommand, PaymentEvent, PaymentFailed,
    PaymentRefusal, PaymentState, ProcessPayment,
};
use crate::{
    limits::{PAYMENTS_PER_ORDER_MAX, PAYMENTS_WITH_DECLINED_MAX},
    samples::{amount, failed, paid_order, payment_id, received, reference, refunded},
};

fn process(reference: &str, minor_units: u64, outcome: Outcome) -> ProcessPayment {
    ProcessPayment {
        order: paid_order(),
        reference: self::reference(reference),
        amount: amount(minor_units),
        currency: paid_order().currency,
        outcome,
    }
}

fn captured(reference: &str, minor_units: u64) -> PaymentCommand {
    PaymentCommand::ProcessPayment(process(reference, minor_units, Outcome::Captured))
}

fn declined(reference: &str, minor_units: u64) -> PaymentCommand {
    let reason = Some("insufficient funds".parse().unwrap());
    PaymentCommand::ProcessPayment(process(reference, minor_units, Outcome::Declined(reason)))
}

#[test]
fn a_captured_payment_is_recorded_as_received() {
    given::<Payment>([]).when(captured("ch_1", 3000)).then([received("ch_1", 3000)]);
}

#[test]
fn a_declined_payment_is_recorded_as_failed_with_the_providers_reason() {
    given::<Payment>([]).when(declined("ch_1", 3000)).then([failed("ch_1", 3000)]);
}

#[test]
fn a_payment_may_be_declined_without_a_reason() {
    let PaymentEvent::PaymentFailed(failed) = failed("ch_1", 3000) else { unreachable!() };
    given::<Payment>([])
        .when(PaymentCommand::ProcessPayment(process("ch_1", 3000, Outcome::Declined(None))))
        .then([PaymentEvent::PaymentFailed(PaymentFailed { decline_reason: None, ..failed })]);
}

#[test]
fn the_same_reference_with_the_same_content_is_the_same_payment() {
    given::<Payment>([received("ch_1", 3000)]).when(captured("ch_1", 3000)).then_nothing();
    given::<Payment>([failed("ch_1", 3000)]).when(declined("ch_1", 3000)).then_nothing();
}

#[test]
fn a_repeated_payment_is_recognised_after_a_refund() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", 3000)])
        .when(captured("ch_1", 3000))
        .then_nothing();
}

#[test]
fn the_same_reference_with_other_content_is_refused() {
    let other_currency = ProcessPayment {
        currency: "EUR".parse().unwrap(),
        ..process("ch_1", 3000, Outcome::Captured)
    };
    let others = [
        captured("ch_1", 2999),
        captured("ch_1", 0),
        declined("ch_1", 3000),
        PaymentCommand::ProcessPayment(other_currency),
    ];
    for other in others {
        given::<Payment>([received("ch_1", 3000)])
            .when(other)
            .then_refused(PaymentRefusal::ReferenceReused);
    }
    let without_reason = process("ch_1", 3000, Outcome::Declined(None));
    for other in [captured("ch_1", 3000), PaymentCommand::ProcessPayment(without_reason)] {
        given::<Payment>([failed("ch_1", 3000)])
            .when(other)
            .then_refused(PaymentRefusal::ReferenceReused);
    }
}

#[test]
fn a_payment_in_another_currency_is_refused() {
    let expected = paid_order().currency;
    for outcome in [Outcome::Captured, Outcome::Declined(None)] {
        let currency = "EUR".parse().unwrap();
        let command = ProcessPayment { currency, ..process("ch_1", 3000, outcome) };
        given::<Payment>([])
            .when(PaymentCommand::ProcessPayment(command))
            .then_refused(InvalidPayment::OtherCurrency { expected }.into());
    }
}

#[test]
fn a_payment_of_zero_is_refused() {
    for command in [captured("ch_1", 0), declined("ch_1", 0)] {
        given::<Payment>([]).when(command).then_refused(InvalidPayment::Zero.into());
    }
}

#[test]
fn an_order_can_be_paid_in_parts_until_it_is_paid_in_full() {
    given::<Payment>([])
        .when(captured("ch_1", 1000))
        .then([received("ch_1", 1000)])
        .when(captured("ch_2", 2000))
        .then([received("ch_2", 2000)])
        .when(captured("ch_3", 1))
        .then_refused(PaymentRefusal::AlreadyPaid);
}

#[test]
fn a_declined_payment_of_a_paid_order_is_recorded() {
    given::<Payment>([received("ch_1", 3000)])
        .when(declined("ch_2", 3000))
        .then([failed("ch_2", 3000)]);
}

#[test]
fn a_refunded_order_can_be_paid_again() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", 1)])
        .when(captured("ch_2", 1))
        .then([received("ch_2", 1)]);
}

#[test]
fn a_declined_payment_does_not_count_as_paid() {
    given::<Payment>([failed("ch_1", 3000)])
        .when(captured("ch_2", 3000))
        .then([received("ch_2", 3000)]);
}

#[test]
fn a_payment_of_a_free_order_is_refused() {
    let order = PaidOrder { total_amount: amount(0), ..paid_order() };
    let command = ProcessPayment { order, ..process("ch_1", 1, Outcome::Captured) };
    given::<Payment>([])
        .when(PaymentCommand::ProcessPayment(command))
        .then_refused(PaymentRefusal::AlreadyPaid);
}

/// The provider has the money: refusing to record it would not return it.
#[test]
fn a_payment_above_the_orders_total_is_recorded() {
    given::<Payment>([]).when(captured("ch_1", 9000)).then([received("ch_1", 9000)]);
}

#[test]
fn the_sum_of_an_orders_payments_has_a_limit() {
    let largest = 9_007_199_254_740_991;
    given::<Payment>([received("ch_1", largest), refunded("ch_1", largest)])
        .when(captured("ch_2", 1))
        .then_refused(InvalidPayment::TotalTooLarge.into());
}

#[test]
fn declined_payments_leave_room_for_a_captured_one() {
    let history: Vec<PaymentEvent> = (0..PAYMENTS_WITH_DECLINED_MAX)
        .map(|number| failed(&format!("ch_{number}"), 3000))
        .collect();
    given::<Payment>(history.clone())
        .when(declined("one more", 3000))
        .then_refused(PaymentRefusal::TooManyPayments);
    given::<Payment>(history).when(captured("paid", 3000)).then([received("paid", 3000)]);
}

#[test]
fn the_number_of_an_orders_payments_has_a_limit() {
    let history: Vec<PaymentEvent> =
        (0..PAYMENTS_PER_ORDER_MAX).map(|number| received(&format!("ch_{number}"), 1)).collect();
    given::<Payment>(history)
        .when(captured("one more", 1))
        .then_refused(PaymentRefusal::TooManyPayments);
}

#[test]
fn the_state_gives_sums_of_one_payment_and_of_all() {
    let events =
        [failed("ch_1", 3000), received("ch_2", 3000), refunded("ch_2", 1200), refunded("ch_1", 5)];
    let state = events.iter().fold(PaymentState::default(), Payment::evolve);
    assert_eq!(state.captured(), amount(3000));
    assert_eq!(state.refunded(), amount(1200), "a declined payment refunds nothing");
    assert_eq!(state.paid(), amount(1800));
    assert!(!state.by_reference(&reference("ch_1")).unwrap().is_captured());
    assert_eq!(state.by_id(payment_id("ch_2")).unwrap().refundable(), amount(1800));
    assert_eq!(state.by_reference(&reference("ch_3")), None);
}
