//! The view of a policy's processes. Its index lists those that wait for a deadline.

use std::marker::PhantomData;

use super::Policy;
use crate::{
    Envelope, Index, RowKey, Timestamp,
    views::{Fold, SingleView, View},
};

/// Index partitions of one due minute. DynamoDB takes about 1,000 writes a second in each.
pub const DUE_SHARDS: u32 = 4;

/// The index that lists the due processes.
pub(super) const DUE_INDEX: Index = Index(1);

/// The view of the processes of the policy `P`. It has the policy's name, and one row for each process: its state.
///
/// The registry adds it with the policy. A pending deadline costs its row and the row's place in an index; nothing polls
/// it before its minute.
pub struct Processes<P>(PhantomData<fn() -> P>);

impl<P: Policy> View for Processes<P> {
    type Row = P::State;
    type Folds = (P,);
    const NAME: &'static str = P::NAME;
    const SCHEMA: u32 = P::SNAPSHOT_SCHEMA;
}

impl<P: Policy> Fold<P> for Processes<P> {
    fn fold(row: &mut P::State, event: &P::Event, _: &Envelope) {
        *row = P::evolve(std::mem::take(row), event);
    }
}

impl<P: Policy> SingleView for Processes<P> {
    fn indexes(key: &RowKey, row: &P::State) -> Vec<(Index, RowKey)> {
        // The partition of an only row is `<view>#<id>`.
        let id = key.partition.strip_prefix(P::NAME).and_then(|rest| rest.strip_prefix('#'));
        let due = id.zip(P::deadline(row));
        due.map(|(id, it)| (DUE_INDEX, due_key(P::NAME, id, it.at))).into_iter().collect()
    }
}

/// Where the index lists a process that waits until `at`.
fn due_key(policy: &str, process: &str, at: Timestamp) -> RowKey {
    let shard = shard_of(process);
    RowKey::new(due_partition(policy, &minute_of(at), shard), format!("{at}#{process}"))
}

/// The index partition of one minute and shard.
pub(super) fn due_partition(policy: &str, minute: &str, shard: u32) -> String {
    format!("due#{policy}#{minute}#{shard}")
}

/// The due time and the id in the index key of a process.
pub(super) fn due_of(key: &RowKey) -> Option<(Timestamp, String)> {
    let (at, process) = key.sort.split_once('#')?;
    Some((at.parse().ok()?, process.to_owned()))
}

/// The UTC minute, such as `2026-11-23T09:00`. Its text is where the text of each of its moments begins.
pub(super) fn minute_of(at: Timestamp) -> String {
    let mut text = at.to_string();
    // The seconds of 2026-11-23T09:00:00.123Z take eight characters.
    text.truncate(text.len().saturating_sub(8));
    text
}

fn shard_of(process: &str) -> u32 {
    let sum =
        process.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    sum % DUE_SHARDS
}
