//! Replays an event store in memory.

use std::ops::Bound;

use async_trait::async_trait;

use super::{MemoryStore, lock};
use crate::{
    Commit, ReadError,
    replay::{ReplayPage, ReplayPosition, ReplaySource},
};

#[async_trait]
impl ReplaySource for MemoryStore {
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let start = match after {
            Some(after) => Bound::Excluded((after.stream_key.clone(), after.ordinal)),
            None => Bound::Unbounded,
        };
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let items = lock(&self.items);
        let in_segment = |stream_key: &str| segment_of(stream_key, of_segments) == segment;
        let mut rest = items
            .range((start, Bound::Unbounded))
            .filter(|((stream_key, _), _)| in_segment(stream_key));
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let last = page.last().filter(|_| rest.next().is_some());
        let next = last.map(|((stream_key, ordinal), _)| ReplayPosition {
            stream_key: stream_key.clone(),
            ordinal: *ordinal,
        });
        let (mut commits, mut corrupt) = (Vec::new(), Vec::new());
        for (_, item) in page {
            match Commit::try_from(item.clone()) {
                Ok(commit) => commits.push(commit),
                Err(cause) => corrupt.push(cause),
            }
        }
        Ok(ReplayPage { commits, corrupt, next })
    }
}

/// The segment of a stream: the same in every process.
fn segment_of(stream_key: &str, of_segments: u32) -> u32 {
    let sum = stream_key
        .bytes()
        .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    sum % of_segments.max(1)
}
