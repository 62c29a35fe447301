//! An order as clients read it: from its view, or folded from the store.

use dekigoto::{
    Aggregate, EventStore, Row, StreamId, Version,
    project::{Marked, SingleView as _, read_events},
};
use orders::{
    OrderId,
    order::Order,
    payment::Payment,
    views::{OrderSummary, OrderView},
};

use super::{
    limits::EVENTS_PER_FOLD_MAX,
    problem::{Kind, Problem},
};
use crate::views::OrderSummaryView;

/// The order that a row shows; none when the view has not seen it placed yet.
pub(super) fn of_row(row: &Row) -> Result<Option<OrderView>, Problem> {
    let id = row.key.partition.split_once('#').and_then(|(_, id)| id.parse::<OrderId>().ok());
    let order = id.ok_or_else(|| broken("a row without an order id"))?;
    let marked: Marked<OrderSummary> = row.body.read().map_err(|cause| unreadable(&cause))?;
    let version = marked.watermarks.get(Order::TYPE).copied().unwrap_or(0);
    Ok(marked.row.view(order, version))
}

/// The order folded from the store: as it is now, or as it was at `at` (then without its payments). None when the
/// stream does not reach that far.
pub(super) async fn from_store(
    store: &dyn EventStore,
    order: OrderId,
    at: Option<Version>,
) -> Result<Option<OrderView>, Problem> {
    let id = order.to_string();
    let mut row = OrderSummary::default();
    let limit = at.and_then(|at| usize::try_from(at.get()).ok()).unwrap_or(usize::MAX);
    let reached = fold::<Order>(store, &id, limit.min(EVENTS_PER_FOLD_MAX), &mut row).await?;
    if at.is_some_and(|at| reached < at.get()) {
        return Ok(None);
    }
    if at.is_none() {
        fold::<Payment>(store, &id, EVENTS_PER_FOLD_MAX, &mut row).await?;
    }
    let paid = |view: OrderView| OrderView {
        paid_amount: view.paid_amount.filter(|_| at.is_none()),
        ..view
    };
    Ok(row.view(order, reached).map(paid))
}

async fn fold<A: Aggregate>(
    store: &dyn EventStore,
    id: &str,
    limit: usize,
    row: &mut OrderSummary,
) -> Result<u64, Problem> {
    let stream = StreamId::new(A::TYPE, id).map_err(|_| Problem::not_found())?;
    let events = read_events(store, &stream, Version::FIRST, limit).await?;
    for event in &events {
        OrderSummaryView::apply(row, event)?;
    }
    Ok(events.last().map_or(0, |event| event.version.get()))
}

/// A row that is no row. Its reader would repeat what it could not read, so only the place is kept for the log.
pub(super) fn unreadable(cause: &serde_json::Error) -> Problem {
    broken(format!("a row is unreadable at column {}", cause.column()))
}

/// What is stored cannot be shown.
pub(super) fn broken(cause: impl Into<dekigoto::Source>) -> Problem {
    Problem::new(Kind::Internal, "What is stored of it cannot be read. Tell us the instance.")
        .because(cause)
}
