//! The events of the price list. The stream of a price has the product's id.

use dekigoto::{Timestamp, event_schema, views::Published};
use serde::{Deserialize, Serialize};

/// The aggregate `Price`, for a view of the kit.
#[derive(Clone, Copy, Debug)]
pub struct Price;

impl Published for Price {
    type Event = PriceEvent;

    const TYPE: &'static str = "Price";
}

/// An event of a product's price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceEvent {
    /// Staff set the price of a product.
    PriceSet(PriceSet),
}

event_schema! {
    PriceEvent {
        PriceSet as "PriceSet": 1,
    }
}

/// Staff set the price of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PriceSet {
    /// The product's id.
    pub product_id: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// The price of one piece, in the currency's minor unit.
    pub unit_amount: u64,
    /// From when it holds.
    pub valid_from: Timestamp,
}
