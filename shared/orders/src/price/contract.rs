//! The JSON Schemas of the events of prices, for the contract with subscribers.

use dekigoto::contract::EventType;

use super::PriceSet;

/// Every event in every schema version. A test compares the list with the registry.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    vec![EventType::domain::<PriceSet>("PriceSet", 1)]
}
