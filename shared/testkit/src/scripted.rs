//! Buses, queues and stores that fail by a script.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Bus, Commit, EventStore, Host, Message, Parking, Pointer, ReadError, ReadFrom,
    Refused, RetryQueue, Row, RowKey, RowPage, RowQuery, Source, StreamId, ViewError, ViewStore,
    limits::ROWS_PER_CALL_MAX,
};

/// What a bus answers to one call.
pub type BusAnswer = Result<Vec<Result<(), Refused>>, Source>;

type Script = Box<dyn Fn(usize, &[Message]) -> BusAnswer + Send + Sync>;

/// A bus that answers each call by its script, and records every call.
pub struct ScriptedBus {
    script: Script,
    calls: Mutex<Vec<Vec<Message>>>,
    taken: Mutex<Vec<Message>>,
}

impl ScriptedBus {
    /// The script gets the number of the call, from 0, and its messages.
    pub fn new(
        script: impl Fn(usize, &[Message]) -> BusAnswer + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            calls: Mutex::default(),
            taken: Mutex::default(),
        })
    }

    /// A bus that accepts everything.
    #[must_use]
    pub fn reliable() -> Arc<Self> {
        Self::new(|_, batch| Ok(batch.iter().map(|_| Ok(())).collect()))
    }

    /// The answer that refuses these messages and accepts the others.
    pub fn refusing(
        batch: &[Message],
        for_good: bool,
        is_refused: impl Fn(&Message) -> bool,
    ) -> BusAnswer {
        let answer = |message: &Message| {
            let refused = Refused { code: "NotToday".to_owned(), for_good };
            if is_refused(message) { Err(refused) } else { Ok(()) }
        };
        Ok(batch.iter().map(answer).collect())
    }

    /// Every call so far, with its messages.
    #[must_use]
    pub fn calls(&self) -> Vec<Vec<Message>> {
        self.calls.lock().unwrap().clone()
    }

    /// The messages that were accepted.
    #[must_use]
    pub fn taken(&self) -> Vec<Message> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl Bus for ScriptedBus {
    async fn send(&self, batch: &[Message]) -> BusAnswer {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(batch.to_vec());
            calls.len() - 1
        };
        let answer = (self.script)(call, batch)?;
        let taken = batch.iter().zip(&answer).filter(|(_, answer)| answer.is_ok());
        self.taken.lock().unwrap().extend(taken.map(|(message, _)| message.clone()));
        Ok(answer)
    }
}

/// Every port at once. Every call fails.
#[derive(Clone, Copy, Debug)]
pub struct Down;

fn down() -> Source {
    "down, with a secret in the cause".into()
}

#[async_trait]
impl Bus for Down {
    async fn send(&self, _: &[Message]) -> BusAnswer {
        Err(down())
    }
}

#[async_trait]
impl RetryQueue for Down {
    async fn put(&self, _: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        Err(down())
    }
}

#[async_trait]
impl Parking for Down {
    async fn park(&self, _: &str, _: &str) -> Result<(), Source> {
        Err(down())
    }
}

#[async_trait]
impl EventStore for Down {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        Err(AppendError::Throttled(down()))
    }

    async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
        Err(ReadError::Unavailable(down()))
    }
}

#[async_trait]
impl ViewStore for Down {
    async fn read(&self, _: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        Err(ViewError::Unavailable(down()))
    }

    async fn write(&self, _: &[Row]) -> Result<(), ViewError> {
        Err(ViewError::Unavailable(down()))
    }

    async fn list(&self, _: &RowQuery) -> Result<RowPage, ViewError> {
        Err(ViewError::Unavailable(down()))
    }
}

/// What an unreliable view store does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewFault {
    /// Reports a conflict with another writer.
    Conflicts,
    /// Writes, and drops the reply.
    LosesReply,
    /// Drops the request.
    LosesRequest,
}

/// A view store whose first writes fail by a script. It counts the calls, and yields between a read and a write.
pub struct UnreliableViews {
    inner: Arc<dyn ViewStore>,
    faults: Mutex<VecDeque<ViewFault>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl UnreliableViews {
    /// Fails the first writes with these faults, one for each.
    pub fn new(
        inner: impl ViewStore + 'static,
        faults: impl IntoIterator<Item = ViewFault>,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::new(inner),
            faults: Mutex::new(faults.into_iter().collect()),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
        })
    }

    /// Reads and writes since the last `take`.
    #[must_use]
    pub fn take(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.writes.swap(0, Ordering::Relaxed))
    }
}

#[async_trait]
impl ViewStore for UnreliableViews {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        assert!(keys.len() <= ROWS_PER_CALL_MAX, "{} rows in one read", keys.len());
        self.reads.fetch_add(1, Ordering::Relaxed);
        let rows = self.inner.read(keys).await;
        // Let another task read the same rows and race for the write.
        Host::sleep(&crate::still_host(), Duration::ZERO).await;
        rows
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        assert!(rows.len() <= ROWS_PER_CALL_MAX, "{} rows in one write", rows.len());
        self.writes.fetch_add(1, Ordering::Relaxed);
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.write(rows).await,
            Some(ViewFault::Conflicts) => Err(ViewError::Conflict),
            Some(ViewFault::LosesReply) => {
                self.inner.write(rows).await?;
                Err(ViewError::Unavailable("the reply was lost".into()))
            }
            Some(ViewFault::LosesRequest) => {
                Err(ViewError::Unavailable("the request was lost".into()))
            }
        }
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.inner.list(query).await
    }
}

/// An event store where another writer always wins: an append to an existing stream conflicts with its newest commit.
pub struct BeatenStore(pub Arc<dyn EventStore>);

#[async_trait]
impl EventStore for BeatenStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let newest = self.0.read(commit.stream(), ReadFrom::Newest, 1).await.unwrap().pop();
        match newest {
            Some(found) => Err(AppendError::Conflict { found: Box::new(found) }),
            None => self.0.append(commit).await,
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.0.read(stream, from, limit).await
    }
}
