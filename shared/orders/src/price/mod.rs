//! The price of a product: one stream for each product, with one event for each price that staff sets.
//!
//! A price holds from a moment on. An order takes the price that holds when it is placed, and keeps it.

use std::{collections::BTreeMap, convert::Infallible};

use dekigoto::{Aggregate, Decider, Timestamp, event_schema};
use serde::{Deserialize, Serialize};

use crate::{Currency, ProductId, UnitAmount};

/// Sets the price of a product. Its JSON is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPrice {
    #[serde(skip)]
    pub product_id: ProductId,
    pub currency: Currency,
    pub unit_amount: UnitAmount,
    pub valid_from: Timestamp,
}

/// Staff set the price of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceSet {
    pub product_id: ProductId,
    pub currency: Currency,
    /// The price of one piece, in the currency's minor unit.
    pub unit_amount: UnitAmount,
    /// The moment from which it holds. Of two prices of one moment, the later event holds.
    pub valid_from: Timestamp,
}

/// An event of a product's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceEvent {
    PriceSet(PriceSet),
}

event_schema! {
    PriceEvent {
        PriceSet as "PriceSet": 1,
    }
}

/// Every event in every schema version. A test compares the list with the registry.
#[cfg(feature = "schema")]
#[must_use]
pub fn event_types() -> Vec<dekigoto::contract::EventType> {
    use dekigoto::contract::EventType;

    vec![EventType::domain::<PriceSet>("PriceSet", 1)]
}

/// The price that was set last, in each currency. That is all that the rule needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceState {
    last: BTreeMap<Currency, (UnitAmount, Timestamp)>,
}

/// The price aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Price;

impl Decider for Price {
    type Command = SetPrice;
    type Event = PriceEvent;
    type State = PriceState;
    /// Every price may be set.
    type Refusal = Infallible;

    fn decide(state: &PriceState, command: SetPrice) -> Result<Vec<PriceEvent>, Infallible> {
        let SetPrice { product_id, currency, unit_amount, valid_from } = command;
        if state.last.get(&currency) == Some(&(unit_amount, valid_from)) {
            return Ok(vec![]);
        }
        let set = PriceSet { product_id, currency, unit_amount, valid_from };
        Ok(vec![PriceEvent::PriceSet(set)])
    }

    fn evolve(mut state: PriceState, event: &PriceEvent) -> PriceState {
        let PriceEvent::PriceSet(PriceSet { currency, unit_amount, valid_from, .. }) = event;
        state.last.insert(*currency, (*unit_amount, *valid_from));
        state
    }
}

impl Aggregate for Price {
    type Id = ProductId;

    const TYPE: &'static str = "Price";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

#[cfg(test)]
mod tests {
    use dekigoto::spec::given;

    use super::*;
    use crate::samples::{at, price_set};

    fn set(minor_units: u64, currency: &str, from: i64) -> SetPrice {
        SetPrice {
            product_id: "p-1".parse().unwrap(),
            currency: currency.parse().unwrap(),
            unit_amount: minor_units.try_into().unwrap(),
            valid_from: at(from),
        }
    }

    #[test]
    fn a_price_can_be_set_raised_and_set_in_another_currency() {
        given::<Price>([])
            .when(set(1500, "JPY", 0))
            .then([price_set(1500, "JPY", 0)])
            .when(set(1600, "JPY", 60))
            .then([price_set(1600, "JPY", 60)])
            .when(set(1500, "EUR", 0))
            .then([price_set(1500, "EUR", 0)]);
    }

    #[test]
    fn setting_the_same_price_again_changes_nothing() {
        given::<Price>([price_set(1500, "JPY", 0), price_set(1500, "EUR", 0)])
            .when(set(1500, "JPY", 0))
            .then_nothing();
    }

    #[test]
    fn an_earlier_price_can_be_set_back() {
        given::<Price>([price_set(1500, "JPY", 0), price_set(1600, "JPY", 0)])
            .when(set(1500, "JPY", 0))
            .then([price_set(1500, "JPY", 0)]);
    }
}
