//! What a customer has paid for an order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Amount, Currency};

/// What a customer has paid, in each currency: captured and not refunded.
///
/// The provider may capture in another currency than the order's. Such a payment pays nothing of the order.
///
/// ```
/// use orders::{Amount, Paid};
/// let (jpy, eur) = ("JPY".parse()?, "EUR".parse()?);
/// let mut paid = Paid::of(jpy, Amount::try_from(3000)?);
/// paid.refund(jpy, Amount::try_from(1000)?);
/// assert_eq!(paid.amount(jpy).get(), 2000);
/// assert_eq!(paid.amount(eur), Amount::ZERO);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid(BTreeMap<Currency, Amount>);

impl Paid {
    /// This amount in this currency.
    #[must_use]
    pub fn of(currency: Currency, amount: Amount) -> Self {
        Self(BTreeMap::from([(currency, amount)]))
    }

    /// The amount in this currency.
    #[must_use]
    pub fn amount(&self, currency: Currency) -> Amount {
        self.0.get(&currency).copied().unwrap_or(Amount::ZERO)
    }

    /// Adds a capture.
    pub fn capture(&mut self, currency: Currency, amount: Amount) {
        self.0.insert(currency, self.amount(currency).saturating_plus(amount));
    }

    /// Subtracts a refund.
    pub fn refund(&mut self, currency: Currency, amount: Amount) {
        self.0.insert(currency, self.amount(currency).saturating_minus(amount));
    }
}
