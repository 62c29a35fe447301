//! The record of changes: who changed what, when, why, and what came of it. It stands in the view table, under a
//! partition for each month.

use dekigoto::{Host, Payload, Row, RowKey, RowQuery, Timestamp, ViewStore};

use crate::{
    cloud::Entry,
    failure::{Failure, Kind, of_store},
};

/// Entries that one listing shows.
const ENTRIES_MAX: u32 = 200;

/// What an entry says until its change has ended.
const BEGUN: &str =
    "begun; if this stays, the command was cut off: look at what it changed, and repeat it";

/// Writes and reads the record of changes.
pub(crate) struct Journal<'a> {
    views: &'a dyn ViewStore,
    host: &'a dyn Host,
}

/// An entry whose change has not ended.
pub(crate) struct Open {
    key: RowKey,
    entry: Entry,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(views: &'a dyn ViewStore, host: &'a dyn Host) -> Self {
        Self { views, host }
    }

    pub(crate) async fn begin(
        &self,
        who: String,
        what: String,
        why: String,
    ) -> Result<Open, Failure> {
        let at = self.host.now();
        let sort = format!("{at}#{}", self.host.random());
        let key = RowKey::new(partition(at), sort);
        let entry = Entry { at, who, what, why, outcome: BEGUN.to_owned() };
        self.write(&key, 1, &entry).await?;
        Ok(Open { key, entry })
    }

    pub(crate) async fn end(&self, open: Open, outcome: String) -> Result<(), Failure> {
        let entry = Entry { outcome, ..open.entry };
        self.write(&open.key, 2, &entry).await
    }

    /// The changes of the month of `at`, newest first.
    pub(crate) async fn of_month(&self, at: Timestamp) -> Result<Vec<Entry>, Failure> {
        let query = RowQuery {
            index: None,
            partition: partition(at),
            between: None,
            newest_first: true,
            limit: ENTRIES_MAX,
            after: None,
        };
        let page = self.views.list(&query).await.map_err(|error| of_store(&error))?;
        Ok(page.rows.iter().filter_map(|row| row.body.read().ok()).collect())
    }

    async fn write(&self, key: &RowKey, revision: u64, entry: &Entry) -> Result<(), Failure> {
        let body = Payload::of(entry).map_err(|_| {
            Failure::new(Kind::Refused, "the change cannot be recorded", "this is a bug")
        })?;
        let row =
            Row { key: key.clone(), revision, body, indexes: std::collections::BTreeMap::new() };
        self.views.write(&[row]).await.map_err(|error| of_store(&error))
    }
}

fn partition(at: Timestamp) -> String {
    let date = at.date();
    format!("operations#{}", date.get(..7).unwrap_or(&date))
}
