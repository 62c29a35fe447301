//! Erases the rows of a dropped generation.

use async_trait::async_trait;
use dekigoto::{
    RowKey, ViewError,
    generations::{EraseRows, Erased, RowsOf},
};
use rusqlite::Connection;

use crate::{SqliteViewStore, failure::failure_of};

const ERASE: &str = "SQLite erasure of rows";

/// Text is compared by bytes, so the partitions with a beginning are a range of the primary key.
const STATEMENT: &str = "delete from rows where (partition, sort) in (
  select partition, sort from rows where partition >= ?1 and partition < ?2 limit ?3)";

#[async_trait]
impl EraseRows for SqliteViewStore {
    /// What is deleted is not found again, so every call begins at the beginning.
    async fn erase(
        &self,
        rows: &RowsOf,
        _: Option<&RowKey>,
        limit: u32,
    ) -> Result<Erased, ViewError> {
        let ranges = rows.ranges();
        let next = RowKey::new(&*rows.partition, "");
        let erase = move |it: &Connection| -> Result<Erased, ViewError> {
            let failed = |cause| ViewError::from(failure_of(ERASE, &cause));
            let mut statement = it.prepare_cached(STATEMENT).map_err(failed)?;
            for (first, end) in &ranges {
                let deleted = statement.execute((first, end, limit.max(1))).map_err(failed)?;
                if deleted > 0 {
                    let deleted = u64::try_from(deleted).unwrap_or(u64::MAX);
                    return Ok(Erased { deleted, next: Some(next) });
                }
            }
            Ok(Erased { deleted: 0, next: None })
        };
        self.0.writer().call(ERASE, erase).await
    }
}
