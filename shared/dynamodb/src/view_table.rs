//! The table that holds the rows of views: its keys and its secondary indexes.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use dekigoto::{Index, RowKey, StoreFailure, ViewError};

use crate::Item;

/// The number of secondary indexes by default.
pub(crate) const INDEXES_DEFAULT: u8 = 2;

/// A table and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct ViewTable {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) indexes: u8,
}

/// The names of a secondary index and of its key attributes.
pub(crate) struct IndexNames {
    pub(crate) index: String,
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl ViewTable {
    /// The names of an index.
    pub(crate) fn names(
        &self,
        operation: &'static str,
        Index(number): Index,
    ) -> Result<IndexNames, ViewError> {
        if !(1..=self.indexes).contains(&number) {
            let reason = format!(
                "there is no index {number}; the table has {}, see DynamoViewStore::with_indexes",
                self.indexes
            );
            return Err(StoreFailure::broken(operation, reason).into());
        }
        Ok(IndexNames {
            index: format!("index{number}"),
            partition: format!("ix{number}pk"),
            sort: format!("ix{number}sk"),
        })
    }

    /// All indexes of the table.
    pub(crate) fn all(&self) -> impl Iterator<Item = Index> {
        (1..=self.indexes).map(Index)
    }
}

/// The primary key of a row.
pub(crate) fn key_item(key: &RowKey) -> Item {
    let text = |text: &String| AttributeValue::S(text.clone());
    Item::from([("pk".to_owned(), text(&key.partition)), ("sk".to_owned(), text(&key.sort))])
}
