//! Lists of orders, page by page.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use dekigoto::{Index, Position, RowQuery};
use orders::{CustomerId, Status, views::OrderView};
use serde::Serialize;

use super::{
    App, Caller,
    cursor::{Binding, Sealed},
    cursor_key::cursor_key,
    limits::PAGES_PER_LIST_MAX,
    order_view::{broken, of_row},
    params::{Params, at, malformed},
    problem::Problem,
};
use crate::views::{orders_of_customer, orders_of_status};

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
