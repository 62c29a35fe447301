//! The query for one row of a view. While the view is behind, the row is folded from the store.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    RowKey, StreamId, Version, read_events,
    views::{Folds as _, Marked, SingleView},
};

use crate::{
    app::App,
    caller::{Caller, Owner},
    causes::unreadable,
    headers::etag,
    limits::EVENTS_PER_FOLD_MAX,
    params::{Params, PathId},
    problem::Problem,
};

/// Answers with the row whose id is in the path, never older than `minVersion`. For staff and services. The `ETag` is the
/// version of the first stream that the view folds.
pub(crate) async fn row<O: Owner, V: SingleView>(
    State(app): State<App>,
    caller: Caller<O>,
    PathId(id): PathId<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let min = params.version("minVersion").map_or(1, Version::get);
    params.finish()?;
    caller.must_be_trusted()?;
    let key = RowKey::only(V::NAME, &id);
    let row = app.ports().views.read(std::slice::from_ref(&key)).await?.pop().flatten();
    let row: Option<Marked<V::Row>> =
        row.map(|row| row.body.read()).transpose().map_err(|cause| unreadable(&cause))?;
    let marked = match row.filter(|row| version::<V>(row) >= min) {
        Some(row) => row,
        None => from_store::<V>(&app, &id).await?,
    };
    let version = version::<V>(&marked);
    if version < min {
        return Err(Problem::not_found());
    }
    let mut response = Json(marked.row).into_response();
    response.headers_mut().insert(header::ETAG, etag(version));
    Ok(response)
}

/// The version of the first stream that the view folds; 0 if the row has seen no event of it.
fn version<V: SingleView>(row: &Marked<V::Row>) -> u64 {
    let first = V::Folds::TYPES.first();
    first.and_then(|aggregate| row.watermarks.get(*aggregate)).copied().unwrap_or(0)
}

async fn from_store<V: SingleView>(app: &App, id: &str) -> Result<Marked<V::Row>, Problem> {
    let mut marked = Marked::<V::Row>::default();
    for aggregate in V::Folds::TYPES {
        let stream = StreamId::new(*aggregate, id).map_err(|_| Problem::not_found())?;
        let store = &*app.ports().store;
        for event in read_events(store, &stream, Version::FIRST, EVENTS_PER_FOLD_MAX).await? {
            V::apply(&mut marked.row, &event)?;
            marked.watermarks.insert((*aggregate).to_owned(), event.version.get());
        }
    }
    Ok(marked)
}
