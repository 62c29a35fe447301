//! Specs of the fulfilment: of its process, and of the commands that the policy issues.

use std::time::Duration;

use dekigoto::{
    Decider as _, EventSchema as _, Version,
    policies::{Commanded, Policy as _},
    spec::{Happened, commanded, given, given_policy, happened},
};

use super::{
    CancellationRequested, ConfirmationRequested, CountPayment, CountRefund, Fulfilment,
    FulfilmentCommand, FulfilmentEvent, FulfilmentStarted, FulfilmentState, NOT_PAID,
    OrderStatusNoted, PaymentCounted, Phase, RefundReason, RefundRequested, RequestEnd,
    RequestEnded, StartFulfilment,
};
use crate::{
    Reason, Status,
    order::{CancelOrder, ConfirmOrder, Order, OrderCommand, OrderEvent, OrderRefusal},
    payment::{Payment, PaymentEvent},
    samples::{
        amount, at, cancelled, confirmed, failed, order_id, paid, payment_id, place, placed,
        received, reference, refunded, shipped,
    },
};

pub(super) fn start(confirms_itself: bool) -> StartFulfilment {
    StartFulfilment {
        customer_id: place().customer_id,
        currency: place().currency,
        total_amount: amount(3000),
        pay_until: at(30),
        confirms_itself,
    }
}

pub(super) fn started(confirms_itself: bool) -> FulfilmentEvent {
    let StartFulfilment { customer_id, currency, total_amount, pay_until, .. } = start(true);
    FulfilmentEvent::Started(FulfilmentStarted {
        customer_id,
        currency,
        total_amount,
        pay_until,
        confirms_itself,
    })
}

pub(super) fn counted(name: &str, minor_units: u64) -> FulfilmentEvent {
    FulfilmentEvent::PaymentCounted(PaymentCounted {
        payment_id: payment_id(name),
        reference: reference(name),
        amount: amount(minor_units),
        currency: Some(place().currency),
    })
}

pub(super) fn count_payment(name: &str, minor_units: u64, currency: &str) -> FulfilmentCommand {
    FulfilmentCommand::CountPayment(CountPayment {
        payment_id: payment_id(name),
        reference: reference(name),
        amount: amount(minor_units),
        currency: currency.parse().unwrap(),
    })
}

pub(super) fn count_refund(name: &str, minor_units: u64, version: u64) -> FulfilmentCommand {
    FulfilmentCommand::CountRefund(CountRefund {
        payment_id: payment_id(name),
        reference: reference(name),
        amount: amount(minor_units),
        currency: place().currency,
        version: Version::new(version).unwrap(),
    })
}

pub(super) fn noted(status: Status) -> FulfilmentEvent {
    FulfilmentEvent::OrderStatusNoted(OrderStatusNoted { status })
}

pub(super) fn confirmation_requested(step: u64) -> FulfilmentEvent {
    FulfilmentEvent::ConfirmationRequested(ConfirmationRequested { step })
}

pub(super) fn cancellation_requested(step: u64) -> FulfilmentEvent {
    FulfilmentEvent::CancellationRequested(CancellationRequested { step })
}

pub(super) fn ended(step: u64, end: RequestEnd) -> FulfilmentEvent {
    FulfilmentEvent::RequestEnded(RequestEnded { step, end })
}

fn refund_requested(name: &str, minor_units: u64, reason: RefundReason) -> FulfilmentEvent {
    FulfilmentEvent::RefundRequested(RefundRequested {
        customer_id: place().customer_id,
        payment_id: payment_id(name),
        reference: reference(name),
        amount: amount(minor_units),
        currency: place().currency,
        reason,
    })
}

fn order(event: OrderEvent) -> Happened {
    happened::<Order>(&order_id().to_string(), event).at(at(0))
}

fn payment(event: PaymentEvent) -> Happened {
    happened::<Payment>(&order_id().to_string(), event).at(at(1))
}

