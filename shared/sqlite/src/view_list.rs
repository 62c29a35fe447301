//! Lists rows by their own keys or by a secondary index.

use dekigoto::{Position, Row, RowKey, RowPage, RowQuery, ViewError};
use rusqlite::{Connection, params_from_iter, types::Value};

use crate::{
    failure::failure_of,
    view_row::{COLUMNS, existing, row_of},
};

const LIST: &str = "SQLite list of rows";

/// Lists one page. It reads one row more than it returns, so that `next` is set exactly when there are more rows.
pub(crate) fn list(connection: &Connection, wanted: &RowQuery) -> Result<RowPage, ViewError> {
    let failed = |cause| ViewError::from(failure_of(LIST, &cause));
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let (statement, values) = select(wanted)?;
    let mut statement = connection.prepare_cached(&statement).map_err(failed)?;
    let mut found = statement.query(params_from_iter(values)).map_err(failed)?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(row_of(row)?);
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    Ok(RowPage { next: last.and_then(|row| position(wanted, row)), rows })
}

/// The statement and its values.
fn select(wanted: &RowQuery) -> Result<(String, Vec<Value>), ViewError> {
    let (place, sort) = match wanted.index {
        None => ("partition".to_owned(), "sort".to_owned()),
        Some(index) => {
            let index = existing(LIST, index)?;
            (format!("p{index}"), format!("s{index}"))
        }
    };
    let text = |text: &String| Value::Text(text.clone());
    let mut values = vec![text(&wanted.partition)];
    let mut condition = format!("{place} = ?1");
    if let Some((first, last)) = &wanted.between {
        values.extend([text(first), text(last)]);
        condition.push_str(&format!(" and {sort} between ?2 and ?3"));
    }
    let (direction, order) = if wanted.newest_first { ("<", "desc") } else { (">", "asc") };
    if let Some(after) = &wanted.after {
        let next = values.len() + 1;
        // The partition is the query's own: a position of another list cannot lead out of this one.
        let rest = match wanted.index {
            None => {
                values.push(text(&after.sort));
                format!(" and {sort} {direction} ?{next}")
            }
            Some(_) => {
                values.extend([&after.sort, &after.key.partition, &after.key.sort].map(text));
                let (second, third) = (next + 1, next + 2);
                format!(" and ({sort}, partition, sort) {direction} (?{next}, ?{second}, ?{third})")
            }
        };
        condition.push_str(&rest);
    }
    values.push(Value::Integer(i64::from(wanted.limit) + 1));
    let limit = values.len();
    let statement = format!(
        "select {COLUMNS} from rows where {condition}
         order by {sort} {order}, partition {order}, sort {order} limit ?{limit}"
    );
    Ok((statement, values))
}

fn position(wanted: &RowQuery, row: &Row) -> Option<Position> {
    let place: Option<&RowKey> = match wanted.index {
        None => Some(&row.key),
        Some(index) => row.indexes.get(&index),
    };
    Some(Position { sort: place?.sort.clone(), key: row.key.clone() })
}
