//! `GET /v1/orders/{orderId}/events`: the history of an order, read from the store.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use dekigoto::{Aggregate as _, Envelope, ReadFrom, Version, read_events};
use dekigoto_http::{App, Params, Problem};
use orders::order::Order;
use serde::Serialize;

use super::{command::OrderPath, ownership::must_own};
use crate::caller::Caller;

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
    let stream = Order::stream(&id).map_err(|_| Problem::not_found())?;
    must_own(&app, &caller, id).await?;
    // Reads one event more than the limit, to know whether there is a next page.
    let mut items = read_events(app.store(), &stream, first, limit + 1).await?;
    let next_version = items.get(limit).map(|event| event.version);
    items.truncate(limit);
    if caller.owner().is_some() {
        withhold(&mut items, caller.actor());
    }
    let is_unknown =
        items.is_empty() && app.store().read(&stream, ReadFrom::Newest, 1).await?.is_empty();
    if is_unknown {
        return Err(Problem::not_found());
    }
    Ok(Json(EventPage { items, next_version }).into_response())
}

/// Customers see what was done to their order, but not which member of staff or service did it, nor under which
/// key.
fn withhold(events: &mut [Envelope], own: &str) {
    for metadata in events.iter_mut().map(|event| &mut event.metadata).filter(|it| it.actor != own)
    {
        metadata.withhold();
        metadata.traceparent = None;
    }
}