fn confirm() -> Commanded {
    let funds = paid();
    commanded::<Order>(order_id(), OrderCommand::ConfirmOrder(ConfirmOrder { funds }))
}

fn cancel() -> Commanded {
    let reason: Reason = NOT_PAID.parse().unwrap();
    commanded::<Order>(order_id(), OrderCommand::CancelOrder(CancelOrder { reason }))
}

fn policy() -> Fulfilment {
    Fulfilment::default()
}

/// The phase after these events were delivered in this order, each request done.
fn phase_after(events: impl IntoIterator<Item = FulfilmentEvent>) -> Phase {
    events
        .into_iter()
        .fold(FulfilmentState::default(), |state, it| Fulfilment::evolve(state, &it))
        .phase()
}

/// The events of orders and payments that change nothing for a fulfilment.
const NOT_HEARD: [&str; 3] = ["OrderDelivered", "PaymentFailed", "RefundFailed"];

#[test]
fn a_fulfilment_hears_of_every_event_of_an_order_and_its_payments_or_is_known_not_to() {
    for (name, _) in OrderEvent::NEWEST.iter().chain(PaymentEvent::NEWEST) {
        assert!(
            Fulfilment::EVENTS.contains(name) != NOT_HEARD.contains(name),
            "does {name} change something for a fulfilment? Then add it to `EVENTS` in fulfilment/mod.rs and to the \
             mapping `Policies` of template.yaml; else add it to `NOT_HEARD` in its specs"
        );
    }
}

#[test]
fn an_order_that_is_paid_in_full_is_confirmed_once_in_any_delivery_s9() {
    given_policy(policy(), [order(placed())])
        .reacting_to(payment(received("ch_1", 3000)))
        .delivered_twice()
        .shuffled()
        .then_commands([confirm()]);
}

#[test]
fn two_part_payments_add_up() {
    given_policy(policy(), [order(placed()), payment(received("ch_1", 1000))])
        .reacting_to(payment(received("ch_2", 2000)))
        .delivered_twice()
        .shuffled()
        .then_commands([confirm()]);
}

#[test]
fn a_declined_payment_waits_for_another_attempt() {
    given_policy(policy(), [order(placed())])
        .reacting_to(payment(failed("ch_1", 3000)))
        .delivered_twice()
        .then_nothing()
        .reacting_to(payment(received("ch_2", 3000)))
        .then_commands([confirm()]);
}

#[test]
fn an_order_that_is_not_paid_in_time_is_cancelled_once_s9() {
    given_policy(policy(), [order(placed()), payment(received("ch_1", 2999))])
        .when_due()
        .delivered_twice()
        .then_commands([cancel()])
        .when_due()
        .then_nothing();
}

#[test]
fn a_paid_confirmed_or_cancelled_order_has_no_deadline() {
    for last in [payment(received("ch_1", 3000)), order(confirmed()), order(cancelled())] {
        let given = given_policy(policy(), [order(placed()), last]);
        let _ = given.when_due().then_nothing();
    }
}

#[test]
fn the_deadline_is_counted_from_the_placing() {
    let hour = Fulfilment { payment_time: Duration::from_secs(3600), confirms_itself: true };
    let placed = order(placed()).at(at(7));
    let state = given_policy(hour, []).reacting_to(placed).then_nothing();
    let mut expected = start(true);
    expected.pay_until = at(67);
    let Ok(events) = Fulfilment::decide(
        &FulfilmentState::default(),
        FulfilmentCommand::StartFulfilment(expected),
    );
    let expected = events.iter().fold(FulfilmentState::default(), Fulfilment::evolve);
    assert_eq!(Fulfilment::deadline(&expected).unwrap().at, at(67));
    let _ = state.then_state(order_id(), expected);
}

#[test]
fn an_order_that_a_person_confirms_waits_for_them_when_it_is_paid() {
    let by_hand = Fulfilment { confirms_itself: false, ..policy() };
    given_policy(by_hand, [order(placed())])
        .reacting_to(payment(received("ch_1", 3000)))
        .then_nothing()
        .when_due()
        .then_nothing();
}

