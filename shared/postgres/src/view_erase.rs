//! Erases the rows of a dropped generation.

use async_trait::async_trait;
use dekigoto::{
    RowKey, ViewError,
    generations::{EraseRows, Erased, RowsOf},
};

use crate::{PostgresViewStore, session::param};

const ERASE: &str = "PostgreSQL erasure of rows";

/// The roles of the functions may not delete rows: connect as the owner of the tables.
#[async_trait]
impl EraseRows for PostgresViewStore {
    /// What is deleted is not found again, so every call begins at the beginning. Partitions are compared by bytes, so
    /// those with a beginning are a range of the primary key.
    async fn erase(
        &self,
        rows: &RowsOf,
        _: Option<&RowKey>,
        limit: u32,
    ) -> Result<Erased, ViewError> {
        let (schema, limit) = (self.0.schema(), limit.max(1));
        let statement = format!(
            "delete from {schema}.rows where (partition, sort) in (
               select partition, sort from {schema}.rows
               where partition >= ($1::text[])[1] and partition < ($1::text[])[2] limit {limit})
             returning 1"
        );
        for (first, end) in rows.ranges() {
            let range = vec![first.as_str(), end.as_str()];
            let deleted = self.0.query(ERASE, &statement, &[param::texts(&range)]).await;
            let deleted = deleted.map_err(|failed| failed.failure)?.len();
            if deleted > 0 {
                let deleted = u64::try_from(deleted).unwrap_or(u64::MAX);
                return Ok(Erased { deleted, next: Some(RowKey::new(&*rows.partition, "")) });
            }
        }
        Ok(Erased { deleted: 0, next: None })
    }
}
