//! `price-list`: one row for each product, with its prices. `POST /v1/orders` reads the rows of all its products in one
//! request.

use std::collections::BTreeMap;

use dekigoto::{
    Envelope, Row, RowKey, Timestamp, ViewError, ViewStore,
    views::{Fold, Single, SingleView, View},
};
use orders::{
    Currency, ProductId, UnitAmount,
    price::{Price, PriceEvent, PriceSet},
};
use serde::{Deserialize, Serialize};

use crate::limits::PRICES_PER_CURRENCY_MAX;

/// The view: one row for each product.
#[derive(Clone, Copy, Debug)]
pub struct PriceListView;

impl View for PriceListView {
    type Row = PriceList;
    type Folds = (Price,);

    const NAME: &'static str = "price-list";
}

impl Fold<Price> for PriceListView {
    fn fold(row: &mut PriceList, event: &PriceEvent, _: &Envelope) {
        let PriceEvent::PriceSet(set) = event;
        row.apply(set);
    }
}

impl SingleView for PriceListView {}

/// The prices of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// In each currency the newest [`PRICES_PER_CURRENCY_MAX`] prices, by the moment from which they hold.
    prices: BTreeMap<Currency, BTreeMap<Timestamp, UnitAmount>>,
}

impl PriceList {
    fn apply(&mut self, set: &PriceSet) {
        let prices = self.prices.entry(set.currency).or_default();
        prices.insert(set.valid_from, set.unit_amount);
        while prices.len() > PRICES_PER_CURRENCY_MAX {
            prices.pop_first();
        }
    }

    /// The price that holds at that moment.
    fn at(&self, currency: Currency, at: Timestamp) -> Option<UnitAmount> {
        let (_, price) = self.prices.get(&currency)?.range(..=at).next_back()?;
        Some(*price)
    }
}

/// The prices of products at one moment. `None` for a product without a price.
pub(crate) async fn prices(
    views: &dyn ViewStore,
    products: &[&ProductId],
    currency: Currency,
    at: Timestamp,
) -> Result<Vec<Option<UnitAmount>>, ViewError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let key = |product: &&ProductId| RowKey::only(PriceListView::NAME, product.as_str());
    let keys: Vec<RowKey> = products.iter().map(key).collect();
    let price = |row: Option<Row>| Single::<PriceListView>::shown(&row?)?.row.at(currency, at);
    Ok(views.read(&keys).await?.into_iter().map(price).collect())
}

#[cfg(test)]
mod tests {
    use orders::samples::{at, price_set};

    use super::*;

    fn list(events: impl IntoIterator<Item = PriceEvent>) -> PriceList {
        let mut row = PriceList::default();
        for PriceEvent::PriceSet(set) in events {
            row.apply(&set);
        }
        row
    }

    fn price(row: &PriceList, minute: i64) -> Option<u64> {
        row.at("JPY".parse().unwrap(), at(minute)).map(UnitAmount::get)
    }

    #[test]
    fn a_price_holds_from_its_moment_until_the_next_one() {
        let row =
            list([price_set(1600, "JPY", 60), price_set(1500, "JPY", 0), price_set(7, "EUR", 0)]);
        let seen: Vec<_> = [-1, 0, 59, 60, 9999].map(|minute| price(&row, minute)).into();
        assert_eq!(seen, [None, Some(1500), Some(1500), Some(1600), Some(1600)]);
    }

    #[test]
    fn a_price_of_the_same_moment_replaces_the_one_before() {
        assert_eq!(price(&list([price_set(1, "JPY", 0), price_set(2, "JPY", 0)]), 0), Some(2));
    }

    #[test]
    fn a_row_keeps_the_newest_prices() {
        let count = i64::try_from(PRICES_PER_CURRENCY_MAX).unwrap();
        let row = list((0..=count).map(|minute| price_set(5, "JPY", minute)));
        assert_eq!((price(&row, 0), price(&row, 1)), (None, Some(5)));
    }
}
