//! Queries: from the views, and from the store where the client asks for more than a view can promise.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    Aggregate as _, Envelope, Index, Position, ReadFrom, Row, RowQuery, StreamId, Version,
    project::read_events,
};
use orders::{
    CustomerId, Day, Status,
    order::Order,
    views::{CustomerSummary, DailySales, OrderView},
};
use serde::Serialize;

use super::{
    App, Caller,
    call::etag,
    cursor::{Binding, Sealed},
    cursor_key::cursor_key,
    limits::{PAGE_ITEMS_MAX, PAGES_PER_LIST_MAX, SALES_DAYS_MAX},
    order_view::{broken, from_store, of_row},
    ownership::{must_own, row_for},
    params::{CustomerPath, OrderPath, Params, at, malformed},
    problem::Problem,
};
use crate::views::{customer_key, orders_of_customer, orders_of_status, sales_months};

/// Says whether an order came from its view or from the store.
const SERVED_FROM: HeaderName = HeaderName::from_static("served-from");

pub(super) async fn health(params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let body = serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    Ok(Json(body).into_response())
}

pub(super) async fn order(
    State(app): State<App>,
    caller: Caller,
    OrderPath(id): OrderPath,
    mut params: Params,
) -> Result<Response, Problem> {
    let (min, past) = (params.version("minVersion"), params.version("atVersion"));
    params.finish()?;
    if min.is_some() && past.is_some() {
        return Err(malformed("Ask for minVersion or for atVersion, not for both."));
    }
    let is_new_enough = |row: &OrderView| min.is_none_or(|min| row.version >= min.get());
    let seen = match past {
        Some(_) => {
            must_own(&app, &caller, id).await?;
            None
        }
        None => {
            let row = row_for(&app, &caller, id).await?;
            row.as_ref().map(of_row).transpose()?.flatten().filter(is_new_enough)
        }
    };
    let (row, served_from) = match seen {
        Some(row) => (row, "view"),
        None => {
            // The view may be behind; the store never is.
            let row = from_store(&*app.store, id, past).await?.filter(is_new_enough);
            (row.ok_or_else(Problem::not_found)?, "store")
        }
    };
    let tag = etag(row.version);
    let mut response = Json(row).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(SERVED_FROM, HeaderValue::from_static(served_from));
    Ok(response)
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let customer: Option<CustomerId> = params.read("customerId");
    let (status, day) = (params.read("status"), params.read("placedOn"));
    let (limit, cursor) = (params.limit(), params.text("cursor"));
    params.finish()?;
    let (index, partition, filter) = match (&customer, status, day) {
        (Some(customer), status, None) => {
            caller.must_be(customer)?;
            (Index::First, orders_of_customer(customer), status)
        }
        (None, Some(status), Some(day)) => {
            caller.must_be_trusted()?;
            (Index::Second, orders_of_status(status, day), None)
        }
        _ => return Err(malformed("Name a customerId, or a status with placedOn.")),
    };
    let filter_text = filter.map_or("", Status::as_str);
    let parts = [caller.actor(), partition.as_str(), filter_text];
    let binding = Binding { parts: &parts, customer: customer.as_ref() };
    let after = match cursor {
        None => None,
        Some(text) => {
            let refused = || at("cursor", "is not one of this list; start again without it");
            let sealed = Sealed::of(&text).ok_or_else(refused)?;
            Some(binding.read(cursor_key(&app).await?, &sealed).ok_or_else(refused)?)
        }
    };
    let (items, next) = pages(&app, index, &partition, after, limit, filter).await?;
    let next_cursor = match next {
        None => None,
        Some(position) => {
            let cursor = binding.write(cursor_key(&app).await?, &position);
            Some(cursor.ok_or_else(|| broken("a listed row without a place"))?)
        }
    };
    Ok(Json(Page { items, next_cursor }).into_response())
}

/// The orders of one page. A filter looks through a bounded number of pages, so a page may be shorter than its limit
/// though a next one exists.
async fn pages(
    app: &App,
    index: Index,
    partition: &str,
    mut after: Option<Position>,
    limit: u32,
    filter: Option<Status>,
) -> Result<(Vec<OrderView>, Option<Position>), Problem> {
    let mut found = Vec::new();
    for _ in 0..PAGES_PER_LIST_MAX {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(found.len());
        let query = RowQuery {
            index: Some(index),
            partition: partition.to_owned(),
            between: None,
            newest_first: true,
            limit: u32::try_from(wanted).unwrap_or(limit),
            after,
        };
        let page = app.views.list(&query).await?;
        for row in &page.rows {
            let order = of_row(row)?;
            let is_wanted =
                |order: &OrderView| filter.is_none_or(|status| order.order.status == status);
            found.extend(order.filter(is_wanted));
        }
        after = page.next;
        if after.is_none() || found.len() == usize::try_from(limit).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok((found, after))
}

/// A page of a history.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventPage {
    items: Vec<Envelope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_version: Option<Version>,
}

pub(super) async fn events(
    State(app): State<App>,
    caller: Caller,
    OrderPath(id): OrderPath,
    mut params: Params,
) -> Result<Response, Problem> {
    let first = params.version("fromVersion").unwrap_or(Version::FIRST);
    let limit = usize::try_from(params.limit()).unwrap_or(usize::MAX);
    params.finish()?;
    let stream = StreamId::new(Order::TYPE, id.to_string()).map_err(|_| Problem::not_found())?;
    must_own(&app, &caller, id).await?;
    // One more than wanted tells whether there is a next page.
    let mut items = read_events(&*app.store, &stream, first, limit + 1).await?;
    let next_version = items.get(limit).map(|event| event.version);
    items.truncate(limit);
    let is_unknown =
        items.is_empty() && app.store.read(&stream, ReadFrom::Newest, 1).await?.is_empty();
    if is_unknown {
        return Err(Problem::not_found());
    }
    Ok(Json(EventPage { items, next_version }).into_response())
}

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
    let summary: CustomerSummary = row.body.read().map_err(broken)?;
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

impl DailyAnswer {
    fn of(row: &Row) -> Result<Self, Problem> {
        let place = row.key.sort.split_once('#');
        let (date, currency) = place.ok_or_else(|| broken("a sales row without a currency"))?;
        let sales = row.body.read().map_err(broken)?;
        Ok(Self { date: date.to_owned(), currency: currency.to_owned(), sales })
    }
}

pub(super) async fn daily_sales(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    caller.must_be_trusted()?;
    let days: (Option<Day>, Option<Day>) = (params.needed("from"), params.needed("to"));
    params.finish()?;
    let (Some(from), Some(to)) = days else {
        return Err(malformed("The days from and to are needed."));
    };
    if !(0..SALES_DAYS_MAX).contains(&to.days_since(from)) {
        return Err(at("to", &format!("is from's day or up to {SALES_DAYS_MAX} days with it")));
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
    Ok(Json(Page { items, next_cursor: None }).into_response())
}
