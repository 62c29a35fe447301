//! What cannot be handled, with the reason.

use async_trait::async_trait;
use dekigoto::{Fingerprint, Parked, ParkedRecords, Parking, Source, StoreFailure};
use rusqlite::Connection;

use crate::{Database, failure::failure_of};

const PARKING: &str = "SQLite parking";

/// Parked records.
#[derive(Clone, Debug)]
pub struct SqliteParking(pub(crate) Database);

#[async_trait]
impl Parking for SqliteParking {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        self.insert(None, body, reason).await
    }

    async fn park_once(&self, key: &str, body: &str, reason: &str) -> Result<(), Source> {
        self.insert(Some(Fingerprint::of(&[key, body])), body, reason).await
    }
}

impl SqliteParking {
    async fn insert(
        &self,
        once: Option<Fingerprint>,
        body: &str,
        reason: &str,
    ) -> Result<(), Source> {
        let once = once.map(|it| it.as_str().to_owned());
        let values = (body.to_owned(), reason.to_owned(), once);
        let park = move |connection: &Connection| {
            let statement = "insert into parked (at, body, reason, once)
                 values (unixepoch(), ?1, ?2, ?3) on conflict (once) do nothing";
            let parked = connection.prepare_cached(statement).and_then(|mut it| it.execute(values));
            parked.map(|_| ()).map_err(|cause| failure_of(PARKING, &cause))
        };
        self.0.writer().call::<(), StoreFailure>(PARKING, park).await.map_err(Source::from)
    }
}

#[async_trait]
impl ParkedRecords for SqliteParking {
    async fn list(&self, after: i64, limit: u32) -> Result<Vec<Parked>, Source> {
        let list = move |connection: &Connection| {
            let statement =
                "select id, body, reason from parked where id > ?1 order by id limit ?2";
            let mut statement = connection.prepare_cached(statement)?;
            let rows = statement.query_map((after, limit), |row| {
                Ok(Parked { id: row.get(0)?, body: row.get(1)?, reason: row.get(2)? })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let list = move |it: &Connection| list(it).map_err(|cause| failure_of(PARKING, &cause));
        self.0.reader().call::<_, StoreFailure>(PARKING, list).await.map_err(Source::from)
    }
    async fn discard(&self, id: i64) -> Result<(), Source> {
        let discard = move |connection: &Connection| {
            let statement = connection.prepare_cached("delete from parked where id = ?1");
            let discarded = statement.and_then(|mut it| it.execute([id]));
            discarded.map(|_| ()).map_err(|cause| failure_of(PARKING, &cause))
        };
        self.0.writer().call::<(), StoreFailure>(PARKING, discard).await.map_err(Source::from)
    }
}
