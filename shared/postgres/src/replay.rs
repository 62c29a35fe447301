//! Reads the whole store, segment by segment.

use async_trait::async_trait;
use dekigoto::{
    ReadError, StoreFailure,
    replay::{ReplayPage, ReplayPosition, ReplaySource, SEGMENTS_MAX},
};
use tokio_postgres::Row;

use crate::{
    PostgresEventStore,
    commit_row::{COLUMNS, commit_of, segment},
    session::param,
};

const SCAN: &str = "PostgreSQL scan";

#[async_trait]
impl ReplaySource for PostgresEventStore {
    /// A segment is a range of the digests of stream keys, so a stream lies in one segment.
    async fn scan(
        &self,
        segment_number: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let of_segments = of_segments.clamp(1, SEGMENTS_MAX);
        // The first digest of segment k of n.
        let first = |segment: u32| {
            i16::try_from((segment * SEGMENTS_MAX).div_ceil(of_segments)).unwrap_or(i16::MAX)
        };
        let (seg, pk, sk) = match after {
            None => (first(segment_number), "", 0),
            Some(it) => {
                let sk = i64::try_from(it.ordinal).unwrap_or(i64::MAX);
                (segment(&it.stream_key), it.stream_key.as_str(), sk)
            }
        };
        let schema = self.0.schema();
        let statement = format!(
            "select {COLUMNS} from {schema}.commits where (seg, pk, sk) > ($1, $2, $3) and seg < $4
             order by seg, pk, sk limit $5"
        );
        // One row more than wanted tells whether there is another page.
        let (end, rows_max) = (first(segment_number + 1), i64::from(limit.max(1)) + 1);
        let params = [
            param::int2(&seg),
            param::text(&pk),
            param::int8(&sk),
            param::int2(&end),
            param::int8(&rows_max),
        ];
        let rows = self.0.query(SCAN, &statement, &params).await.map_err(|it| it.failure)?;
        page(&rows, usize::try_from(limit.max(1)).unwrap_or(usize::MAX))
    }
}

fn page(rows: &[Row], limit: usize) -> Result<ReplayPage, ReadError> {
    let mut page = ReplayPage { commits: Vec::new(), corrupt: Vec::new(), next: None };
    for row in rows.iter().take(limit) {
        match commit_of(row) {
            Ok(commit) => page.commits.push(commit),
            Err(cause) => page.corrupt.push(cause),
        }
    }
    let last = rows.iter().take(limit).next_back().filter(|_| rows.len() > limit);
    page.next = last.map(position).transpose()?;
    Ok(page)
}

fn position(row: &Row) -> Result<ReplayPosition, StoreFailure> {
    let failed = |cause: tokio_postgres::Error| StoreFailure::broken(SCAN, cause.to_string());
    let ordinal: i64 = row.try_get("sk").map_err(failed)?;
    Ok(ReplayPosition {
        stream_key: row.try_get("pk").map_err(failed)?,
        ordinal: u64::try_from(ordinal).unwrap_or_default(),
    })
}
