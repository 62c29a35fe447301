//! `customer-summary`: one row for each customer, from the events of all their orders.
//! `GET /v1/customers/{customerId}/summary` reads it.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    Envelope, RowKey, Text, Timestamp,
    views::{Across, AcrossView, Fold, View},
};
use dekigoto_http::{App, Params, Problem, Routes, malformed_request, path_text};
use orders::{
    Currency, CustomerId, InvalidId,
    order::{Order, OrderEvent, Sale},
};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;

/// The query that reads the view.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/customers/{customerId}/summary", customer_summary)
}

/// The view: one row for each customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerSummaryView;

impl View for CustomerSummaryView {
    type Row = CustomerSummary;
    type Folds = (Order,);

    const NAME: &'static str = "customer-summary";
    const EVENTS: Option<&'static [&'static str]> = Some(&["OrderPlaced", "OrderCancelled"]);
}

impl AcrossView for CustomerSummaryView {
    fn add(row: &mut CustomerSummary, part: CustomerSummary) {
        row.order_count = row.order_count.saturating_add(part.order_count);
        row.cancelled_count = row.cancelled_count.saturating_add(part.cancelled_count);
        for (currency, total) in part.totals {
            *row.totals.entry(currency).or_default() += total;
        }
        row.last_order_at = row.last_order_at.max(part.last_order_at);
    }
}

impl Fold<Order> for CustomerSummaryView {
    fn row_key(event: &OrderEvent, _: &Envelope) -> Option<RowKey> {
        event.sale().map(|_| customer_key(event.customer_id()))
    }

    fn fold(row: &mut CustomerSummary, event: &OrderEvent, envelope: &Envelope) {
        row.apply(event, envelope.occurred_at);
    }
}

/// The row of a customer.
pub(super) fn customer_key(customer: &CustomerId) -> RowKey {
    RowKey::only(CustomerSummaryView::NAME, customer.as_str())
}

/// The row of a customer.
///
/// A cancellation may be applied before its order's placing. Until both are, a total may be below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerSummary {
    /// Placed orders, including cancelled ones.
    pub(crate) order_count: u64,
    /// Cancelled orders.
    pub(crate) cancelled_count: u64,
    /// The total of the orders that were not cancelled, in minor units of each currency. 2^74 of the largest orders
    /// fit.
    pub(crate) totals: BTreeMap<Currency, i128>,
    /// When the newest order was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_order_at: Option<Timestamp>,
}

impl CustomerSummary {
    /// Applies one event of one of the customer's orders. The changes commute, so streams need no order between them.
    pub(super) fn apply(&mut self, event: &OrderEvent, at: Timestamp) {
        match event.sale() {
            Some(Sale::Placed(placed)) => {
                self.order_count = self.order_count.saturating_add(1);
                *self.totals.entry(placed.currency).or_default() +=
                    i128::from(placed.total_amount.get());
                self.last_order_at = self.last_order_at.max(Some(at));
            }
            Some(Sale::Cancelled(cancelled)) => {
                self.cancelled_count = self.cancelled_count.saturating_add(1);
                *self.totals.entry(cancelled.currency).or_default() -=
                    i128::from(cancelled.total_amount.get());
            }
            None => {}
        }
    }
}

/// The customer in the path.
struct CustomerPath(CustomerId);

impl FromRequestParts<App> for CustomerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let customer = path_text(parts, app).await?.parse();
        customer
            .map(Self)
            .map_err(|cause: InvalidId| malformed_request(Text::about("customerId", &cause)))
    }
}

/// A customer's row as clients read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomerAnswer {
    customer_id: CustomerId,
    #[serde(flatten)]
    summary: CustomerSummary,
}

async fn customer_summary(
    State(app): State<App>,
    caller: Caller,
    CustomerPath(customer): CustomerPath,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    if !caller.owns(&customer) {
        return Err(Problem::not_found());
    }
    let key = customer_key(&customer);
    let summary =
        Across::<CustomerSummaryView>::read(&app.views(CustomerSummaryView::NAME), &key).await?;
    let summary = summary.ok_or_else(Problem::not_found)?;
    Ok(Json(CustomerAnswer { customer_id: customer, summary }).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use orders::samples::{at, cancelled, confirmed, envelope, placed};

    #[test]
    fn totals_exclude_cancelled_orders() {
        let mut row = CustomerSummary::default();
        row.apply(&placed(), at(0));
        row.apply(&placed(), at(5));
        row.apply(&cancelled(), at(9));
        let expected = serde_json::json!({
            "orderCount": 2,
            "cancelledCount": 1,
            "totals": { "JPY": 3000 },
            "lastOrderAt": "2026-11-23T09:05:00.000Z",
        });
        assert_eq!(serde_json::to_value(&row).unwrap(), expected);
    }

    #[test]
    fn a_cancellation_may_come_before_its_placing() {
        let mut row = CustomerSummary::default();
        row.apply(&cancelled(), at(1));
        assert_eq!(row.totals.values().sum::<i128>(), -3000);
        row.apply(&placed(), at(0));
        assert_eq!(row.totals.values().sum::<i128>(), 0);
        assert_eq!((row.order_count, row.cancelled_count), (1, 1));
    }

    #[test]
    fn other_events_change_no_row() {
        assert_eq!(CustomerSummaryView::row_key(&confirmed(), &envelope()), None);
        assert_eq!(
            CustomerSummaryView::row_key(&placed(), &envelope()),
            Some(customer_key(&"c-42".parse().unwrap()))
        );
        let mut row = CustomerSummary::default();
        row.apply(&confirmed(), at(0));
        assert_eq!(row, CustomerSummary::default());
    }

    #[test]
    fn totals_beyond_64_bits_can_be_stored() {
        let mut row = CustomerSummary::default();
        row.totals.insert("JPY".parse().unwrap(), i128::from(i64::MIN) * 1000);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<CustomerSummary>(&text).unwrap(), row);
    }
}
