//! Properties of an order's payments that hold for every sequence of commands.

use std::collections::BTreeMap;

use dekigoto::{Aggregate as _, Decider as _, EventSchema as _};
use proptest::{collection::vec, prelude::*};

use super::{Payment, PaymentEvent, PaymentState};
use crate::{
    Currency,
    limits::{PAYMENTS_PER_ORDER_MAX, REFUNDS_PER_ORDER_MAX},
    strategies::payment_command,
};

/// The captured and refunded sums of each currency, computed from the events as u128.
fn ledger(events: &[PaymentEvent]) -> BTreeMap<Currency, (u128, u128)> {
    let mut sums = BTreeMap::<Currency, (u128, u128)>::new();
    for event in events {
        match event {
            PaymentEvent::PaymentReceived(event) => {
                sums.entry(event.currency).or_default().0 += u128::from(event.amount.get());
            }
            PaymentEvent::PaymentRefunded(event) => {
                sums.entry(event.currency).or_default().1 += u128::from(event.amount.get());
            }
            PaymentEvent::PaymentFailed(_) | PaymentEvent::RefundFailed(_) => {}
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn refunds_never_exceed_captures_s10(commands in vec(payment_command(), 0..24)) {
        let (mut state, mut history) = (PaymentState::default(), Vec::new());
        for command in commands {
            let before = state.clone();
            let Ok(events) = Payment::decide(&state, command) else {
                prop_assert_eq!(&state, &before, "a refused command changes nothing");
                continue;
            };
            state = Payment::fold(state, &events);
            history.extend(events);

            let sums = ledger(&history);
            prop_assert!(state.captured_currencies().iter().eq(sums.keys()));
            for (currency, (captured, refunded)) in sums {
                prop_assert!(refunded <= captured);
                prop_assert_eq!(u128::from(state.captured(currency).get()), captured);
                prop_assert_eq!(u128::from(state.refunded(currency).get()), refunded);
                prop_assert_eq!(u128::from(state.paid().amount(currency).get()), captured - refunded);
            }
            for payment in state.payments() {
                prop_assert!(payment.refunded_amount() <= payment.captured_amount());
            }
            prop_assert!(state.payments().len() <= PAYMENTS_PER_ORDER_MAX);
            prop_assert!(state.refund_count() <= REFUNDS_PER_ORDER_MAX);
        }
        prop_assert_eq!(&state, &Payment::fold(PaymentState::default(), &history));
    }

    #[test]
    fn a_payment_and_a_refund_are_recorded_once(commands in vec(payment_command(), 0..24)) {
        let mut state = PaymentState::default();
        let mut recorded = Vec::new();
        for command in commands {
            let Ok(events) = Payment::decide(&state, command.clone()) else { continue };
            state = Payment::fold(state, &events);
            recorded.push(command);
            for again in &recorded {
                prop_assert_eq!(Payment::decide(&state, again.clone()), Ok(vec![]));
            }
        }
        let mut references: Vec<_> =
            state.payments().iter().map(|payment| &payment.reference).collect();
        references.sort();
        references.dedup();
        prop_assert_eq!(references.len(), state.payments().len());
    }

    #[test]
    fn events_and_states_survive_storage(commands in vec(payment_command(), 0..24)) {
        let mut state = PaymentState::default();
        for command in commands {
            for event in Payment::decide(&state, command).unwrap_or_default() {
                let stored = event.encode().unwrap();
                let read = PaymentEvent::decode(&stored.event_type, stored.schema_version, &stored.payload);
                prop_assert_eq!(read.unwrap(), vec![event.clone()]);
                state = Payment::evolve(state, &event);
            }
        }
        let text = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<PaymentState>(&text).unwrap(), state);
    }
}
