//! Whose order it is. A customer's own id is part of the key that is read, so another customer's order is not found,
//! rather than read and kept back: it answers like one that does not exist, after the same requests.

use dekigoto::{
    Aggregate as _, EventStore, Ordinal, ReadFrom, Row, RowQuery, StreamId, ViewError, ViewStore,
    project::SingleView as _,
};
use orders::{CustomerId, OrderId, order::Order};

use super::{App, Caller, problem::Problem};
use crate::{
    OrderSummaryView,
    views::{order_key, order_partition},
};

/// The order's row; none while the view is behind. For a customer, an order of somebody else is refused as one that
/// does not exist.
pub(super) async fn row_for(
    app: &App,
    caller: &Caller,
    order: OrderId,
) -> Result<Option<Row>, Problem> {
    let Some(customer) = caller.customer() else {
        return Ok(row_of_anybody(&*app.views, order).await?);
    };
    let row = row_of(&*app.views, order, customer).await?;
    if row.is_none() {
        must_be_placed_by(&*app.store, order, customer).await?;
    }
    Ok(row)
}

/// Refuses an order of somebody else as one that does not exist. Who is trusted is not asked.
pub(super) async fn must_own(app: &App, caller: &Caller, order: OrderId) -> Result<(), Problem> {
    let Some(customer) = caller.customer() else {
        return Ok(());
    };
    match row_of(&*app.views, order, customer).await {
        Ok(Some(_)) => Ok(()),
        // Commands and histories must not depend on a view: one that does not answer is like one that is behind.
        Ok(None) | Err(ViewError::Unavailable(_)) => {
            must_be_placed_by(&*app.store, order, customer).await
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

/// A trusted caller does not know whose order it is, and its partition holds one row.
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

/// Asks the order's first commit, and nothing else, who its customer is: that never changes, so looking before a
/// command decides leaves no race.
async fn must_be_placed_by(
    store: &dyn EventStore,
    order: OrderId,
    customer: &CustomerId,
) -> Result<(), Problem> {
    let stream = StreamId::new(Order::TYPE, order.to_string()).map_err(|_| Problem::not_found())?;
    let first = store.read(&stream, ReadFrom::Up(Ordinal::FIRST), 1).await?;
    let placed = first.first().and_then(|commit| commit.envelopes().next());
    let key = placed.as_ref().map(OrderSummaryView::key).transpose()?.flatten();
    if key == Some(order_key(order, customer)) { Ok(()) } else { Err(Problem::not_found()) }
}
