//! The event table with its stream: an `EventStore` on machines that may crash, over a network that may lose replies.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, Envelope, EventStore, ReadError, ReadFrom, StoredCommit, StreamId,
    limits::ITEM_BYTES_MAX,
    memory::MemoryStore,
    replay::{ReplayPage, ReplayPosition, ReplaySource},
};
use futures_util::FutureExt as _;

use super::{Fault, Lost, Machine, Sim, Site};

/// A conditional write of one commit.
pub static APPEND: Site = Site { name: "append", menu: Fault::OF_WRITE };

/// A query of one stream.
pub static READ: Site = Site { name: "read", menu: Fault::OF_READ };

/// A scan of one segment.
pub static SCAN: Site = Site { name: "scan", menu: Fault::OF_READ };

type Listener = Box<dyn Fn(&Commit) + Send + Sync>;

/// The table. It also keeps every event decoded, for the checks.
#[derive(Clone)]
pub struct EventTable(Arc<Inner>);

struct Inner {
    sim: Sim,
    store: MemoryStore,
    events: Mutex<BTreeMap<String, Vec<Envelope>>>,
    listeners: Mutex<Vec<Listener>>,
}

impl EventTable {
    /// An empty table.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        let (store, events, listeners) = (MemoryStore::new(), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { sim: sim.clone(), store, events, listeners }))
    }

    /// Calls `listener` with each new commit after it is stored.
    pub fn on_commit(&self, listener: impl Fn(&Commit) + Send + Sync + 'static) {
        self.0.listeners.lock().unwrap().push(Box::new(listener));
    }

    /// The events of a stream, such as `Order#1`, as they are stored now.
    #[must_use]
    pub fn events(&self, stream: &str) -> Vec<Envelope> {
        self.0.events.lock().unwrap().get(stream).cloned().unwrap_or_default()
    }

    /// How many events a stream has.
    #[must_use]
    pub fn len(&self, stream: &str) -> usize {
        self.0.events.lock().unwrap().get(stream).map_or(0, Vec::len)
    }

    /// Every event, stream by stream.
    #[must_use]
    pub fn all_events(&self) -> Vec<Envelope> {
        self.0.events.lock().unwrap().values().flatten().cloned().collect()
    }

    /// Every item, by stream and ordinal.
    #[must_use]
    pub fn items(&self) -> Vec<StoredCommit> {
        self.0.store.dump()
    }

    /// The table for checks: read at once, without a network or machine.
    #[must_use]
    pub fn stored(&self) -> MemoryStore {
        self.0.store.clone()
    }

    /// Overwrites an item: damage that the product's code cannot do.
    pub fn damage(&self, item: StoredCommit) {
        self.0.store.put_raw(item);
    }

    /// The table, called from this machine.
    #[must_use]
    pub fn port(&self, machine: &Machine) -> TablePort {
        TablePort { table: self.clone(), machine: machine.clone() }
    }

    /// Appends at once, without a network or machine.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let Inner { sim, store, events, listeners } = &*self.0;
        if bytes_of(commit) > ITEM_BYTES_MAX {
            return Err(AppendError::TooLarge("the item is over 400 KB".into()));
        }
        let before = events.lock().unwrap().get(&commit.stream().key()).map_or(0, Vec::len);
        let appended = store.append(commit).now_or_never().unwrap();
        let is_new = commit.first_version().get() == u64::try_from(before).unwrap() + 1;
        match &appended {
            Ok(()) if !is_new => sim.mark("unknown, then found"),
            Ok(()) => {
                let mut events = events.lock().unwrap();
                events.entry(commit.stream().key()).or_default().extend(commit.envelopes());
                drop(events);
                sim.note(&commit.stream().key());
                listeners.lock().unwrap().iter().for_each(|listener| listener(commit));
            }
            Err(_) => sim.mark("version conflict"),
        }
        appended
    }
}

fn bytes_of(commit: &Commit) -> usize {
    let StoredCommit { pk, ev, key, act, cor, cau, tp, sn, .. } = StoredCommit::from(commit);
    let texts = [Some(pk), Some(ev), Some(key), Some(act), Some(cor), cau, tp, sn];
    texts.iter().flatten().map(String::len).sum()
}

/// The event table, called from one machine.
#[derive(Clone)]
pub struct TablePort {
    table: EventTable,
    machine: Machine,
}

#[async_trait]
impl EventStore for TablePort {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let (table, commit) = (self.table.clone(), commit.clone());
        match self.machine.call(&APPEND, move |_| table.append(&commit)).await {
            Ok(answer) => answer,
            Err(Lost::Refused) => Err(AppendError::Throttled(Lost::Refused.cause())),
            Err(Lost::NoAnswer) => Err(AppendError::Unknown(Lost::NoAnswer.cause())),
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let (store, stream) = (self.table.0.store.clone(), stream.clone());
        let read = move |_: &mut _| store.read(&stream, from, limit).now_or_never().unwrap();
        match self.machine.call(&READ, read).await {
            Ok(answer) => answer,
            Err(lost) => Err(ReadError::Unavailable(lost.cause())),
        }
    }
}

#[async_trait]
impl ReplaySource for TablePort {
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let (store, after) = (self.table.0.store.clone(), after.cloned());
        let scan = move |_: &mut _| {
            store.scan(segment, of_segments, after.as_ref(), limit).now_or_never().unwrap()
        };
        match self.machine.call(&SCAN, scan).await {
            Ok(answer) => {
                if answer.as_ref().is_ok_and(|page| !page.corrupt.is_empty()) {
                    self.table.0.sim.mark("a scan met an item that is no commit");
                }
                answer
            }
            Err(lost) => Err(ReadError::Unavailable(lost.cause())),
        }
    }
}
