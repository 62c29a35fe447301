//! The event store: one row per commit, written together with its entry of the outbox by one statement.

use crate::{
    Postgres,
    commit_row::{COLUMNS, commit_of, segment},
    session::param,
};
use async_trait::async_trait;
use dekigoto::{AppendError, Commit, EventStore, ReadError, ReadFrom, StoredCommit, StreamId};

const READ: &str = "PostgreSQL read";

/// An event store in PostgreSQL. An append takes one round trip, and one statement with those that wait at the same time.
#[derive(Clone, Debug)]
pub struct PostgresEventStore(pub(crate) Postgres);

#[async_trait]
impl EventStore for PostgresEventStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        if self.0.append(StoredCommit::from(commit)).await? {
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
        let (function, ordinal) = match from {
            ReadFrom::Newest => ("read_down", i64::MAX),
            ReadFrom::Down(ordinal) => ("read_down", bound(ordinal.get())),
            ReadFrom::Up(ordinal) => ("read_up", bound(ordinal.get())),
        };
        let schema = self.0.schema();
        let statement = format!("select {COLUMNS} from {schema}.{function}($1, $2, $3, $4)");
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
