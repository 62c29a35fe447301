//! A row of the table of views, as it is read.

use std::collections::BTreeMap;

use dekigoto::{Index, Payload, Row, RowKey, StoreFailure, ViewError};

use crate::{failure::failure_of, schema::INDEXES};

const DECODE: &str = "SQLite read of rows";

/// The number of an index, if there is such an index.
pub(crate) fn existing(operation: &'static str, index: Index) -> Result<u8, StoreFailure> {
    if (1..=INDEXES).contains(&index.0) {
        return Ok(index.0);
    }
    let reason = format!("there is no index {}; the table has {INDEXES}", index.0);
    Err(StoreFailure::broken(operation, reason))
}

/// Decodes a row.
pub(crate) fn row_of(row: &rusqlite::Row<'_>) -> Result<Row, ViewError> {
    let failed = |cause| ViewError::from(failure_of(DECODE, &cause));
    let text = |name: &str| row.get::<_, String>(name).map_err(failed);
    let mut indexes = BTreeMap::new();
    for index in 1..=INDEXES {
        let optional = |name: String| row.get::<_, Option<String>>(&*name).map_err(failed);
        let key = optional(format!("p{index}"))?.zip(optional(format!("s{index}"))?);
        indexes.extend(key.map(|(partition, sort)| (Index(index), RowKey { partition, sort })));
    }
    let body = Payload::from_text(text("body")?);
    let unreadable = || StoreFailure::broken(DECODE, "a row of the table cannot be read");
    let revision: i64 = row.get("rev").map_err(failed)?;
    Ok(Row {
        key: RowKey { partition: text("partition")?, sort: text("sort")? },
        revision: u64::try_from(revision).map_err(|_| unreadable())?,
        // serde's error repeats the content.
        body: body.map_err(|_| unreadable())?,
        indexes,
    })
}
