//! An outbox in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;

use super::{MemoryStore, lock};
use crate::{
    Host, Pointer, Refused, RetryQueue, Source,
    outbox::{EntryId, Leased, Order, Outbox},
};

/// The outbox of a [`MemoryStore`]: it gets an entry for each later commit.
#[derive(Clone)]
pub struct MemoryOutbox {
    entries: Arc<Mutex<Entries>>,
    host: Arc<dyn Host>,
}

#[derive(Default)]
struct Entries {
    /// By id, so the oldest comes first.
    by_id: BTreeMap<EntryId, Entry>,
    last_id: i64,
}

struct Entry {
    pointer: Pointer,
    /// On the host's monotonic clock.
    due: Duration,
    attempts: u32,
}

impl MemoryOutbox {
    /// The outbox of this store.
    #[must_use]
    pub fn of(store: &MemoryStore, host: Arc<dyn Host>) -> Self {
        let entries = Arc::new(Mutex::new(Entries::default()));
        let to = Arc::clone(&entries);
        store.on_commit(move |commit| lock(&to).add(Pointer::to(commit), Duration::ZERO));
        Self { entries, host }
    }
}

impl Entries {
    fn add(&mut self, pointer: Pointer, due: Duration) {
        self.last_id += 1;
        self.by_id.insert(EntryId(self.last_id), Entry { pointer, due, attempts: 0 });
    }

    /// The ids of the oldest entry of each stream.
    fn oldest(&self) -> BTreeSet<EntryId> {
        let mut oldest: BTreeMap<_, (_, EntryId)> = BTreeMap::new();
        for (id, Entry { pointer, .. }) in &self.by_id {
            let first = oldest.entry(&pointer.stream).or_insert((pointer.ordinal, *id));
            *first = (*first).min((pointer.ordinal, *id));
        }
        oldest.into_values().map(|(_, id)| id).collect()
    }
}

#[async_trait]
impl RetryQueue for MemoryOutbox {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        let (mut entries, now) = (lock(&self.entries), self.host.monotonic());
        pointers.iter().for_each(|pointer| entries.add(pointer.clone(), now));
        Ok(vec![Ok(()); pointers.len()])
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        let (mut entries, now) = (lock(&self.entries), self.host.monotonic());
        let oldest = match order {
            Order::Any => None,
            Order::PerStream => Some(entries.oldest()),
        };
        let may_go = |id: &EntryId| oldest.as_ref().is_none_or(|oldest| oldest.contains(id));
        let due = entries.by_id.iter_mut().filter(|(id, entry)| entry.due <= now && may_go(id));
        let leased = due.take(usize::try_from(limit.max(1))?).map(|(id, entry)| {
            entry.due = now.saturating_add(time);
            entry.attempts = entry.attempts.saturating_add(1);
            Leased { id: *id, pointer: entry.pointer.text(), attempts: entry.attempts }
        });
        Ok(leased.collect())
    }

    async fn done(&self, ids: &[EntryId]) -> Result<(), Source> {
        let mut entries = lock(&self.entries);
        ids.iter().for_each(|id| drop(entries.by_id.remove(id)));
        Ok(())
    }

    async fn put_back(&self, id: EntryId, wait: Duration) -> Result<(), Source> {
        let now = self.host.monotonic();
        if let Some(entry) = lock(&self.entries).by_id.get_mut(&id) {
            entry.due = now.saturating_add(wait);
        }
        Ok(())
    }

    async fn waiting(&self) -> Result<u64, Source> {
        Ok(u64::try_from(lock(&self.entries).by_id.len())?)
    }
}
