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
    let Some(mut from) = commit_of(store, stream, first).await? else {
        return Ok(Vec::new());
    };
    let mut events: Vec<Envelope> = Vec::new();
    while events.len() < limit {
        let page = store.read(stream, ReadFrom::Up(from), COMMITS_PER_READ).await?;
        let Some(last) = page.last().map(Commit::ordinal) else {
            break;
        };
        from = last.plus(1);
        events.extend(page.iter().flat_map(Commit::envelopes).filter(|it| it.version >= first));
    }
    events.truncate(limit);
    Ok(events)
}

/// The ordinal of the commit that holds `version`; `None` beyond the head.
///
/// If every commit holds one event, ordinal and version are equal, and the first read finds the commit. Otherwise its
/// ordinal is lower, and a binary search finds it in a logarithmic number of reads.
async fn commit_of(
    store: &dyn EventStore,
    stream: &StreamId,
    version: Version,
) -> Result<Option<Ordinal>, ReadError> {
    let (mut low, mut high) = (1, version.get());
    while low <= high {
        // Tries the top first, where the commit usually is.
        let middle = if high == version.get() { high } else { low + (high - low) / 2 };
        let Some(ordinal) = Ordinal::new(middle) else {
            break;
        };
        let page = store.read(stream, ReadFrom::Down(ordinal), 1).await?;
        let Some(commit) = page.first() else { break };
        if version > commit.last_version() {
            if commit.ordinal() < ordinal {
                // The stream ends before `version`.
                return Ok(None);
            }
            low = middle + 1;
        } else if version < commit.first_version() {
            high = commit.ordinal().get() - 1;
        } else {
            return Ok(Some(commit.ordinal()));
        }
    }
    Ok(None)
}
