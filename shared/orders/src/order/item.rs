//! One line of an order.

use std::{borrow::Cow, fmt};

use dekigoto::Explain;
use serde::{Deserialize, Serialize};

use crate::{Amount, ProductId, UnitAmount, limits::QUANTITY_MAX};

/// One line of an order. Stored events hold it in this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub product_id: ProductId,
    pub quantity: Quantity,
    /// The price of one piece, in the order's currency.
    pub unit_amount: UnitAmount,
}

impl Item {
    /// The price of the line; `None` above [`Amount::MAX`].
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        self.unit_amount.times(self.quantity.get())
    }
}

/// A number of pieces: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(inline, extend("minimum" = 1, "maximum" = QUANTITY_MAX))
)]
#[serde(try_from = "u64", into = "u32")]
pub struct Quantity(u32);

/// The number is not a valid quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is an integer from 1 to {QUANTITY_MAX}")]
pub struct InvalidQuantity;

impl Explain for InvalidQuantity {
    fn in_japanese(&self) -> Cow<'static, str> {
        format!("数量は 1 から {QUANTITY_MAX} までの整数です。").into()
    }
}

impl Quantity {
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(pieces: u64) -> Result<Self, InvalidQuantity> {
        let pieces = u32::try_from(pieces).map_err(|_| InvalidQuantity)?;
        if (1..=QUANTITY_MAX).contains(&pieces) { Ok(Self(pieces)) } else { Err(InvalidQuantity) }
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_one_to_ten_thousand() {
        for pieces in [1, 10_000] {
            assert_eq!(Quantity::try_from(u64::from(pieces)).map(Quantity::get), Ok(pieces));
        }
        for pieces in [0, 10_001, u64::from(u32::MAX) + 2, u64::MAX] {
            assert_eq!(Quantity::try_from(pieces), Err(InvalidQuantity));
        }
        for text in ["0", "-1", "10001", "1.5", "4294967297"] {
            assert!(serde_json::from_str::<Quantity>(text).is_err(), "{text}");
        }
    }
}
