//! The rows of one generation: a view store whose keys all begin with the view's name and the generation.

use std::sync::Arc;

use async_trait::async_trait;

use super::Generation;
use crate::{Position, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore};

/// The rows of a generation of a view, under the keys that the view chooses.
#[must_use]
pub fn in_generation(
    views: Arc<dyn ViewStore>,
    view: &str,
    generation: Generation,
) -> Arc<dyn ViewStore> {
    if generation == Generation::FIRST {
        return views;
    }
    Arc::new(Within { views, prefix: prefix_of(view, generation) })
}

/// What the partitions of a generation after the first begin with.
pub(super) fn prefix_of(view: &str, generation: Generation) -> String {
    format!("{view}@{generation}/")
}

struct Within {
    views: Arc<dyn ViewStore>,
    prefix: String,
}

impl Within {
    fn inner(&self, key: &RowKey) -> RowKey {
        RowKey::new(format!("{}{}", self.prefix, key.partition), &*key.sort)
    }

    fn inner_rows(&self, rows: &[Row]) -> Vec<Row> {
        let inner = |row: &Row| Row {
            key: self.inner(&row.key),
            revision: row.revision,
            body: row.body.clone(),
            indexes: row.indexes.iter().map(|(index, key)| (*index, self.inner(key))).collect(),
        };
        rows.iter().map(inner).collect()
    }

    fn outer(&self, key: RowKey) -> RowKey {
        match key.partition.strip_prefix(&self.prefix) {
            Some(partition) => RowKey::new(partition, key.sort),
            None => key,
        }
    }

    fn outer_row(&self, row: Row) -> Row {
        let indexes = row.indexes.into_iter().map(|(index, key)| (index, self.outer(key)));
        Row { key: self.outer(row.key), indexes: indexes.collect(), ..row }
    }
}

#[async_trait]
impl ViewStore for Within {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let keys: Vec<RowKey> = keys.iter().map(|key| self.inner(key)).collect();
        let rows = self.views.read(&keys).await?;
        Ok(rows.into_iter().map(|row| row.map(|row| self.outer_row(row))).collect())
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.views.write(&self.inner_rows(rows)).await
    }

    async fn write_each(&self, groups: &[Vec<Row>]) -> Vec<Result<(), ViewError>> {
        let groups: Vec<_> = groups.iter().map(|rows| self.inner_rows(rows)).collect();
        self.views.write_each(&groups).await
    }

    /// Positions are those of the view's own keys, so that a list goes on in another generation.
    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let after = query.after.as_ref();
        let inner = RowQuery {
            partition: format!("{}{}", self.prefix, query.partition),
            after: after.map(|it| Position { sort: it.sort.clone(), key: self.inner(&it.key) }),
            ..query.clone()
        };
        let page = self.views.list(&inner).await?;
        Ok(RowPage {
            rows: page.rows.into_iter().map(|row| self.outer_row(row)).collect(),
            next: page.next.map(|it| Position { sort: it.sort, key: self.outer(it.key) }),
        })
    }
}
