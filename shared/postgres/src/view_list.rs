//! Lists rows by their own keys or by a secondary index.

use crate::{
    Postgres,
    session::{Param, param},
    view_row::{COLUMNS, existing, row_of},
};
use dekigoto::{Position, Row, RowKey, RowPage, RowQuery, ViewError};

const LIST: &str = "PostgreSQL list of rows";

/// Lists one page. It reads one row more than it returns, so that `next` is set exactly when there are more rows.
pub(crate) async fn list(postgres: &Postgres, wanted: &RowQuery) -> Result<RowPage, ViewError> {
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let rows_max = i64::from(wanted.limit) + 1;
    let (statement, texts) = select(&postgres.schema().to_string(), wanted)?;
    let mut params: Vec<Param<'_>> = vec![param::int8(&rows_max)];
    params.extend(texts.iter().map(|text| param::text(text)));
    let found = postgres.query(LIST, &statement, &params).await.map_err(|it| it.failure)?;
    let mut rows = found.iter().map(row_of).collect::<Result<Vec<Row>, _>>()?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    Ok(RowPage { next: last.and_then(|row| position(wanted, row)), rows })
}

/// The statement and its texts, from `$2`.
fn select<'a>(schema: &str, wanted: &'a RowQuery) -> Result<(String, Vec<&'a str>), ViewError> {
    let (place, sort) = match wanted.index {
        None => ("partition".to_owned(), "sort".to_owned()),
        Some(index) => {
            let index = existing(LIST, index)?;
            (format!("p{index}"), format!("s{index}"))
        }
    };
    let mut texts = vec![wanted.partition.as_str()];
    let mut condition = format!("{place} = $2");
    if let Some((first, last)) = &wanted.between {
        texts.extend([first.as_str(), last.as_str()]);
        condition.push_str(&format!(" and {sort} between $3 and $4"));
    }
    let (direction, order) = if wanted.newest_first { ("<", "desc") } else { (">", "asc") };
    if let Some(after) = &wanted.after {
        let next = texts.len() + 2;
        // The partition is the query's own: a position of another list cannot lead out of this one.
        let rest = match wanted.index {
            None => {
                texts.push(&after.sort);
                format!(" and {sort} {direction} ${next}")
            }
            Some(_) => {
                texts.extend([&*after.sort, &*after.key.partition, &*after.key.sort]);
                let (second, third) = (next + 1, next + 2);
                format!(" and ({sort}, partition, sort) {direction} (${next}, ${second}, ${third})")
            }
        };
        condition.push_str(&rest);
    }
    let statement = format!(
        "select {COLUMNS} from {schema}.rows where {condition}
         order by {sort} {order}, partition {order}, sort {order} limit $1"
    );
    Ok((statement, texts))
}

fn position(wanted: &RowQuery, row: &Row) -> Option<Position> {
    let place: Option<&RowKey> = match wanted.index {
        None => Some(&row.key),
        Some(index) => row.indexes.get(&index),
    };
    Some(Position { sort: place?.sort.clone(), key: row.key.clone() })
}
