//! An event store in memory.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;

use super::{InMemoryEventBus, lock};
use crate::{
    AppendError, Commit, EventStore, Message, Ordinal, ReadError, ReadFrom, StoredCommit, StreamId,
};

pub(super) type Items = BTreeMap<(String, u64), StoredCommit>;
type Listener = Box<dyn Fn(&Commit) + Send + Sync>;

/// An event store in memory. It calls listeners with each commit, as a DynamoDB stream would.
///
/// It keeps commits in their stored form, so they go through the same encoding as on DynamoDB.
#[derive(Clone, Default)]
pub struct MemoryStore {
    pub(super) items: Arc<Mutex<Items>>,
    listeners: Arc<Mutex<Vec<Listener>>>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("commits", &lock(&self.items).len()).finish()
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `listener` with every later commit, in the order of the appends. It must not block.
    pub fn on_commit(&self, listener: impl Fn(&Commit) + Send + Sync + 'static) {
        lock(&self.listeners).push(Box::new(listener));
    }

    /// Publishes every later event to `bus`, in the order of the appends. In the cloud, stream, publisher and topic do
    /// this, with delays, duplicates and reordering.
    pub fn publish_to(&self, bus: &InMemoryEventBus) {
        let bus = bus.clone();
        self.on_commit(move |commit| {
            commit.envelopes().for_each(|event| bus.deliver(&Message::of(&event)));
        });
    }

    /// Every stored commit, by stream and ordinal.
    #[must_use]
    pub fn dump(&self) -> Vec<StoredCommit> {
        lock(&self.items).values().cloned().collect()
    }

    /// Overwrites an item without any check, as a bug or an intruder could. For tests of readers.
    pub fn put_raw(&self, item: StoredCommit) {
        lock(&self.items).insert((item.pk.clone(), item.sk), item);
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let stored = StoredCommit::from(commit);
        let mut items = lock(&self.items);
        match items.entry((stored.pk.clone(), stored.sk)) {
            Entry::Vacant(place) => {
                place.insert(stored);
            }
            Entry::Occupied(there) => {
                let found = Commit::try_from(there.get().clone());
                let found = found.map_err(|corrupt| AppendError::Broken(corrupt.into()))?;
                if found.is_same_append(commit) {
                    return Ok(());
                }
                return Err(AppendError::Conflict { found: Box::new(found) });
            }
        }
        // Calls listeners under the lock, so that they see commits in the order of the appends.
        for listener in lock(&self.listeners).iter() {
            listener(commit);
        }
        Ok(())
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let key = |ordinal: u64| (stream.key(), ordinal);
        let items = lock(&self.items);
        let down = |top: u64| items.range(key(0)..=key(top)).rev().map(|(_, item)| item.clone());
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let page: Vec<StoredCommit> = match from {
            ReadFrom::Newest => down(u64::MAX).take(limit).collect(),
            ReadFrom::Down(ordinal) => down(ordinal.get()).take(limit).collect(),
            ReadFrom::Up(ordinal) => {
                let up = items.range(key(Ordinal::get(ordinal))..=key(u64::MAX));
                up.map(|(_, item)| item.clone()).take(limit).collect()
            }
        };
        page.into_iter().map(|item| Commit::try_from(item).map_err(ReadError::from)).collect()
    }
}
