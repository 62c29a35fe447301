//! The rules for recording a payment, one test each.

use dekigoto::{Aggregate as _, spec::given};

use super::{
    InvalidPayment, Outcome, Payment, PaymentCommand, PaymentEvent, PaymentFailed, PaymentRefusal,
    PaymentState, ProcessPayment,
};
use crate::{
    limits::{PAYMENTS_PER_ORDER_MAX, PAYMENTS_WITH_DECLINED_MAX, REFUNDS_PER_ORDER_MAX},
    samples::{
        amount, failed, in_euros, paid_order, place, received, reference, refund_failed, refunded,
    },
};

fn process(reference: &str, minor_units: u64, outcome: Outcome) -> ProcessPayment {
    ProcessPayment {
        order: paid_order(),
        reference: self::reference(reference),
        amount: amount(minor_units),
        currency: place().currency,
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
fn the_same_reference_and_outcome_is_the_same_payment() {
    given::<Payment>([received("ch_1", 3000)]).when(captured("ch_1", 3000)).then_nothing();
    given::<Payment>([failed("ch_1", 3000)]).when(declined("ch_1", 3000)).then_nothing();
    let without_reason = process("ch_1", 3000, Outcome::Declined(None));
    given::<Payment>([failed("ch_1", 3000)])
        .when(PaymentCommand::ProcessPayment(without_reason))
        .then_nothing();
}

#[test]
fn a_repeated_payment_is_recognised_after_a_refund() {
    given::<Payment>([received("ch_1", 3000), refunded("ch_1", "re_1", 3000)])
        .when(captured("ch_1", 3000))
        .then_nothing();
}

#[test]
fn a_payment_may_be_declined_and_then_captured_under_one_reference_s10() {
    given::<Payment>([])
        .when(declined("pi_1", 3000))
        .then([failed("pi_1", 3000)])
        .when(captured("pi_1", 3000))
        .then([received("pi_1", 3000)])
        .when(declined("pi_1", 3000))
        .then_nothing()
        .when(captured("pi_1", 3000))
        .then_nothing();
}

/// Webhooks of a provider arrive in any order.
#[test]
fn a_decline_that_arrives_after_the_capture_changes_nothing_that_was_paid_s10() {
    let events = [received("pi_1", 3000), failed("pi_1", 3000)];
    given::<Payment>(events[..1].to_vec()).when(declined("pi_1", 3000)).then(events[1..].to_vec());
    let state = Payment::fold(PaymentState::default(), &events);
    assert_eq!((state.payments().len(), state.paid().amount(place().currency)), (1, amount(3000)));
}

#[test]
fn the_same_reference_and_outcome_with_another_amount_or_currency_is_refused() {
    let other_currency = ProcessPayment {
        currency: "EUR".parse().unwrap(),
        ..process("ch_1", 3000, Outcome::Captured)
    };
    let others = [
        captured("ch_1", 2999),
        captured("ch_1", 0),
        PaymentCommand::ProcessPayment(other_currency),
    ];
    for other in others {
        given::<Payment>([received("ch_1", 3000)])
            .when(other)
            .then_refused(PaymentRefusal::ReferenceReused);
    }
    given::<Payment>([failed("ch_1", 3000)])
        .when(declined("ch_1", 2999))
        .then_refused(PaymentRefusal::ReferenceReused);
}

#[test]
fn a_new_reference_is_visible_and_one_of_before_still_matches() {
    for text in ["ch_1\u{200B}", "ch_1 ", "\u{2060}"] {
        let refusal = reference(text).must_be_visible().unwrap_err();
        given::<Payment>([received("ch_1", 3000)])
            .when(captured(text, 3000))
            .then_refused(InvalidPayment::Reference(refusal).into());
        given::<Payment>([received(text, 3000)]).when(captured(text, 3000)).then_nothing();
    }
}

#[test]
fn a_payment_in_another_currency_than_the_orders_is_recorded_and_does_not_pay_the_order_s10() {
    let jpy = place().currency;
    let eur = "EUR".parse().unwrap();
    let in_euros_as = |outcome| {
        PaymentCommand::ProcessPayment(ProcessPayment {
            currency: eur,
            ..process("ch_1", 3000, outcome)
        })
    };
    let declined = in_euros_as(Outcome::Declined(Some("insufficient funds".parse().unwrap())));
    let events = [in_euros(failed("ch_1", 3000)), in_euros(received("ch_1", 3000))];
    given::<Payment>([])
        .when(declined)
        .then(events[..1].to_vec())
        .when(in_euros_as(Outcome::Captured))
        .then(events[1..].to_vec())
        .when(in_euros_as(Outcome::Captured))
        .then_nothing();
    let state = Payment::fold(PaymentState::default(), &events);
    assert_eq!((state.paid().amount(jpy), state.paid().amount(eur)), (amount(0), amount(3000)));
    assert_eq!(state.captured_currencies().into_iter().collect::<Vec<_>>(), [eur]);
}

#[test]
fn a_payment_of_zero_is_refused() {
    for command in [captured("ch_1", 0), declined("ch_1", 0)] {
        given::<Payment>([]).when(command).then_refused(InvalidPayment::Zero.into());
    }
}

/// The provider has the money: refusing to record it would not return it.
#[test]
fn a_capture_of_a_paid_order_is_recorded_s10() {
    given::<Payment>([])
        .when(captured("ch_1", 1000))
        .then([received("ch_1", 1000)])
        .when(captured("ch_2", 2000))
        .then([received("ch_2", 2000)])
        .when(captured("ch_3", 3000))
        .then([received("ch_3", 3000)])
        .when(declined("ch_4", 3000))
        .then([failed("ch_4", 3000)]);
}

#[test]
fn a_capture_above_the_orders_total_is_recorded_s10() {
    given::<Payment>([]).when(captured("ch_1", 9000)).then([received("ch_1", 9000)]);
}

#[test]
fn the_sum_of_an_orders_payments_has_a_limit() {
    let largest = 9_007_199_254_740_991;
    given::<Payment>([received("ch_1", largest), refunded("ch_1", "re_1", largest)])
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
    let mut history: Vec<PaymentEvent> =
        (1..PAYMENTS_PER_ORDER_MAX).map(|number| received(&format!("ch_{number}"), 1)).collect();
    history.push(failed("pi_1", 1));
    given::<Payment>(history.clone())
        .when(captured("one more", 1))
        .then_refused(PaymentRefusal::TooManyPayments);
    given::<Payment>(history).when(captured("pi_1", 1)).then([received("pi_1", 1)]);
}

#[test]
fn the_state_gives_sums_of_one_payment_and_of_all() {
    let events = [
        failed("ch_1", 3000),
        received("ch_2", 3000),
        refunded("ch_2", "re_1", 1200),
        refund_failed("ch_2", "re_2", 500),
    ];
    let state = Payment::fold(PaymentState::default(), &events);
    let currency = place().currency;
    assert_eq!(state.captured(currency), amount(3000));
    assert_eq!(state.refunded(currency), amount(1200), "a failed refund returns nothing");
    assert_eq!(state.paid().amount(currency), amount(1800));
    assert_eq!(state.by_reference(&reference("ch_1")).unwrap().captured, None);
    assert_eq!(state.by_reference(&reference("ch_2")).unwrap().refundable(), amount(1800));
    assert_eq!(state.by_reference(&reference("ch_3")), None);
}

#[test]
fn the_largest_state_fits_a_snapshot() {
    let longest = |prefix: &str, number: usize| format!("{prefix}{number:0>126}");
    let events = (0..PAYMENTS_PER_ORDER_MAX).flat_map(|number| {
        let reference = longest("\"\"", number);
        let PaymentEvent::PaymentFailed(mut declined) = failed(&reference, 1) else {
            unreachable!()
        };
        declined.decline_reason = Some("\"".repeat(200).parse().unwrap());
        let refund = (number < REFUNDS_PER_ORDER_MAX)
            .then(|| refunded(&reference, &longest("\\\\", number), 170_000_000_000_000));
        let received = received(&reference, 180_000_000_000_000);
        [Some(PaymentEvent::PaymentFailed(declined)), Some(received), refund].into_iter().flatten()
    });
    let events: Vec<PaymentEvent> = events.collect();
    let state = Payment::fold(PaymentState::default(), &events);
    let bytes = serde_json::to_string(&state).unwrap().len();
    assert!(bytes < dekigoto::limits::SNAPSHOT_BYTES_MAX, "{bytes} bytes");
}
