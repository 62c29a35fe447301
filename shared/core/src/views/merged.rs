//! Lists several partitions of an index as one. A list that would put every write of a day into one partition is spread
//! over several, because a partition takes only so many writes a second.

use futures_util::future::try_join_all;

use crate::{Index, Position, Row, RowPage, RowQuery, ViewError, ViewStore};

/// One page over several partitions of an index, read in parallel and in the order of one list. `query` names the
/// order, the limit and where to go on; its own partition is not read.
///
/// Each `sort` may occur only once in all partitions: end it with the row's id.
///
/// # Errors
/// [`ViewError`], never `Conflict`.
pub async fn list_merged(
    views: &dyn ViewStore,
    index: Index,
    partitions: &[String],
    query: &RowQuery,
) -> Result<RowPage, ViewError> {
    let queries: Vec<RowQuery> = partitions
        .iter()
        .map(|partition| RowQuery {
            index: Some(index),
            partition: partition.clone(),
            ..query.clone()
        })
        .collect();
    let pages = try_join_all(queries.iter().map(|query| views.list(query))).await?;
    let comes_before = |a: &str, b: &str| if query.newest_first { a > b } else { a < b };
    // Behind the first end of a page, rows of that partition are not known yet.
    let known_to = pages
        .iter()
        .filter_map(|page| page.next.clone())
        .reduce(|first, other| if comes_before(&other.sort, &first.sort) { other } else { first });
    let mut rows: Vec<(Position, Row)> =
        pages.into_iter().flat_map(|page| page.rows).filter_map(|row| placed(index, row)).collect();
    rows.sort_by(|(a, _), (b, _)| a.sort.cmp(&b.sort));
    if query.newest_first {
        rows.reverse();
    }
    if let Some(end) = &known_to {
        rows.retain(|(position, _)| !comes_before(&end.sort, &position.sort));
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > limit;
    rows.truncate(limit);
    let next = if is_cut { rows.last().map(|(position, _)| position.clone()) } else { known_to };
    Ok(RowPage { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

fn placed(index: Index, row: Row) -> Option<(Position, Row)> {
    let sort = row.indexes.get(&index)?.sort.clone();
    Some((Position { sort, key: row.key.clone() }, row))
}
