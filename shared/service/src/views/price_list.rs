//! `price-list`: one row for each product, with its prices. `GET /v1/prices/{productId}` reads it, and `POST /v1/orders`
//! reads the rows of all its products in one request.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    Aggregate as _, Envelope, RowKey, Timestamp, Version, ViewStore as _,
    views::{Fold, Single, SingleView, View},
};
use dekigoto_http::{App, Params, PathId, Problem, Routes, etag, row_of};
use orders::{
    Currency, ProductId, UnitAmount,
    price::{Price, PriceEvent, PriceSet},
};
use serde::{Deserialize, Serialize};

use crate::{caller::Caller, limits::PRICES_PER_CURRENCY_MAX};

/// The query that reads the view.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/prices/{productId}", price)
}

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
    prices: BTreeMap<Currency, Prices>,
}

/// The prices in one currency, by the moment from which they hold.
type Prices = BTreeMap<Timestamp, UnitAmount>;

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
        Some(*newest(self.prices.get(&currency)?, at)?.1)
    }

    /// Every price, by currency and moment.
    fn all(&self) -> Vec<PriceItem> {
        let of_currency = |(currency, prices): (&Currency, &Prices)| {
            let currency = *currency;
            prices.iter().map(|price| PriceItem::of(currency, price)).collect::<Vec<_>>()
        };
        self.prices.iter().flat_map(of_currency).collect()
    }

    /// The price that holds at that moment, in each currency that has one.
    fn current(&self, at: Timestamp) -> Vec<PriceItem> {
        let of_currency = |(currency, prices): (&Currency, &Prices)| {
            newest(prices, at).map(|price| PriceItem::of(*currency, price))
        };
        self.prices.iter().filter_map(of_currency).collect()
    }
}

/// The price of one currency that holds at that moment.
fn newest(prices: &Prices, at: Timestamp) -> Option<(&Timestamp, &UnitAmount)> {
    prices.range(..=at).next_back()
}

/// A product's prices as clients read them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PriceAnswer {
    product_id: ProductId,
    prices: Vec<PriceItem>,
    version: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PriceItem {
    currency: Currency,
    unit_amount: UnitAmount,
    valid_from: Timestamp,
}

impl PriceItem {
    fn of(currency: Currency, (valid_from, unit_amount): (&Timestamp, &UnitAmount)) -> Self {
        Self { currency, unit_amount: *unit_amount, valid_from: *valid_from }
    }
}

/// Staff and services see all prices, and get a tag for the next `PUT`. Customers see those that an order placed now takes:
/// a price to come is not theirs to know, and what they see changes with the clock, so it has no tag.
async fn price(
    State(app): State<App>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    mut params: Params,
) -> Result<Response, Problem> {
    let min = params.version("minVersion").map_or(1, Version::get);
    params.finish()?;
    let list = row_of::<PriceListView>(&app, product_id.as_str(), min).await?;
    let version = list.watermark(Price::TYPE);
    if caller.owner().is_none() {
        let answer = PriceAnswer { product_id, prices: list.row.all(), version };
        return Ok(([(header::ETAG, etag(version))], Json(answer)).into_response());
    }
    let prices = list.row.current(app.host().now());
    if prices.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(Json(PriceAnswer { product_id, prices, version }).into_response())
}

/// The prices of products at one moment. `None` for a product without a price.
///
/// # Errors
/// A problem when a store does not answer, or newer code set a price.
pub(crate) async fn prices(
    app: &App,
    products: &[&ProductId],
    currency: Currency,
    at: Timestamp,
) -> Result<Vec<Option<UnitAmount>>, Problem> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let key = |product: &&ProductId| RowKey::only(PriceListView::NAME, product.as_str());
    let keys: Vec<RowKey> = products.iter().map(key).collect();
    let rows = app.views(PriceListView::NAME).read(&keys).await?;
    let mut prices = Vec::with_capacity(products.len());
    for (product, row) in products.iter().zip(rows) {
        let list = match row.as_ref().map(Single::<PriceListView>::shown) {
            None => None,
            Some(Some(list)) => Some(list),
            // Another version of this code wrote the row. Without a price, the order would be refused for good.
            Some(None) => {
                Single::<PriceListView>::from_store(app.store(), product.as_str()).await?
            }
        };
        prices.push(list.and_then(|list| list.row.at(currency, at)));
    }
    Ok(prices)
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