#[test]
fn a_refused_confirmation_ends_and_waits_for_the_orders_own_event_l3() {
    given_policy(policy(), [order(placed())])
        .reacting_to(payment(received("ch_1", 3000)))
        .refused::<Order>(OrderRefusal::NotFound)
        .delivered_twice()
        .then_commands([confirm()])
        .reacting_to(order(cancelled()))
        .then_nothing();
    let waiting = [started(true), counted("ch_1", 3000), confirmation_requested(1)];
    let waiting = waiting.into_iter().chain([ended(1, RequestEnd::Refused)]);
    assert_eq!(phase_after(waiting), Phase::Waiting);
}

#[test]
fn a_payment_that_comes_while_the_order_is_cancelled_confirms_it_if_the_cancellation_fails() {
    let events = [started(true), cancellation_requested(1), counted("ch_1", 3000)];
    given::<Fulfilment>(events)
        .when(FulfilmentCommand::EndCancellation(RequestEnd::Refused))
        .then([ended(1, RequestEnd::Refused), confirmation_requested(2)]);
}

#[test]
fn a_payment_after_the_cancellation_is_asked_back_once_s10() {
    let given = given::<Fulfilment>([started(true), noted(Status::Cancelled)]);
    let refund = refund_requested("ch_1", 3000, RefundReason::Cancelled);
    let given = given.when(count_payment("ch_1", 3000, "JPY"));
    let given = given.then([counted("ch_1", 3000), refund]);
    given.when(count_payment("ch_1", 3000, "JPY")).then_nothing();
}

#[test]
fn a_payment_of_an_order_that_is_cancelled_later_is_asked_back_s10() {
    given::<Fulfilment>([started(true), counted("ch_1", 1000), counted("ch_2", 500)])
        .when(FulfilmentCommand::NoteStatus(Status::Cancelled))
        .then([
            noted(Status::Cancelled),
            refund_requested("ch_2", 500, RefundReason::Cancelled),
            refund_requested("ch_1", 1000, RefundReason::Cancelled),
        ]);
}

#[test]
fn a_surplus_is_asked_back_from_the_newest_payment_s10() {
    given::<Fulfilment>([started(true), counted("ch_1", 2000), counted("ch_2", 1800)])
        .when(FulfilmentCommand::NoteStatus(Status::Confirmed))
        .then([noted(Status::Confirmed), refund_requested("ch_2", 800, RefundReason::Surplus)]);
}

#[test]
fn a_payment_in_another_currency_does_not_pay_the_order_and_is_asked_back_once_s10() {
    let in_euros = |event| match event {
        FulfilmentEvent::PaymentCounted(it) => FulfilmentEvent::PaymentCounted(PaymentCounted {
            currency: Some("EUR".parse().unwrap()),
            ..it
        }),
        FulfilmentEvent::RefundRequested(it) => FulfilmentEvent::RefundRequested(RefundRequested {
            currency: "EUR".parse().unwrap(),
            ..it
        }),
        other => other,
    };
    let refund = in_euros(refund_requested("ch_1", 3000, RefundReason::Surplus));
    let counted = in_euros(counted("ch_1", 3000));
    given::<Fulfilment>([started(true)])
        .when(count_payment("ch_1", 3000, "EUR"))
        .then([counted.clone(), refund.clone()])
        .when(count_payment("ch_1", 3000, "EUR"))
        .then_nothing();
    // Its order may become known later.
    let Ok(start) = Fulfilment::decide(
        &FulfilmentState::default().after(&counted),
        FulfilmentCommand::StartFulfilment(start(true)),
    );
    assert_eq!(start, [started(true), refund]);
}

