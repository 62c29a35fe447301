//! The query for one row of a view. While the view is behind, the row is folded from the store.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    RowKey, Version, ViewStore as _,
    views::{Folds as _, Marked, Single, SingleView},
};

use crate::{
    app::App,
    caller::{Caller, Owner},
    headers::etag,
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
    let marked = row_of::<V>(&app, &id, min).await?;
    let version = version::<V>(&marked);
    let mut response = Json(marked.row).into_response();
    response.headers_mut().insert(header::ETAG, etag(version));
    Ok(response)
}

/// The row of one aggregate, whose first stream the view has seen up to at least version `min`. A row that is missing, is
/// behind, or cannot be read is folded from the store.
///
/// # Errors
/// A problem: not found if the stream is shorter than `min`, or what is wrong with the stores.
pub async fn row_of<V: SingleView>(
    app: &App,
    id: &str,
    min: u64,
) -> Result<Marked<V::Row>, Problem> {
    let key = RowKey::only(V::NAME, id);
    let row = app.views(V::NAME).read(std::slice::from_ref(&key)).await?.pop().flatten();
    let shown = row.and_then(|row| Single::<V>::shown(&row));
    if let Some(row) = shown.filter(|row| version::<V>(row) >= min) {
        return Ok(row);
    }
    let row = Single::<V>::from_store(app.store(), id).await?;
    row.filter(|row| version::<V>(row) >= min).ok_or_else(Problem::not_found)
}

/// The version of the first stream that the view folds; 0 if the row has seen no event of it.
fn version<V: SingleView>(row: &Marked<V::Row>) -> u64 {
    V::Folds::TYPES.first().map_or(0, |aggregate| row.watermark(aggregate))
}
