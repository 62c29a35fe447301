//! A row of a view of one aggregate as it is stored, and what it is to the code that reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use tracing::warn;

use crate::{Row, RowKey};

/// A row of a [`SingleView`](super::SingleView) as it is stored: with one watermark for each stream that it folds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Marked<R> {
    /// The [`SCHEMA`](super::View::SCHEMA) of the view that wrote it. A row without one was written under schema 1.
    #[serde(default = "first_schema", skip_serializing_if = "is_first_schema")]
    pub schema: u32,
    /// The last version folded, by aggregate type.
    pub watermarks: BTreeMap<String, u64>,
    /// The row.
    pub row: R,
}

impl<R: Default> Marked<R> {
    /// A row that has seen nothing.
    #[must_use]
    pub fn empty(schema: u32) -> Self {
        Self { schema, watermarks: BTreeMap::new(), row: R::default() }
    }
}

impl<R> Marked<R> {
    /// The last version of that stream that the row has folded; 0 for none.
    #[must_use]
    pub fn watermark(&self, aggregate_type: &str) -> u64 {
        self.watermarks.get(aggregate_type).copied().unwrap_or(0)
    }
}

/// What a stored row is to this code.
pub(super) enum Stored<R> {
    /// Written under this schema.
    Current(Marked<R>),
    /// Written under an older schema, or damaged: what it should say is in the store. With the watermarks, where they can
    /// be read.
    Outdated(BTreeMap<String, u64>),
    /// Written by newer code, under that schema.
    Newer(u32),
}

/// The part of a row that every schema has. Schema 0 is that of no row.
#[derive(Default, Deserialize)]
struct Header {
    #[serde(default = "first_schema")]
    schema: u32,
    #[serde(default)]
    watermarks: BTreeMap<String, u64>,
}

impl<R: DeserializeOwned> Stored<R> {
    pub(super) fn of(row: &Row, schema: u32) -> Self {
        let header: Header = row.body.read().unwrap_or_default();
        if header.schema > schema {
            return Self::Newer(header.schema);
        }
        if header.schema < schema && header.schema > 0 {
            return Self::Outdated(header.watermarks);
        }
        match row.body.read() {
            Ok(marked) => Self::Current(marked),
            Err(cause) => {
                // The place is logged, never the content, which serde's own error repeats.
                let (RowKey { partition, sort }, column) = (&row.key, cause.column());
                warn!(%partition, %sort, column, "Row {partition} {sort} is unreadable at column {column}");
                Self::Outdated(header.watermarks)
            }
        }
    }
}

fn first_schema() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first_schema(schema: &u32) -> bool {
    *schema == first_schema()
}
