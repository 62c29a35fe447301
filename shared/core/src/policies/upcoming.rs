//! Lists the processes that wait for a deadline, for operators.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    DUE_SHARDS, DueProcess,
    processes::{DUE_INDEX, due_of, due_partition, minute_of},
};
use crate::{RowQuery, Timestamp, ViewError, ViewStore};

/// Minutes that one listing looks at, at most. Each costs a request per shard.
pub const UPCOMING_MINUTES_MAX: u32 = 360;

/// Processes of one minute and shard that a listing shows, at most.
pub const UPCOMING_PER_PARTITION_MAX: u32 = 100;

/// Partitions that are listed side by side.
const PARTITIONS_AT_ONCE: usize = 8;

const MINUTE_MS: i64 = 60_000;

/// The processes of a policy whose deadlines are in this minute and in the `minutes` after it, the next one first.
///
/// # Errors
/// [`ViewError`], when the view of the processes cannot be listed.
pub async fn upcoming(
    views: &dyn ViewStore,
    policy: &str,
    now: Timestamp,
    minutes: u32,
) -> Result<Vec<DueProcess>, ViewError> {
    let minutes = 0..=minutes.min(UPCOMING_MINUTES_MAX);
    let times = minutes.filter_map(|minute| {
        let later = i64::from(minute) * MINUTE_MS;
        Timestamp::from_millis(now.as_millis().saturating_add(later)).ok()
    });
    let of_minute =
        |at| (0..DUE_SHARDS).map(move |shard| due_partition(policy, &minute_of(at), shard));
    let lists: Vec<_> = times.flat_map(of_minute).map(|it| list(views, policy, it)).collect();
    let pages = stream::iter(lists).buffer_unordered(PARTITIONS_AT_ONCE);
    let mut due: Vec<DueProcess> = pages.try_concat().await?;
    due.sort_by(|one, other| (one.due_at, &one.process).cmp(&(other.due_at, &other.process)));
    Ok(due)
}

async fn list(
    views: &dyn ViewStore,
    policy: &str,
    partition: String,
) -> Result<Vec<DueProcess>, ViewError> {
    let query = RowQuery {
        index: Some(DUE_INDEX),
        partition,
        between: None,
        newest_first: false,
        limit: UPCOMING_PER_PARTITION_MAX,
        after: None,
    };
    let page = views.list(&query).await?;
    let due = page.rows.iter().filter_map(|row| due_of(row.indexes.get(&DUE_INDEX)?));
    let policy = policy.to_owned();
    Ok(due
        .map(|(due_at, process)| DueProcess { policy: policy.clone(), process, due_at })
        .collect())
}
