//! Properties of the views in every order of delivery.

use dekigoto::{Aggregate as _, Decider as _, Timestamp};
use proptest::{collection::vec, prelude::*};

use super::{
    customer_summary::CustomerSummary, daily_sales::DailySales, order_summary::OrderSummary,
};
use orders::{
    order::{Order, OrderCommand, OrderEvent, OrderState},
    payment::{Payment, PaymentEvent, PaymentState},
    samples::{at, cancel},
    strategies::{order_command, payment_command, place_order},
};

/// The events of several orders of several customers: each order is placed, and some are cancelled. Unsorted.
fn shuffled_events() -> impl Strategy<Value = (Vec<Timed>, Vec<Timed>)> {
    vec((place_order(), any::<bool>()), 0..8)
        .prop_map(|orders| {
            let orders = orders.into_iter().flat_map(|(place, is_cancelled)| {
                let mut commands = vec![OrderCommand::PlaceOrder(place)];
                if is_cancelled {
                    commands.push(OrderCommand::CancelOrder(cancel()));
                }
                order_events(commands)
            });
            (0..).map(at).zip(orders).collect::<Vec<_>>()
        })
        .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
}

type Timed = (Timestamp, OrderEvent);

fn order_events(commands: Vec<OrderCommand>) -> Vec<OrderEvent> {
    let (mut state, mut history) = (OrderState::default(), Vec::new());
    for command in commands {
        let events = Order::decide(&state, command).unwrap_or_default();
        state = Order::fold(state, &events);
        history.extend(events);
    }
    history
}

fn payment_events() -> impl Strategy<Value = Vec<PaymentEvent>> {
    vec(payment_command(), 0..12).prop_map(|commands| {
        let (mut state, mut history) = (PaymentState::default(), Vec::new());
        for command in commands {
            let events = Payment::decide(&state, command).unwrap_or_default();
            state = Payment::fold(state, &events);
            history.extend(events);
        }
        history
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn customer_summaries_are_the_same_in_every_order((events, shuffled) in shuffled_events()) {
        let fold = |events: &[Timed]| {
            let mut row = CustomerSummary::default();
            events.iter().for_each(|(at, event)| row.apply(event, *at));
            row
        };
        prop_assert_eq!(fold(&events), fold(&shuffled));
    }

    #[test]
    fn daily_sales_are_the_same_in_every_order((events, shuffled) in shuffled_events()) {
        let fold = |events: &[Timed]| {
            let mut row = DailySales::default();
            events.iter().for_each(|(_, event)| row.apply(event));
            row
        };
        let row = fold(&events);
        prop_assert_eq!(&row, &fold(&shuffled));
        prop_assert!(row.total_amount >= 0, "once all events are applied");
    }

    #[test]
    fn an_order_summary_shows_the_paid_amount_of_its_payments(commands in vec(payment_command(), 0..12)) {
        let mut state = PaymentState::default();
        let mut row = OrderSummary::default();
        for command in commands {
            let events = Payment::decide(&state, command).unwrap_or_default();
            events.iter().for_each(|event| row.apply_payment(event));
            state = Payment::fold(state, &events);
            prop_assert_eq!(&row.paid, &state.paid());
        }
    }

    #[test]
    fn an_order_summary_is_the_same_for_every_mix_of_its_two_streams(
        commands in vec(order_command(), 0..8),
        payments in payment_events(),
        order_is_next in vec(any::<bool>(), 24),
    ) {
        let orders = order_events(commands);
        let (mut one_by_one, mut mixed) = (OrderSummary::default(), OrderSummary::default());
        orders.iter().for_each(|event| one_by_one.apply_order(event, at(0)));
        payments.iter().for_each(|event| one_by_one.apply_payment(event));

        let (mut orders, mut payments) = (orders.iter().peekable(), payments.iter().peekable());
        for order_is_next in order_is_next.into_iter().cycle() {
            match (orders.peek(), payments.peek()) {
                (None, None) => break,
                (Some(event), _) if order_is_next => {
                    mixed.apply_order(event, at(0));
                    orders.next();
                }
                (_, Some(event)) => {
                    mixed.apply_payment(event);
                    payments.next();
                }
                (Some(event), None) => {
                    mixed.apply_order(event, at(0));
                    orders.next();
                }
            }
        }
        prop_assert_eq!(mixed, one_by_one);
    }
}
