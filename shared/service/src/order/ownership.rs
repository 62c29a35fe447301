//! Ownership. A customer's own id is part of the key that is read, so another customer's order is not found: it
//! gets the answer of an order that does not exist, after the same requests.

use std::fmt::Display;

use dekigoto::{
    Aggregate as _, EventStore, Ordinal, ReadFrom, Row, RowKey, RowQuery, ViewError, ViewStore,
};
use dekigoto_http::{App, Problem};
use orders::{
    CustomerId, OrderId,
    order::{Order, OrderEvent},
};

use crate::caller::Caller;

/// The view whose row keys contain the customer's id.
pub(crate) const ORDER_SUMMARY: &str = "order-summary";

/// The partition of an order's row.
pub(crate) fn order_partition(order: impl Display) -> String {
    format!("{}#{order}", ORDER_SUMMARY)
}

/// The key of an order's row.
pub(crate) fn order_key(order: impl Display, customer: &CustomerId) -> RowKey {
    RowKey::new(order_partition(order), customer.as_str())
}

/// The order's row; `None` while the view is behind. A customer gets "not found" for somebody else's order, as for one
/// that does not exist.
pub(crate) async fn row_for(
    app: &App,
    caller: &Caller,
    order: OrderId,
) -> Result<Option<Row>, Problem> {
    let Some(customer) = caller.owner() else {
        return Ok(row_of_anybody(&app.views(ORDER_SUMMARY), order).await?);
    };
    let row = row_of(&app.views(ORDER_SUMMARY), order, customer).await?;
    if row.is_none() {
        must_be_placed_by(app.store(), order, customer).await?;
    }
    Ok(row)
}

/// Answers "not found" for somebody else's order. Trusted callers skip this check.
pub(crate) async fn must_own(app: &App, caller: &Caller, order: OrderId) -> Result<(), Problem> {
    let Some(customer) = caller.owner() else {
        return Ok(());
    };
    match row_of(&app.views(ORDER_SUMMARY), order, customer).await {
        Ok(Some(_)) => Ok(()),
        // Commands and histories must not depend on a view: an unavailable view counts as one that is behind.
        Ok(None) | Err(ViewError::Unavailable(_)) => {
            must_be_placed_by(app.store(), order, customer).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn row_of(
    views: &dyn ViewStore,
    order: OrderId,
    customer: &CustomerId,
) -> Result<Option<Row>, ViewError> {
    let mut rows = views.read(&[order_key(order, customer)]).await?;
    Ok(rows.pop().flatten())
}

/// A trusted caller does not name the customer. The order's partition holds one row.
async fn row_of_anybody(views: &dyn ViewStore, order: OrderId) -> Result<Option<Row>, ViewError> {
    let query = RowQuery {
        index: None,
        partition: order_partition(order),
        between: None,
        newest_first: false,
        limit: 1,
        after: None,
    };
    Ok(views.list(&query).await?.rows.pop())
}

/// Reads the customer from the order's first commit only. The customer never changes, so checking before the
/// command is decided leaves no race.
async fn must_be_placed_by(
    store: &dyn EventStore,
    order: OrderId,
    customer: &CustomerId,
) -> Result<(), Problem> {
    let stream = Order::stream(&order).map_err(|_| Problem::not_found())?;
    let first = store.read(&stream, ReadFrom::Up(Ordinal::FIRST), 1).await?;
    let placed = first.first().and_then(|commit| commit.envelopes().next());
    let events = placed.map(|event| event.decode::<OrderEvent>()).transpose()?.unwrap_or_default();
    let is_theirs = |event: &OrderEvent| event.customer_id() == customer;
    if events.first().is_some_and(is_theirs) { Ok(()) } else { Err(Problem::not_found()) }
}
