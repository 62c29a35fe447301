//! Doubles of the event store.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use dekigoto::{AppendError, Commit, EventStore, ReadError, ReadFrom, StreamId};

/// A store that counts the calls to it.
pub struct CountedStore {
    inner: Arc<dyn EventStore>,
    appends: AtomicUsize,
    reads: AtomicUsize,
    commits_read: AtomicUsize,
}

impl CountedStore {
    /// Counts the calls to `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn EventStore>) -> Self {
        Self {
            inner,
            appends: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            commits_read: AtomicUsize::new(0),
        }
    }

    /// Appends, reads, and commits read, since the last `take`.
    #[must_use]
    pub fn take(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.appends), take(&self.reads), take(&self.commits_read))
    }
}

#[async_trait]
impl EventStore for CountedStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.inner.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let commits = self.inner.read(stream, from, limit).await?;
        self.commits_read.fetch_add(commits.len(), Ordering::Relaxed);
        Ok(commits)
    }
}

/// What an unreliable store does with an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Carries it out, and drops the reply.
    LosesReply,
    /// Drops the request.
    LosesRequest,
    /// Refuses it because of load.
    Throttles,
    /// Refuses it because of a permanent error.
    Breaks,
}

/// A store whose first appends fail by a script.
pub struct UnreliableStore {
    inner: Arc<dyn EventStore>,
    faults: Mutex<VecDeque<Fault>>,
}

impl UnreliableStore {
    /// Fails the first appends with these faults, one for each.
    #[must_use]
    pub fn new(inner: Arc<dyn EventStore>, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { inner, faults: Mutex::new(faults.into_iter().collect()) }
    }
}

#[async_trait]
impl EventStore for UnreliableStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.append(commit).await,
            Some(Fault::LosesReply) => {
                let _lost = self.inner.append(commit).await;
                Err(AppendError::Unknown("the reply was lost".into()))
            }
            Some(Fault::LosesRequest) => Err(AppendError::Unknown("the request was lost".into())),
            Some(Fault::Throttles) => Err(AppendError::Throttled("too much load".into())),
            Some(Fault::Breaks) => Err(AppendError::Broken("no permission".into())),
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.inner.read(stream, from, limit).await
    }
}
