//! A view store under test.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{Row, RowKey, ViewStore, memory::MemoryViews};

/// An empty view store under test, with access that only a test has.
#[async_trait]
pub trait ViewSubject: Send + Sync {
    /// The store.
    fn views(&self) -> Arc<dyn ViewStore>;

    /// Damages a stored row, as a bug or another program could. `false` where the store cannot hold such a row.
    async fn damage(&self, row: &RowKey, damage: &RowDamage) -> bool;
}

/// Damage to a stored row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowDamage {
    /// The body is this text, which is no JSON and may not even be UTF-8.
    Body(&'static [u8]),
    /// There is no body.
    NoBody,
    /// The body is a number.
    BodyOfAnotherType,
    /// There is no revision.
    NoRevision,
    /// The revision is less than 1.
    NegativeRevision,
    /// The revision is a text.
    RevisionOfAnotherType,
}

/// The in-memory view store, empty.
#[must_use]
pub fn memory_views() -> Box<dyn ViewSubject> {
    Box::new(MemoryViews::new())
}

#[async_trait]
impl ViewSubject for MemoryViews {
    fn views(&self) -> Arc<dyn ViewStore> {
        Arc::new(self.clone())
    }

    async fn damage(&self, row: &RowKey, damage: &RowDamage) -> bool {
        let mut row = self.read(std::slice::from_ref(row)).await.unwrap().remove(0).unwrap();
        match damage {
            RowDamage::Body(text) => row.body = Row::body_of(text),
            RowDamage::NoRevision => row.revision = 0,
            RowDamage::NoBody
            | RowDamage::BodyOfAnotherType
            | RowDamage::NegativeRevision
            | RowDamage::RevisionOfAnotherType => return false,
        }
        self.put_raw(row);
        true
    }
}
