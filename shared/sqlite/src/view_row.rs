//! A row of the table of views, as it is read.

use std::collections::BTreeMap;

use dekigoto::{Index, Row, RowKey, StoreFailure, ViewError};

use crate::{failure::failure_of, schema::INDEXES};

const DECODE: &str = "SQLite read of rows";

/// The columns of a row, in the order in which [`row_of`] reads them.
pub(crate) const COLUMNS: &str = "partition, sort, rev, body, p1, s1, p2, s2, p3, s3, p4, s4";

/// The place of the first index.
const FIRST_INDEX: usize = 4;

/// The number of an index, if there is such an index.
pub(crate) fn existing(operation: &'static str, index: Index) -> Result<u8, StoreFailure> {
    if (1..=INDEXES).contains(&index.0) {
        return Ok(index.0);
    }
    let reason = format!("there is no index {}; the table has {INDEXES}", index.0);
    Err(StoreFailure::broken(operation, reason))
}

/// Decodes a row of [`COLUMNS`].
pub(crate) fn row_of(row: &rusqlite::Row<'_>) -> Result<Row, ViewError> {
    let failed = |cause| ViewError::from(failure_of(DECODE, &cause));
    // By place: to find each by its name would take longer than to decode it.
    let text = |place: usize| row.get::<_, String>(place).map_err(failed);
    let optional = |place: usize| row.get::<_, Option<String>>(place).map_err(failed);
    let mut indexes = BTreeMap::new();
    for (index, place) in (1..=INDEXES).zip((FIRST_INDEX..).step_by(2)) {
        let Some(partition) = optional(place)? else { continue };
        let key = optional(place + 1)?.map(|sort| RowKey { partition, sort });
        indexes.extend(key.map(|key| (Index(index), key)));
    }
    let unreadable = || StoreFailure::broken(DECODE, "a row of the table cannot be read");
    let revision: i64 = row.get(2).map_err(failed)?;
    // SQLite does not check that text is UTF-8.
    let body = row.get_ref(3).map_err(failed)?.as_bytes().unwrap_or_default();
    Ok(Row {
        key: RowKey { partition: text(0)?, sort: text(1)? },
        revision: u64::try_from(revision).map_err(|_| unreadable())?,
        body: Row::body_of(body),
        indexes,
    })
}
