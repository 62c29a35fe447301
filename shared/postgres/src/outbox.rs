//! The outbox: entries that are written with their commits, and leased by relays that skip each other's.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    Ordinal, Pointer, Refused, RetryQueue, Source, StoreFailure, StreamId,
    outbox::{EntryId, Leased, Order, Outbox},
};
use tokio_postgres::{Error, Row};

use crate::{
    Postgres,
    commit_row::signed,
    session::{Param, param},
};

const OUTBOX: &str = "PostgreSQL outbox";

/// The outbox of a [`PostgresEventStore`](crate::PostgresEventStore). Any number of relays may work on it.
#[derive(Clone, Debug)]
pub struct PostgresOutbox(pub(crate) Postgres);

impl PostgresOutbox {
    async fn query(&self, statement: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Source> {
        self.0.query(OUTBOX, statement, params).await.map_err(|it| it.failure.into())
    }
}

#[async_trait]
impl RetryQueue for PostgresOutbox {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        let keys: Vec<String> = pointers.iter().map(|it| it.stream.key()).collect();
        let ordinals = pointers.iter().map(|it| signed(OUTBOX, it.ordinal.get()));
        let ordinals = ordinals.collect::<Result<Vec<i64>, StoreFailure>>()?;
        let targets = pointers.iter().map(|it| serde_json::to_string(&it.targets));
        let targets = targets.collect::<Result<Vec<String>, _>>()?;
        let statement = format!(
            "insert into {}.outbox (pk, sk, targets)
             select * from unnest($1::text[], $2::bigint[], $3::text[])",
            self.0.schema()
        );
        let params = [param::texts(&keys), param::int8s(&ordinals), param::texts(&targets)];
        self.query(&statement, &params).await?;
        Ok(vec![Ok(()); pointers.len()])
    }
}

#[async_trait]
impl Outbox for PostgresOutbox {
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        let schema = self.0.schema();
        let is_next = match order {
            Order::Any => "true".to_owned(),
            Order::PerStream => format!(
                "not exists (select 1 from {schema}.outbox e where e.pk = o.pk
                 and (e.sk, e.id) < (o.sk, o.id))"
            ),
        };
        let statement = format!(
            "with t as (
               select o.id from {schema}.outbox o where o.due <= now() and {is_next}
               order by o.id limit $1 for update skip locked)
             update {schema}.outbox o set due = now() + make_interval(secs => $2), attempts = attempts + 1
             from t where o.id = t.id returning o.id, o.pk, o.sk, o.targets, o.attempts"
        );
        let (limit, seconds) = (i64::from(limit.max(1)), seconds(time));
        let params = [param::int8(&limit), param::float8(&seconds)];
        let rows = self.query(&statement, &params).await?;
        let mut leased = rows.iter().map(leased).collect::<Result<Vec<_>, Error>>()?;
        // The server returns the rows of an update in any order.
        leased.sort_by_key(|entry| entry.id);
        Ok(leased)
    }

    async fn done(&self, entries: &[EntryId]) -> Result<(), Source> {
        let ids: Vec<i64> = entries.iter().map(|EntryId(id)| *id).collect();
        let statement = format!("delete from {}.outbox where id = any($1)", self.0.schema());
        self.query(&statement, &[param::int8s(&ids)]).await.map(|_| ())
    }

    async fn put_back(&self, EntryId(id): EntryId, wait: Duration) -> Result<(), Source> {
        let statement = format!(
            "update {}.outbox set due = now() + make_interval(secs => $2) where id = $1",
            self.0.schema()
        );
        let seconds = seconds(wait);
        let params = [param::int8(&id), param::float8(&seconds)];
        self.query(&statement, &params).await.map(|_| ())
    }

    async fn waiting(&self) -> Result<u64, Source> {
        let statement = format!("select count(*) from {}.outbox", self.0.schema());
        let rows = self.query(&statement, &[]).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        Ok(u64::try_from(count)?)
    }
}

/// At most a hundred years, so that a sum with today's date does not overflow.
fn seconds(time: Duration) -> f64 {
    const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
    time.min(LONGEST).as_secs_f64()
}

fn leased(row: &Row) -> Result<Leased, Error> {
    let (pk, sk): (String, i64) = (row.try_get("pk")?, row.try_get("sk")?);
    let targets: Option<String> = row.try_get("targets")?;
    let attempts: i32 = row.try_get("attempts")?;
    Ok(Leased {
        id: EntryId(row.try_get("id")?),
        // The relay parks what is no pointer.
        pointer: pointer(&pk, sk, targets.as_deref()).unwrap_or_else(|| format!("{pk} {sk}")),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
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
