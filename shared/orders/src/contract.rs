//! The JSON Schemas of all events, for the contract with subscribers. Only with the feature `schema`.

use dekigoto::contract::EventType;

use crate::{fulfilment, order, payment, price};

/// Every event of every aggregate, in every version.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    [order::event_types(), payment::event_types(), fulfilment::event_types(), price::event_types()]
        .concat()
}
