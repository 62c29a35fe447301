//! The outbox: entries that are written with their commits.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    Ordinal, Pointer, Refused, RetryQueue, Source, StoreFailure, StreamId,
    outbox::{EntryId, Leased, Order, Outbox},
};
use rusqlite::{Connection, Row, params};

use crate::{Database, commit_row::signed, failure::failure_of};

const OUTBOX: &str = "SQLite outbox";

/// Now, in milliseconds.
const NOW: &str = "cast(unixepoch('subsec') * 1000 as integer)";

/// The outbox of a [`SqliteEventStore`](crate::SqliteEventStore).
#[derive(Clone, Debug)]
pub struct SqliteOutbox(pub(crate) Database);

impl SqliteOutbox {
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Source> {
        let work = move |connection: &Connection| {
            work(connection).map_err(|cause| failure_of(OUTBOX, &cause))
        };
        self.0.writer().call::<T, StoreFailure>(OUTBOX, work).await.map_err(Source::from)
    }
}

#[async_trait]
impl RetryQueue for SqliteOutbox {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        let entry = |pointer: &Pointer| {
            let targets = serde_json::to_string(&pointer.targets).unwrap_or_default();
            Ok((pointer.stream.key(), signed(OUTBOX, pointer.ordinal.get())?, targets))
        };
        let entries: Result<Vec<_>, StoreFailure> = pointers.iter().map(entry).collect();
        let entries = entries?;
        let last = self.0.last_entry();
        let put = move |connection: &Connection| {
            let mut entries = entries.iter();
            entries
                .try_for_each(|(pk, sk, targets)| last.insert(connection, pk, *sk, Some(targets)))
        };
        self.call(put).await?;
        Ok(vec![Ok(()); pointers.len()])
    }
}

#[async_trait]
impl Outbox for SqliteOutbox {
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        let is_next = match order {
            Order::Any => "true",
            Order::PerStream => {
                "not exists (select 1 from outbox as earlier where earlier.pk = outbox.pk
                 and (earlier.sk, earlier.id) < (outbox.sk, outbox.id))"
            }
        };
        let statement = format!(
            "update outbox set due = {NOW} + ?2, attempts = attempts + 1
             where id in (select id from outbox where due <= {NOW} and {is_next} order by id limit ?1)
             returning id, pk, sk, targets, attempts"
        );
        let lease = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&statement)?;
            let leased = statement.query_map(params![limit.max(1), millis(time)], leased)?;
            leased.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut leased = self.call(lease).await?;
        // SQLite returns the rows of an update in any order.
        leased.sort_by_key(|entry| entry.id);
        Ok(leased)
    }

    async fn done(&self, entries: &[EntryId]) -> Result<(), Source> {
        let ids: Vec<i64> = entries.iter().map(|EntryId(id)| *id).collect();
        let delete = move |connection: &Connection| {
            let mut statement = connection.prepare_cached("delete from outbox where id = ?1")?;
            ids.into_iter().try_for_each(|id| statement.execute([id]).map(|_| ()))
        };
        self.call(delete).await
    }

    async fn put_back(&self, EntryId(id): EntryId, wait: Duration) -> Result<(), Source> {
        let put_back = move |connection: &Connection| {
            let statement = format!("update outbox set due = {NOW} + ?2 where id = ?1");
            connection.prepare_cached(&statement)?.execute([id, millis(wait)]).map(|_| ())
        };
        self.call(put_back).await
    }

    async fn waiting(&self) -> Result<u64, Source> {
        let count = |connection: &Connection| {
            let mut statement = connection.prepare_cached("select count(*) from outbox")?;
            statement.query_row([], |row| row.get::<_, i64>(0))
        };
        Ok(u64::try_from(self.call(count).await?)?)
    }
}

fn millis(time: Duration) -> i64 {
    /// A hundred years, so that a sum with today's date does not overflow.
    const LONGEST: i64 = 100 * 366 * 24 * 3600 * 1000;
    i64::try_from(time.as_millis()).unwrap_or(LONGEST).min(LONGEST)
}

fn leased(row: &Row<'_>) -> rusqlite::Result<Leased> {
    let (pk, sk): (String, i64) = (row.get("pk")?, row.get("sk")?);
    let targets: Option<String> = row.get("targets")?;
    Ok(Leased {
        id: EntryId(row.get("id")?),
        // The relay parks what is no pointer.
        pointer: pointer(&pk, sk, targets.as_deref()).unwrap_or_else(|| format!("{pk} {sk}")),
        attempts: row.get("attempts")?,
    })
}

fn pointer(pk: &str, sk: i64, targets: Option<&str>) -> Option<String> {
    let stream = StreamId::from_key(pk).ok()?;
    let all = Pointer::new(stream, Ordinal::new(u64::try_from(sk).ok()?)?);
    let pointer = match targets {
        None => all,
        Some(targets) => Pointer { targets: serde_json::from_str(targets).ok()?, ..all },
    };
    Some(pointer.text())
}
