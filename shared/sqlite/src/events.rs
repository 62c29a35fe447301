//! The event store: one row per commit, written together with its entry of the outbox.

use async_trait::async_trait;
use dekigoto::{AppendError, Commit, EventStore, ReadError, ReadFrom, StoredCommit, StreamId};
use rusqlite::{Connection, params};

use crate::{
    Database,
    commit_row::{COLUMNS, commit_of, segment, signed},
    failure::failure_of,
    last_entry::LastEntry,
};

const APPEND: &str = "SQLite append";
const READ: &str = "SQLite read";

/// Commits that are read on the caller's thread: it takes less than a tenth of a millisecond to decode them.
const FEW_COMMITS: u32 = 32;

/// An event store in a SQLite file. A commit is durable before it is acknowledged.
#[derive(Clone, Debug)]
pub struct SqliteEventStore(pub(crate) Database);

#[async_trait]
impl EventStore for SqliteEventStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let (commit, last) = (commit.clone(), self.0.last_entry());
        self.0.writer().call(APPEND, move |connection| append(connection, &commit, &last)).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let key = stream.key();
        // SQLite takes 0 for nothing, and an empty page would look like the end of the stream.
        let limit = limit.max(1);
        let read = move |connection: &Connection| read(connection, &key, from, limit);
        if limit <= FEW_COMMITS {
            self.0.read_few(READ, read).await
        } else {
            self.0.reader().call(READ, read).await
        }
    }
}

fn append(connection: &Connection, commit: &Commit, last: &LastEntry) -> Result<(), AppendError> {
    let stored = StoredCommit::from(commit);
    if insert(connection, &stored, last)? {
        return Ok(());
    }
    let found = read(connection, &stored.pk, ReadFrom::Up(commit.ordinal()), 1);
    let found = found.map_err(|cause| match cause {
        ReadError::Corrupt(corrupt) => AppendError::Broken(corrupt.into()),
        ReadError::Unavailable(cause) => AppendError::Throttled(cause),
        ReadError::Broken(cause) => AppendError::Broken(cause),
    })?;
    match found.into_iter().next() {
        Some(found) if found.is_same_append(commit) => Ok(()),
        Some(found) => Err(AppendError::Conflict { found: Box::new(found) }),
        None => Err(AppendError::Broken("the place is taken, and nothing is there".into())),
    }
}

/// Writes the commit and its entry of the outbox. `false` if the place is taken.
fn insert(
    connection: &Connection,
    it: &StoredCommit,
    last: &LastEntry,
) -> Result<bool, AppendError> {
    let failed = |cause| AppendError::from(failure_of(APPEND, &cause));
    let (sk, v) = (signed(APPEND, it.sk)?, signed(APPEND, it.v)?);
    let statement = format!(
        "insert into commits (seg, {COLUMNS})
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         on conflict (seg, pk, sk) do nothing"
    );
    let mut statement = connection.prepare_cached(&statement).map_err(failed)?;
    let values = params![
        segment(&it.pk),
        it.pk,
        sk,
        v,
        it.at,
        it.ev,
        it.key,
        it.fp.as_str(),
        it.act,
        it.cor,
        it.cau,
        it.tp,
        it.sn
    ];
    if statement.execute(values).map_err(failed)? == 0 {
        return Ok(false);
    }
    last.insert(connection, &it.pk, sk, None).map_err(failed)?;
    Ok(true)
}

fn read(
    connection: &Connection,
    key: &str,
    from: ReadFrom,
    limit: u32,
) -> Result<Vec<Commit>, ReadError> {
    let failed = |cause| ReadError::from(failure_of(READ, &cause));
    // No stored ordinal is larger.
    let bound = |ordinal: u64| i64::try_from(ordinal).unwrap_or(i64::MAX);
    let (condition, order, ordinal) = match from {
        ReadFrom::Newest => ("sk <= ?3", "desc", i64::MAX),
        ReadFrom::Down(ordinal) => ("sk <= ?3", "desc", bound(ordinal.get())),
        ReadFrom::Up(ordinal) => ("sk >= ?3", "asc", bound(ordinal.get())),
    };
    let statement = format!(
        "select {COLUMNS} from commits where seg = ?1 and pk = ?2 and {condition}
         order by sk {order} limit ?4"
    );
    let mut statement = connection.prepare_cached(&statement).map_err(failed)?;
    let values = params![segment(key), key, ordinal, limit];
    let mut rows = statement.query(values).map_err(failed)?;
    let mut commits = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        commits.push(commit_of(row)?);
    }
    Ok(commits)
}
