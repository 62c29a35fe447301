//! What cannot be handled, with the reason.

use async_trait::async_trait;
use dekigoto::{Fingerprint, Parked, ParkedRecords, Parking, Source};
use tokio_postgres::Error;

use crate::{Postgres, session::param};

const PARKING: &str = "PostgreSQL parking";

/// Parked records.
#[derive(Clone, Debug)]
pub struct PostgresParking(pub(crate) Postgres);

#[async_trait]
impl Parking for PostgresParking {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        self.insert(None, body, reason).await
    }

    async fn park_once(&self, key: &str, body: &str, reason: &str) -> Result<(), Source> {
        self.insert(Some(&Fingerprint::of(&[key, body])), body, reason).await
    }
}

impl PostgresParking {
    async fn insert(
        &self,
        once: Option<&Fingerprint>,
        body: &str,
        reason: &str,
    ) -> Result<(), Source> {
        // The text may be one that PostgreSQL cannot store.
        let (body, reason) = (body.replace('\0', "\u{fffd}"), reason.replace('\0', "\u{fffd}"));
        let schema = self.0.schema();
        let statement = format!(
            "insert into {schema}.parked (body, reason, once) values ($1, $2, $3) on conflict do nothing"
        );
        let once = once.map(Fingerprint::as_str);
        let params = [param::text(&body), param::text(&reason), param::text(&once)];
        let parked = self.0.query(PARKING, &statement, &params).await;
        parked.map(|_| ()).map_err(|it| it.failure.into())
    }
}

#[async_trait]
impl ParkedRecords for PostgresParking {
    async fn list(&self, after: i64, limit: u32) -> Result<Vec<Parked>, Source> {
        let schema = self.0.schema();
        let statement = format!(
            "select id, body, reason from {schema}.parked where id > $1 order by id limit $2"
        );
        let limit = i64::from(limit);
        let params = [param::int8(&after), param::int8(&limit)];
        let rows = self.0.query(PARKING, &statement, &params).await;
        let rows = rows.map_err(|it| Source::from(it.failure))?;
        let parked = rows.iter().map(|row| {
            Ok(Parked { id: row.try_get(0)?, body: row.try_get(1)?, reason: row.try_get(2)? })
        });
        Ok(parked.collect::<Result<Vec<_>, Error>>()?)
    }
    async fn discard(&self, id: i64) -> Result<(), Source> {
        let statement = format!("delete from {}.parked where id = $1", self.0.schema());
        let discarded = self.0.query(PARKING, &statement, &[param::int8(&id)]).await;
        discarded.map(|_| ()).map_err(|it| it.failure.into())
    }
}