#[test]
fn a_fulfilment_is_not_ended_before_a_payment_in_another_currency_is_refunded_s10() {
    let decided = |state: FulfilmentState, command| {
        let Ok(events) = Fulfilment::decide(&state, command);
        events.iter().fold(state, Fulfilment::evolve)
    };
    let state =
        decided(FulfilmentState::default(), FulfilmentCommand::StartFulfilment(start(true)));
    let state = decided(state, count_payment("ch_1", 3000, "JPY"));
    let state = decided(state, count_payment("ch_2", 20, "EUR"));
    let state = decided(state, FulfilmentCommand::NoteStatus(Status::Shipped));
    assert!(!state.is_ended());
    let FulfilmentCommand::CountRefund(refund) = count_refund("ch_2", 20, 3) else {
        unreachable!()
    };
    let refund = CountRefund { currency: "EUR".parse().unwrap(), ..refund };
    let state = decided(state, FulfilmentCommand::CountRefund(refund));
    assert!(state.is_ended());
    assert_eq!(state.paid(), amount(3000));
}

/// Events that were written before payments had a currency.
#[test]
fn a_counted_payment_without_a_currency_pays_the_order() {
    let FulfilmentEvent::PaymentCounted(it) = counted("ch_1", 3000) else { unreachable!() };
    let old = FulfilmentEvent::PaymentCounted(PaymentCounted { currency: None, ..it });
    let state = FulfilmentState::default().after(&started(true)).after(&old);
    assert_eq!(state.paid(), amount(3000));
    assert_eq!(state.refunds_due().count(), 0);
}

#[test]
fn a_refund_that_was_asked_for_is_not_asked_for_again_s10() {
    let given = given::<Fulfilment>([
        started(true),
        counted("ch_1", 3000),
        noted(Status::Cancelled),
        refund_requested("ch_1", 3000, RefundReason::Cancelled),
    ]);
    given
        .when(count_payment("ch_2", 100, "JPY"))
        .then([counted("ch_2", 100), refund_requested("ch_2", 100, RefundReason::Cancelled)]);
}

#[test]
fn a_fulfilment_ends_when_the_order_is_shipped_or_cancelled_and_no_refund_is_missing() {
    let state = |events: &[FulfilmentEvent]| {
        events.iter().fold(FulfilmentState::default(), Fulfilment::evolve)
    };
    let paid = [started(true), counted("ch_1", 3000), noted(Status::Confirmed)];
    assert!(!state(&paid).is_ended());
    assert!(state(&[&paid[..], &[noted(Status::Shipped)]].concat()).is_ended());
    let cancelled = [&paid[..], &[noted(Status::Cancelled)]].concat();
    assert!(!state(&cancelled).is_ended());
    let Ok(refunded) = Fulfilment::decide(&state(&cancelled), count_refund("ch_1", 3000, 2));
    assert!(state(&[cancelled, refunded].concat()).is_ended());
}

#[test]
fn a_refund_that_was_made_is_not_asked_for_again_s10() {
    let events = [started(true), counted("ch_1", 3000), noted(Status::Cancelled)]
        .into_iter()
        .chain([refund_requested("ch_1", 3000, RefundReason::Cancelled)]);
    let given = given::<Fulfilment>(events);
    let command = count_refund("ch_1", 3000, 2);
    let Ok(counted) = Fulfilment::decide(&FulfilmentState::default(), command.clone());
    let given = given.when(command.clone()).then(counted);
    given.when(command).then_nothing();
}

#[test]
fn a_whole_story_in_any_order_asks_the_same_of_the_order_s9() {
    given_policy(policy(), [order(placed()), order(cancelled())])
        .reacting_to(payment(received("ch_1", 3000)))
        .delivered_twice()
        .then_nothing()
        .reacting_to(payment(refunded("ch_1", "re_1", 3000)))
        .delivered_twice()
        .then_nothing();
    given_policy(policy(), [order(placed()), order(confirmed())])
        .reacting_to(order(shipped()))
        .delivered_twice()
        .shuffled()
        .then_nothing();
}

#[test]
fn the_reason_of_a_cancellation_is_a_valid_text() {
    assert!(NOT_PAID.parse::<Reason>().is_ok());
}
