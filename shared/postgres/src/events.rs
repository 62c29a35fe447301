//! The event store: one row per commit, written together with its entry of the outbox by one statement.

use crate::{
    Postgres,
    commit_row::{COLUMNS, commit_of, segment, signed},
    session::param,
};
use async_trait::async_trait;
use dekigoto::{AppendError, Commit, EventStore, ReadError, ReadFrom, StoredCommit, StreamId};

const APPEND: &str = "PostgreSQL append";
const READ: &str = "PostgreSQL read";

/// An event store in PostgreSQL. Appending is one statement in one round trip.
#[derive(Clone, Debug)]
pub struct PostgresEventStore(pub(crate) Postgres);

#[async_trait]
impl EventStore for PostgresEventStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        if self.insert(&StoredCommit::from(commit)).await? {
            return Ok(());
        }
        // A second statement: the one above cannot see the commit that it waited for.
        let found = self.read(commit.stream(), ReadFrom::Up(commit.ordinal()), 1).await;
        let found = found.map_err(|cause| match cause {
            ReadError::Corrupt(corrupt) => AppendError::Broken(corrupt.into()),
            // This commit was refused; sending it again finds out the same.
            ReadError::Unavailable(cause) => AppendError::Throttled(cause),
            ReadError::Broken(cause) => AppendError::Broken(cause),
        })?;
        match found.into_iter().next() {
            Some(found) if found.is_same_append(commit) => Ok(()),
            Some(found) => Err(AppendError::Conflict { found: Box::new(found) }),
            None => Err(AppendError::Broken("the place is taken, and nothing is there".into())),
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        // No stored ordinal is larger.
        let bound = |ordinal: u64| i64::try_from(ordinal).unwrap_or(i64::MAX);
        let (condition, order, ordinal) = match from {
            ReadFrom::Newest => ("<=", "desc", i64::MAX),
            ReadFrom::Down(ordinal) => ("<=", "desc", bound(ordinal.get())),
            ReadFrom::Up(ordinal) => (">=", "asc", bound(ordinal.get())),
        };
        let schema = self.0.schema();
        let statement = format!(
            "select {COLUMNS} from {schema}.commits where seg = $1 and pk = $2 and sk {condition} $3
             order by sk {order} limit $4"
        );
        let key = stream.key();
        let seg = segment(&key);
        // An empty page would look like the end of the stream.
        let limit = i64::from(limit.max(1));
        let params =
            [param::int2(&seg), param::text(&key), param::int8(&ordinal), param::int8(&limit)];
        let rows = self.0.query(READ, &statement, &params).await.map_err(|it| it.failure)?;
        rows.iter().map(|row| commit_of(row).map_err(ReadError::from)).collect()
    }
}

impl PostgresEventStore {
    /// Writes the commit and its entry of the outbox. `false` if the place is taken.
    async fn insert(&self, it: &StoredCommit) -> Result<bool, AppendError> {
        let statement = format!(
            "select {}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            self.0.schema()
        );
        let seg = segment(&it.pk);
        let (sk, v, fp) = (signed(APPEND, it.sk)?, signed(APPEND, it.v)?, it.fp.as_str());
        let params = [
            param::int2(&seg),
            param::text(&it.pk),
            param::int8(&sk),
            param::int8(&v),
            param::int8(&it.at),
            param::text(&it.ev),
            param::text(&it.key),
            param::text(&fp),
            param::text(&it.act),
            param::text(&it.cor),
            param::text(&it.cau),
            param::text(&it.tp),
            param::text(&it.sn),
        ];
        let rows = self.0.query(APPEND, &statement, &params).await.map_err(|it| it.failure)?;
        let was_free = rows.first().map(|row| row.try_get(0)).transpose();
        let was_free = was_free.map_err(|cause| AppendError::Broken(cause.into()))?;
        was_free.ok_or_else(|| {
            AppendError::Broken("the server did not say whether it stored the commit".into())
        })
    }
}
