//! The port of read models: rows with a revision, changed by compare-and-set.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use uuid::Uuid;

use crate::{Payload, Source, limits::WRITES_AT_ONCE_MAX};

/// Where a row is: a partition, and its place there. Rows of one partition are listed in the order of `sort`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Groups rows that are listed together. Begins with the view's name.
    pub partition: String,
    /// Orders them.
    pub sort: String,
}

impl RowKey {
    /// A key.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    /// The key of the only row that a view has for an id: partition `<view>#<id>`, sort `row`.
    #[must_use]
    pub fn only(view: &str, id: &str) -> Self {
        Self::new([view, "#", id].concat(), "row")
    }

    /// The row for a log line: its view, and a digest in place of the ids, which may be those of customers. Rows of one
    /// key have the same digest.
    ///
    /// ```
    /// use dekigoto::RowKey;
    /// let row = RowKey::only("customer-summary", "c-42").masked();
    /// assert!(row.starts_with("customer-summary ") && !row.contains("c-42"));
    /// ```
    #[must_use]
    pub fn masked(&self) -> String {
        let view = self.partition.split('#').next().unwrap_or_default();
        let key = format!("{}\n{}", self.partition, self.sort);
        let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()).simple().to_string();
        format!("{view} {}", digest.get(..12).unwrap_or_default())
    }
}

/// One row of a view, or the record of what a view has already counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is.
    pub key: RowKey,
    /// How often it has been written, this time included. A write succeeds only over the revision before it. 0 when the
    /// stored number is damaged: then revision 1 replaces the row.
    pub revision: u64,
    /// What it says. Damaged text is a JSON string: see [`body_of`](Self::body_of).
    pub body: Payload,
    /// Where it stands in the secondary indexes.
    pub indexes: BTreeMap<Index, RowKey>,
}

impl Row {
    /// The body of a stored row, from its text. A text that is not JSON becomes a JSON string, which is the body of no
    /// row: one damaged row must not fail a read of others, and its view knows how to go on without it.
    ///
    /// ```
    /// use dekigoto::Row;
    /// assert_eq!(Row::body_of(br#"{"total":1}"#).as_str(), r#"{"total":1}"#);
    /// assert_eq!(Row::body_of(br#"{"total""#).as_str(), r#""{\"total\"""#);
    /// ```
    #[must_use]
    pub fn body_of(text: &[u8]) -> Payload {
        Payload::text_or_string(text)
    }
}

/// Which rows to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowQuery {
    /// The secondary index, or the rows' own keys.
    pub index: Option<Index>,
    /// The partition.
    pub partition: String,
    /// The first and the last `sort` wanted, both included; everything where none is given.
    pub between: Option<(String, String)>,
    /// Whether the largest `sort` comes first.
    pub newest_first: bool,
    /// How many rows at most, from 1.
    pub limit: u32,
    /// Goes on after this row, which need not exist any more.
    pub after: Option<Position>,
}

/// A secondary index, by its number from 1. A view chooses its indexes; the adapter says how many it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(pub u8);

/// Where a page of a list ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The last row's `sort` in the listed order.
    pub sort: String,
    /// The last row's own key.
    pub key: RowKey,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPage {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where to go on; none at the end.
    pub next: Option<Position>,
}

/// Why a view store did not do it, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// Another writer was there first: read again, apply again.
    #[error("another writer changed the row")]
    Conflict,
    /// Busy or no answer: the write may or may not have happened. Read again, apply again.
    #[error("the view store does not answer")]
    Unavailable(#[source] Source),
    /// A bug, a missing permission, a bad table or a bad row. Give up and alarm.
    #[error("the view store is broken")]
    Broken(#[source] Source),
}

/// Keeps the rows of views.
///
/// Every implementation passes the contract suite of the testkit.
#[async_trait]
pub trait ViewStore: Send + Sync {
    /// The rows with these keys, strongly consistent, in the order of the keys; at most
    /// [`ROWS_PER_CALL_MAX`](crate::limits::ROWS_PER_CALL_MAX).
    ///
    /// # Errors
    /// [`ViewError`], never `Conflict`.
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError>;

    /// Writes all of the rows or none: each over the revision before its own (none, for revision 1). At most
    /// [`ROWS_PER_CALL_MAX`](crate::limits::ROWS_PER_CALL_MAX), no key twice.
    ///
    /// # Errors
    /// [`ViewError`]. After `Unavailable` all rows or none were written; after any other, none.
    async fn write(&self, rows: &[Row]) -> Result<(), ViewError>;

    /// Writes each group as [`write`](Self::write) does: all of its rows or none, whatever becomes of the other groups.
    /// Answers in the order of the groups. A store that can do it in fewer calls does.
    async fn write_each(&self, groups: &[Vec<Row>]) -> Vec<Result<(), ViewError>> {
        // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
        let writes: Vec<_> = groups.iter().map(|rows| self.write(rows)).collect();
        stream::iter(writes).buffered(WRITES_AT_ONCE_MAX).collect().await
    }

    /// Lists rows: strongly consistent by their own keys; an index may be a moment behind the writes. The rows are those
    /// of now: a row that has left the listed partition since may be left out, so that a page is short.
    ///
    /// # Errors
    /// [`ViewError`], never `Conflict`.
    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError>;
}
