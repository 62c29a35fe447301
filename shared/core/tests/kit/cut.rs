//! Stores and a queue whose n-th call fails: before it is done, after it, or by the end of the process that made it.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery, Source,
    StreamId, ViewError, ViewStore,
    generations::{RebuildQueue, Segment},
    memory::{MemoryStore, MemoryViews},
    replay::{ReplayPage, ReplayPosition, ReplaySource},
};
use futures_util::future::{Either, select};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// An error, and nothing was done.
    ErrorBefore,
    /// An error, though it was done.
    ErrorAfter,
    /// The process ends, and nothing was done.
    CrashBefore,
    /// The process ends after it was done.
    CrashAfter,
}

pub(crate) const CUTS: [Cut; 4] =
    [Cut::ErrorBefore, Cut::ErrorAfter, Cut::CrashBefore, Cut::CrashAfter];

/// Counts calls, and fails one of them.
#[derive(Default)]
pub(crate) struct Scissors {
    calls: AtomicUsize,
    cut: Option<(usize, Cut)>,
    has_crashed: AtomicBool,
}

impl Scissors {
    pub(crate) fn at(cut: Option<(usize, Cut)>) -> Arc<Self> {
        Arc::new(Self { cut, ..Self::default() })
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Runs a process until it ends or crashes. `None` after a crash.
    pub(crate) async fn run<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let process = pin!(process);
        let crash = std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if self.has_crashed.swap(false, Ordering::Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        match select(process, crash).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        error: impl FnOnce(Source) -> E,
    ) -> Result<T, E> {
        // Another worker may come between.
        tokio::task::yield_now().await;
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.cut.filter(|(at, _)| *at == number).map(|(_, cut)| cut) {
            None => call.await,
            Some(Cut::ErrorBefore) => Err(error("cut".into())),
            Some(Cut::ErrorAfter) => {
                let _done = call.await?;
                Err(error("cut".into()))
            }
            Some(Cut::CrashBefore) => self.crash().await,
            Some(Cut::CrashAfter) => {
                let _done = call.await;
                self.crash().await
            }
        }
    }

    async fn crash<T>(&self) -> T {
        self.has_crashed.store(true, Ordering::Relaxed);
        pending().await
    }
}

/// A store behind scissors.
pub(crate) struct Behind<S>(pub(crate) S, pub(crate) Arc<Scissors>);

#[async_trait]
impl EventStore for Behind<MemoryStore> {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.1.call(self.0.append(commit), AppendError::Unknown).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.1.call(self.0.read(stream, from, limit), ReadError::Unavailable).await
    }
}

#[async_trait]
impl ReplaySource for Behind<MemoryStore> {
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let scan = self.0.scan(segment, of_segments, after, limit);
        self.1.call(scan, ReadError::Unavailable).await
    }
}

#[async_trait]
impl ViewStore for Behind<MemoryViews> {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.1.call(self.0.read(keys), ViewError::Unavailable).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.1.call(self.0.write(rows), ViewError::Unavailable).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.1.call(self.0.list(query), ViewError::Unavailable).await
    }
}

/// A queue of segments.
pub(crate) type Messages = Arc<Mutex<Vec<String>>>;

#[async_trait]
impl RebuildQueue for Behind<Messages> {
    async fn put(&self, segment: &Segment) -> Result<(), Source> {
        let put = async {
            self.0.lock().unwrap().push(segment.text());
            Ok(())
        };
        self.1.call(put, |cause| cause).await
    }
}
