//! A row of the table of views: its columns, and how it is read.

use std::collections::BTreeMap;

use dekigoto::{Index, Row, RowKey, StoreFailure, ViewError};
use tokio_postgres::Error;

/// Secondary indexes that the rows of views can stand in.
pub const INDEXES: u8 = 4;

const DECODE: &str = "PostgreSQL read of rows";

/// The columns of a row.
pub(crate) const COLUMNS: &str = "partition, sort, rev, body, p1, s1, p2, s2, p3, s3, p4, s4";

/// The number of an index, if there is such an index.
pub(crate) fn existing(operation: &'static str, index: Index) -> Result<u8, StoreFailure> {
    if (1..=INDEXES).contains(&index.0) {
        return Ok(index.0);
    }
    let reason = format!("there is no index {}; the table has {INDEXES}", index.0);
    Err(StoreFailure::broken(operation, reason))
}

/// Decodes a row.
pub(crate) fn row_of(row: &tokio_postgres::Row) -> Result<Row, ViewError> {
    let failed = |cause: Error| StoreFailure::broken(DECODE, cause.to_string());
    let unreadable = || StoreFailure::broken(DECODE, "a row of the table cannot be read");
    let text = |name: &str| row.try_get::<_, String>(name).map_err(failed);
    let mut indexes = BTreeMap::new();
    for index in 1..=INDEXES {
        let optional = |name: String| row.try_get::<_, Option<String>>(&*name).map_err(failed);
        let key = optional(format!("p{index}"))?.zip(optional(format!("s{index}"))?);
        indexes.extend(key.map(|(partition, sort)| (Index(index), RowKey { partition, sort })));
    }
    let revision: i64 = row.try_get("rev").map_err(failed)?;
    Ok(Row {
        key: RowKey { partition: text("partition")?, sort: text("sort")? },
        revision: u64::try_from(revision).map_err(|_| unreadable())?,
        body: Row::body_of(text("body")?.as_bytes()),
        indexes,
    })
}
