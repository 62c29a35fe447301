//! Properties of an order that hold for every sequence of commands.

use dekigoto::{Aggregate as _, Decider as _, EventSchema as _};
use proptest::{collection::vec, prelude::*};

use super::{Order, OrderEvent, OrderState, Status};
use crate::{Amount, strategies::order_command};

fn status_after(event: &OrderEvent) -> Status {
    match event {
        OrderEvent::OrderPlaced(_) => Status::Pending,
        OrderEvent::OrderConfirmed(_) => Status::Confirmed,
        OrderEvent::OrderShipped(_) => Status::Shipped,
        OrderEvent::OrderDelivered(_) => Status::Delivered,
        OrderEvent::OrderCancelled(_) => Status::Cancelled,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_decided_event_has_its_effect(commands in vec(order_command(), 0..12)) {
        let (mut state, mut history) = (OrderState::default(), Vec::new());
        for command in commands {
            let before = state.clone();
            let Ok(events) = Order::decide(&state, command) else {
                prop_assert_eq!(&state, &before, "a refused command changes nothing");
                continue;
            };
            prop_assert_eq!(events.len(), 1);
            state = Order::fold(state, &events);
            let status = state.placed().map(|order| order.status);
            prop_assert_eq!(status, events.first().map(status_after));
            history.extend(events);
        }
        prop_assert_eq!(&state, &Order::fold(OrderState::default(), &history));

        // No order is both shipped and cancelled.
        let shipped = history.iter().any(|event| matches!(event, OrderEvent::OrderShipped(_)));
        let cancelled = history.iter().any(|event| matches!(event, OrderEvent::OrderCancelled(_)));
        prop_assert!(!(shipped && cancelled));
    }

    #[test]
    fn the_total_is_the_sum_of_the_lines(command in order_command()) {
        let Ok(events) = Order::decide(&OrderState::default(), command) else { return Ok(()) };
        for event in events {
            let OrderEvent::OrderPlaced(placed) = event else { unreachable!() };
            let sum: u128 = placed.items.iter()
                .map(|item| u128::from(item.quantity.get()) * u128::from(item.unit_amount.get()))
                .sum();
            prop_assert_eq!(sum, u128::from(placed.total_amount.get()));
            prop_assert!(placed.total_amount <= Amount::MAX);
        }
    }

    #[test]
    fn events_and_states_survive_storage(commands in vec(order_command(), 0..12)) {
        let mut state = OrderState::default();
        for command in commands {
            for event in Order::decide(&state, command).unwrap_or_default() {
                let stored = event.encode().unwrap();
                let read = OrderEvent::decode(&stored.event_type, stored.schema_version, &stored.payload);
                prop_assert_eq!(read.unwrap(), vec![event.clone()]);
                state = Order::evolve(state, &event);
            }
            let text = serde_json::to_string(&state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<OrderState>(&text).unwrap(), &state);
        }
    }
}
