//! An order: from its view, and from the store where the client asks for more than a view can promise.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use orders::views::OrderView;

use super::{
    App, Caller,
    call::etag,
    order_view::{from_store, of_row},
    ownership::{must_own, row_for},
    params::{OrderPath, Params, malformed},
    problem::Problem,
};

/// Says whether an order came from its view or from the store.
const SERVED_FROM: HeaderName = HeaderName::from_static("served-from");

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
