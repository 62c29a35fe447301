//! The view store: rows with a revision in one table.

use async_trait::async_trait;
use dekigoto::{
    Index, Row, RowKey, RowPage, RowQuery, StoreFailure, ViewError, ViewStore,
    limits::ROWS_PER_CALL_MAX,
};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter, types::Value};

use crate::{
    Database,
    connection::in_savepoint,
    failure::failure_of,
    schema::INDEXES,
    view_list,
    view_row::{COLUMNS, existing, row_of},
};

const READ: &str = "SQLite read of rows";
const WRITE: &str = "SQLite write of rows";

/// Rows that are read on the caller's thread.
const FEW_ROWS: usize = 16;

/// A view store in a SQLite file. Its rows can stand in [`INDEXES`] secondary indexes.
#[derive(Clone, Debug)]
pub struct SqliteViewStore(pub(crate) Database);

#[async_trait]
impl ViewStore for SqliteViewStore {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        within_limit(READ, keys.len())?;
        let (count, keys) = (keys.len(), keys.to_vec());
        let read = move |it: &Connection| keys.iter().map(|key| read(it, key)).collect();
        if count <= FEW_ROWS {
            self.0.read_few(READ, read).await
        } else {
            self.0.reader().call(READ, read).await
        }
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        within_limit(WRITE, rows.len())?;
        let rows = rows.to_vec();
        let write = move |it: &Connection| rows.iter().try_for_each(|row| write(it, row));
        self.0.writer().call(WRITE, write).await
    }

    /// One call of the writer, which makes all groups durable together.
    async fn write_each(&self, groups: &[Vec<Row>]) -> Vec<Result<(), ViewError>> {
        let count = groups.len();
        let groups = groups.to_vec();
        let write = move |it: &Connection| {
            Ok::<_, StoreFailure>(groups.iter().map(|rows| write_group(it, rows)).collect())
        };
        let written: Result<Vec<_>, StoreFailure> = self.0.writer().call(WRITE, write).await;
        written.unwrap_or_else(|failure| {
            let failed = || Err(ViewError::from(failure.clone()));
            std::iter::repeat_with(failed).take(count).collect()
        })
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let query = query.clone();
        self.0.reader().call(READ, move |it| view_list::list(it, &query)).await
    }
}

fn within_limit(operation: &'static str, rows: usize) -> Result<(), StoreFailure> {
    if rows <= ROWS_PER_CALL_MAX {
        return Ok(());
    }
    let reason = format!("{rows} rows in one call; the limit is {ROWS_PER_CALL_MAX}");
    Err(StoreFailure::broken(operation, reason))
}

fn read(connection: &Connection, key: &RowKey) -> Result<Option<Row>, ViewError> {
    let failed = |cause| ViewError::from(failure_of(READ, &cause));
    let statement = format!("select {COLUMNS} from rows where partition = ?1 and sort = ?2");
    let mut statement = connection.prepare_cached(&statement).map_err(failed)?;
    let row = statement.query_row([&key.partition, &key.sort], |row| Ok(row_of(row)));
    row.optional().map_err(failed)?.transpose()
}

/// Writes all rows of a group or none.
fn write_group(connection: &Connection, rows: &[Row]) -> Result<(), ViewError> {
    within_limit(WRITE, rows.len())?;
    match rows {
        [] => Ok(()),
        // One statement is all or nothing by itself.
        [row] => write(connection, row),
        rows => {
            in_savepoint(WRITE, connection, |it| rows.iter().try_for_each(|row| write(it, row)))
        }
    }
}

/// Writes a row over the revision before its own.
fn write(connection: &Connection, row: &Row) -> Result<(), ViewError> {
    let failed = |cause| ViewError::from(failure_of(WRITE, &cause));
    if row.revision == 0 {
        return Err(StoreFailure::broken(WRITE, "a row's first revision is 1").into());
    }
    // No stored revision is larger, so no row can be the one before.
    let revision = i64::try_from(row.revision).map_err(|_| ViewError::Conflict)?;
    let mut statement = connection.prepare_cached(statement_of(revision)).map_err(failed)?;
    let written = statement.execute(params_from_iter(values(row, revision)?)).map_err(failed)?;
    if written == 1 { Ok(()) } else { Err(ViewError::Conflict) }
}

fn statement_of(revision: i64) -> &'static str {
    if revision == 1 {
        "insert into rows (partition, sort, rev, body, p1, s1, p2, s2, p3, s3, p4, s4)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) on conflict do nothing"
    } else {
        "update rows set rev = ?3, body = ?4, p1 = ?5, s1 = ?6, p2 = ?7, s2 = ?8, p3 = ?9, s3 = ?10,
         p4 = ?11, s4 = ?12 where partition = ?1 and sort = ?2 and rev = ?3 - 1"
    }
}

fn values(row: &Row, revision: i64) -> Result<Vec<Value>, StoreFailure> {
    row.indexes.keys().try_for_each(|index| existing(WRITE, *index).map(|_| ()))?;
    let text = |text: &String| Value::Text(text.clone());
    let mut values = vec![
        text(&row.key.partition),
        text(&row.key.sort),
        Value::Integer(revision),
        Value::Text(row.body.as_str().to_owned()),
    ];
    for index in 1..=INDEXES {
        let key = row.indexes.get(&Index(index));
        values.push(key.map_or(Value::Null, |key| text(&key.partition)));
        values.push(key.map_or(Value::Null, |key| text(&key.sort)));
    }
    Ok(values)
}
