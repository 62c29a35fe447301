//! What orders add up to: for a customer, and for each day.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use dekigoto::{Row, RowQuery};
use orders::{
    CustomerId, Day,
    views::{CustomerSummary, DailySales},
};
use serde::Serialize;

use super::{
    App, Caller,
    limits::{PAGE_ITEMS_MAX, SALES_DAYS_MAX},
    order_view::{broken, unreadable},
    params::{CustomerPath, Params, at},
    problem::Problem,
};
use crate::views::{customer_key, sales_months};

/// A customer's row as clients read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomerAnswer {
    customer_id: CustomerId,
    #[serde(flatten)]
    summary: CustomerSummary,
}

pub(super) async fn customer_summary(
    State(app): State<App>,
    caller: Caller,
    CustomerPath(customer): CustomerPath,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    if !caller.owns(&customer) {
        return Err(Problem::not_found());
    }
    let row = app.views.read(&[customer_key(&customer)]).await?.pop().flatten();
    let row = row.ok_or_else(Problem::not_found)?;
    let summary: CustomerSummary = row.body.read().map_err(|cause| unreadable(&cause))?;
    Ok(Json(CustomerAnswer { customer_id: customer, summary }).into_response())
}

/// A day's row as clients read it.
#[derive(Serialize)]
struct DailyAnswer {
    date: String,
    currency: String,
    #[serde(flatten)]
    sales: DailySales,
}

/// A report.
#[derive(Serialize)]
struct DailyPage {
    items: Vec<DailyAnswer>,
}

impl DailyAnswer {
    fn of(row: &Row) -> Result<Self, Problem> {
        let place = row.key.sort.split_once('#');
        let (date, currency) = place.ok_or_else(|| broken("a sales row without a currency"))?;
        let sales = row.body.read().map_err(|cause| unreadable(&cause))?;
        Ok(Self { date: date.to_owned(), currency: currency.to_owned(), sales })
    }
}

pub(super) async fn daily_sales(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    caller.must_be_trusted()?;
    let (from, to): (Option<Day>, Option<Day>) = (params.needed("from"), params.needed("to"));
    let (from, to) = params.finish_with(from.zip(to))?;
    if !(0..SALES_DAYS_MAX).contains(&to.days_since(from)) {
        return Err(at(
            "to",
            &format!("must be the day of from, or up to {} days later", SALES_DAYS_MAX - 1),
        ));
    }
    let mut items = Vec::new();
    for (partition, between) in sales_months(from, to) {
        let mut query = RowQuery {
            index: None,
            partition,
            between: Some(between),
            newest_first: false,
            limit: PAGE_ITEMS_MAX,
            after: None,
        };
        // A month has a row for each day and currency: bounded by the calendar and ISO 4217.
        loop {
            let page = app.views.list(&query).await?;
            for row in &page.rows {
                items.push(DailyAnswer::of(row)?);
            }
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
    }
    Ok(Json(DailyPage { items }).into_response())
}
