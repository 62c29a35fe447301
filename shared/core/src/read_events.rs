//! Reads the events of a stream, in order.

use crate::{Commit, Envelope, EventStore, Ordinal, ReadError, ReadFrom, StreamId, Version};

/// Commits that one read of the store requests.
pub const COMMITS_PER_READ: u32 = 100;

/// Reads at most `limit` events of a stream in order, starting with version `first`.
///
/// # Errors
/// [`ReadError`].
pub async fn read_events(
    store: &dyn EventStore,
    stream: &StreamId,
    first: Version,
    limit: usize,
) -> Result<Vec<Envelope>, ReadError> {
    let from = if first == Version::FIRST {
        Some(Ordinal::FIRST)
    } else {
        commit_of(store, stream, first).await?.map(|commit| commit.ordinal())
    };
    let Some(mut from) = from else {
        return Ok(Vec::new());
    };
    let mut events: Vec<Envelope> = Vec::new();
    while events.len() < limit {
        // A commit holds at least one event.
        let missing = u32::try_from(limit - events.len()).unwrap_or(u32::MAX);
        let commits = missing.min(COMMITS_PER_READ);
        let page = store.read(stream, ReadFrom::Up(from), commits).await?;
        let Some(last) = page.last().map(Commit::ordinal) else {
            break;
        };
        from = last.plus(1);
        let read = page.into_iter().flat_map(Commit::into_envelopes);
        events.extend(read.filter(|it| it.version >= first));
    }
    events.truncate(limit);
    Ok(events)
}

/// All events of a stream, or those up to version `at`: one read, where at most [`COMMITS_PER_READ`] commits hold them. Read
/// from the end down, because the first commit says that it is the first, and an end takes another read to be known.
///
/// `Err` inside: the number of events, when it is more than `events_max`.
pub(crate) async fn read_to(
    store: &dyn EventStore,
    stream: &StreamId,
    at: Option<Version>,
    events_max: usize,
) -> Result<Result<Vec<Envelope>, Version>, ReadError> {
    // An ordinal is never larger than the versions of its commit, so nothing wanted lies above this.
    let top = at.and_then(|version| Ordinal::new(version.get()));
    let mut from = top.map_or(ReadFrom::Newest, ReadFrom::Down);
    let mut newest_first: Vec<Commit> = Vec::new();
    loop {
        let page = store.read(stream, from, COMMITS_PER_READ).await?;
        let Some(oldest) = page.last().map(Commit::ordinal) else {
            break;
        };
        newest_first.extend(page);
        let newest = newest_first.first().map(Commit::last_version);
        let newest = newest.map(|newest| at.map_or(newest, |at| at.min(newest)));
        let is_too_long =
            |count: &Version| usize::try_from(count.get()).unwrap_or(usize::MAX) > events_max;
        if let Some(count) = newest.filter(is_too_long) {
            return Ok(Err(count));
        }
        let Some(next) = oldest.previous() else { break };
        from = ReadFrom::Down(next);
    }
    let events = newest_first.into_iter().rev().flat_map(Commit::into_envelopes);
    Ok(Ok(events.filter(|event| at.is_none_or(|at| event.version <= at)).collect()))
}

/// The stored events with these versions, in order: one read where at most [`COMMITS_PER_READ`] commits hold them. At most
/// `limit` events, and fewer if the stream ends before `last`.
pub(crate) async fn read_span(
    store: &dyn EventStore,
    stream: &StreamId,
    (first, last): (Version, Version),
    limit: usize,
) -> Result<Vec<Envelope>, ReadError> {
    // An ordinal is never larger than the versions of its commit, so nothing wanted lies above this.
    let Some(top) = Ordinal::new(last.get()) else { return Ok(Vec::new()) };
    let versions = last.get().saturating_sub(first.get()).saturating_add(1);
    let limit = usize::try_from(versions).unwrap_or(usize::MAX).min(limit);
    let commits = u32::try_from(limit).unwrap_or(u32::MAX).min(COMMITS_PER_READ);
    let page = store.read(stream, ReadFrom::Down(top), commits).await?;
    let is_whole = page.last().is_none_or(|oldest| oldest.first_version() <= first);
    let mut events: Vec<Envelope> = if is_whole {
        let read = page.into_iter().rev().flat_map(Commit::into_envelopes);
        read.filter(|it| it.version >= first).collect()
    } else {
        // Commits with several events lie further down, or there are more commits than one read returns.
        read_events(store, stream, first, limit).await?
    };
    events.retain(|event| event.version <= last);
    events.truncate(limit);
    Ok(events)
}

/// Reads one event; `None` beyond the head. One read, if every commit of the stream holds one event.
pub(crate) async fn read_event(
    store: &dyn EventStore,
    stream: &StreamId,
    version: Version,
) -> Result<Option<Envelope>, ReadError> {
    let commit = commit_of(store, stream, version).await?;
    Ok(commit.and_then(|commit| commit.into_envelopes().find(|event| event.version == version)))
}

/// The commit that holds `version`; `None` beyond the head.
///
/// If every commit holds one event, ordinal and version are equal, and the first read finds the commit. Otherwise its
/// ordinal is lower, and a binary search finds it in a logarithmic number of reads.
async fn commit_of(
    store: &dyn EventStore,
    stream: &StreamId,
    version: Version,
) -> Result<Option<Commit>, ReadError> {
    let (mut low, mut high) = (1, version.get());
    while low <= high {
        // Tries the top first, where the commit usually is.
        let middle = if high == version.get() { high } else { low + (high - low) / 2 };
        let Some(ordinal) = Ordinal::new(middle) else {
            break;
        };
        let page = store.read(stream, ReadFrom::Down(ordinal), 1).await?;
        let Some(commit) = page.into_iter().next() else { break };
        if version > commit.last_version() {
            if commit.ordinal() < ordinal {
                // The stream ends before `version`.
                return Ok(None);
            }
            low = middle + 1;
        } else if version < commit.first_version() {
            high = commit.ordinal().get() - 1;
        } else {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}
