//! A stored row of a view of one aggregate, and whether this code can use it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use tracing::warn;

use super::unheard::Unheard;
use crate::Row;

/// A stored row of a [`SingleView`](super::SingleView), with one watermark for each stream that it folds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Marked<R> {
    /// The [`SCHEMA`](super::View::SCHEMA) of the view that wrote it. A row without one was written under schema 1.
    #[serde(default = "first_schema", skip_serializing_if = "is_first_schema")]
    pub schema: u32,
    /// The last version folded, by aggregate type.
    pub watermarks: BTreeMap<String, u64>,
    /// The versions up to the watermarks that no message has brought.
    #[serde(default, skip_serializing_if = "Unheard::is_empty")]
    pub(super) unheard: Unheard,
    /// The row.
    pub row: R,
}

impl<R: Default> Marked<R> {
    /// A row without events.
    #[must_use]
    pub fn empty(schema: u32) -> Self {
        let (watermarks, unheard) = Default::default();
        Self { schema, watermarks, unheard, row: R::default() }
    }
}

impl<R> Marked<R> {
    /// The last version of this stream that the row has folded, or 0.
    #[must_use]
    pub fn watermark(&self, aggregate_type: &str) -> u64 {
        self.watermarks.get(aggregate_type).copied().unwrap_or(0)
    }
}

/// How the schema of a stored row compares with this code's.
pub(super) enum Stored<R> {
    /// Written under the same schema.
    Current(Marked<R>),
    /// Written under an older schema, or damaged: the row must be folded again from the store. Holds what can be read.
    Outdated(Header),
    /// Written by newer code, under this schema.
    Newer(u32),
}

/// The part of a row that every schema has. Schema 0 means that there is no header.
#[derive(Default, Deserialize)]
pub(super) struct Header {
    #[serde(default = "first_schema")]
    schema: u32,
    #[serde(default)]
    pub(super) watermarks: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) unheard: Unheard,
}

impl<R: DeserializeOwned> Stored<R> {
    pub(super) fn of(row: &Row, schema: u32) -> Self {
        let header: Header = row.body.read().unwrap_or_default();
        if header.schema > schema {
            return Self::Newer(header.schema);
        }
        if header.schema < schema && header.schema > 0 {
            return Self::Outdated(header);
        }
        match row.body.read() {
            Ok(marked) => Self::Current(marked),
            Err(cause) => {
                // Only the place is logged, because serde's error repeats the content.
                let (row, column) = (row.key.masked(), cause.column());
                warn!(row, column, "Row {row} is unreadable at column {column}");
                Self::Outdated(header)
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
