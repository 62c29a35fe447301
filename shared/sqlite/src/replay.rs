//! Reads the whole file, segment by segment.

use async_trait::async_trait;
use dekigoto::{
    ReadError,
    replay::{ReplayPage, ReplayPosition, ReplaySource, SEGMENTS_MAX},
};
use rusqlite::{Connection, params};

use crate::{
    SqliteEventStore,
    commit_row::{COLUMNS, commit_of, segment},
    failure::failure_of,
};

const SCAN: &str = "SQLite scan";

#[async_trait]
impl ReplaySource for SqliteEventStore {
    /// A segment is a range of the digests of stream keys, so a stream lies in one segment.
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let of_segments = of_segments.clamp(1, SEGMENTS_MAX);
        // The first digest of segment k of n.
        let first = |segment: u32| (segment * SEGMENTS_MAX).div_ceil(of_segments);
        let (from, to) = (first(segment), first(segment + 1));
        let after = after.cloned();
        let limit = limit.max(1);
        self.0.scanner().call(SCAN, move |it| scan(it, from, to, after.as_ref(), limit)).await
    }
}

fn scan(
    connection: &Connection,
    from: u32,
    to: u32,
    after: Option<&ReplayPosition>,
    limit: u32,
) -> Result<ReplayPage, ReadError> {
    let failed = |cause| ReadError::from(failure_of(SCAN, &cause));
    let statement = format!(
        "select {COLUMNS} from commits where (seg, pk, sk) > (?1, ?2, ?3) and seg < ?4
         order by seg, pk, sk limit ?5"
    );
    let mut statement = connection.prepare_cached(&statement).map_err(failed)?;
    let (seg, pk, sk) = match after {
        None => (from, "", 0),
        Some(it) => {
            let sk = i64::try_from(it.ordinal).unwrap_or(i64::MAX);
            (segment(&it.stream_key).into(), it.stream_key.as_str(), sk)
        }
    };
    // One row more than wanted tells whether there is another page.
    let rows = params![seg, pk, sk, to, u64::from(limit) + 1];
    let mut rows = statement.query(rows).map_err(failed)?;
    let mut page = ReplayPage { commits: Vec::new(), corrupt: Vec::new(), next: None };
    let mut last = None;
    for place in 1..=limit {
        let Some(row) = rows.next().map_err(failed)? else { return Ok(page) };
        if place == limit {
            let ordinal = row.get::<_, i64>("sk").map_err(failed)?;
            last = Some(ReplayPosition {
                stream_key: row.get("pk").map_err(failed)?,
                ordinal: u64::try_from(ordinal).unwrap_or_default(),
            });
        }
        match commit_of(row) {
            Ok(commit) => page.commits.push(commit),
            Err(cause) => page.corrupt.push(cause),
        }
    }
    page.next = last.filter(|_| rows.next().is_ok_and(|row| row.is_some()));
    Ok(page)
}
