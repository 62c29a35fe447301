//! A view store for the rows of a page: reads and writes that wait at the same time become one call. Row by row, a rebuild
//! would mostly wait for its own calls.
//!
//! A group of rows is still written as a whole or not at all, over the revisions that its reader saw, so a live event that
//! comes between is not overwritten: the group conflicts, and is read again.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use async_trait::async_trait;
use futures_util::{Stream, StreamExt as _, future::join};

use crate::{Row, RowKey, RowPage, RowQuery, ViewError, ViewStore, limits::ROWS_PER_CALL_MAX};

type Read = Result<Vec<Option<Row>>, ViewError>;
type Written = Result<(), ViewError>;

/// Collects reads and writes in front of a view store.
pub(crate) struct Together {
    views: Arc<dyn ViewStore>,
    waiting: Mutex<Waiting>,
}

/// The calls that wait for the next round.
#[derive(Default)]
struct Waiting {
    reads: Vec<(Vec<RowKey>, Arc<Slot<Read>>)>,
    writes: Vec<(Vec<Row>, Arc<Slot<Written>>)>,
}

impl Together {
    pub(crate) fn new(views: Arc<dyn ViewStore>) -> Self {
        Self { views, waiting: Mutex::default() }
    }

    /// The next item of work that reads and writes here. When all of the work waits, makes the calls that it waits for.
    pub(crate) async fn next<T>(&self, work: &mut (impl Stream<Item = T> + Unpin)) -> Option<T> {
        loop {
            let step = poll_fn(|context| match work.poll_next_unpin(context) {
                Poll::Ready(item) => Poll::Ready(Some(item)),
                Poll::Pending if self.is_waiting() => Poll::Ready(None),
                // The work waits for something else, such as the event store.
                Poll::Pending => Poll::Pending,
            });
            match step.await {
                Some(item) => return item,
                None => self.call().await,
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Waiting> {
        locked(&self.waiting)
    }

    fn is_waiting(&self) -> bool {
        let waiting = self.locked();
        !waiting.reads.is_empty() || !waiting.writes.is_empty()
    }

    /// Makes the calls that wait.
    async fn call(&self) {
        let Waiting { reads, writes } = std::mem::take(&mut *self.locked());
        join(self.read_all(reads), self.write_all(writes)).await;
    }

    async fn read_all(&self, reads: Vec<(Vec<RowKey>, Arc<Slot<Read>>)>) {
        let mut keys: Vec<RowKey> = reads.iter().flat_map(|(keys, _)| keys.clone()).collect();
        keys.sort_unstable();
        // Two rows of a view may read the same record, and a store may refuse a key that is named twice.
        keys.dedup();
        let mut found: BTreeMap<RowKey, Option<Row>> = BTreeMap::new();
        for keys in keys.chunks(ROWS_PER_CALL_MAX) {
            // If it fails, each read below asks for itself, and gets a failure of its own.
            if let Ok(rows) = self.views.read(keys).await {
                found.extend(keys.iter().cloned().zip(rows));
            }
        }
        for (keys, slot) in reads {
            let rows: Option<Vec<Option<Row>>> =
                keys.iter().map(|key| found.get(key).cloned()).collect();
            slot.fill(match rows {
                Some(rows) => Ok(rows),
                None => self.views.read(&keys).await,
            });
        }
    }

    async fn write_all(&self, writes: Vec<(Vec<Row>, Arc<Slot<Written>>)>) {
        let (groups, slots): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
        if groups.is_empty() {
            return;
        }
        let mut written = self.views.write_each(&groups).await.into_iter();
        for slot in slots {
            let missing = || Err(ViewError::Broken("the store answered fewer groups".into()));
            slot.fill(written.next().unwrap_or_else(missing));
        }
    }
}

#[async_trait]
impl ViewStore for Together {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let slot = Arc::new(Slot::default());
        self.locked().reads.push((keys.to_vec(), Arc::clone(&slot)));
        slot.taken().await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let slot = Arc::new(Slot::default());
        self.locked().writes.push((rows.to_vec(), Arc::clone(&slot)));
        slot.taken().await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.views.list(query).await
    }
}

/// Where the answer of a call is put, and who waits for it.
struct Slot<T>(Mutex<(Option<T>, Option<Waker>)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new((None, None)))
    }
}

impl<T> Slot<T> {
    fn fill(&self, answer: T) {
        let waker = {
            let mut slot = locked(&self.0);
            slot.0 = Some(answer);
            slot.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn taken(&self) -> T {
        poll_fn(|context| {
            let mut slot = locked(&self.0);
            match slot.0.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that holds a lock can leave a value inconsistent.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;

    use super::*;
    use crate::{Payload, memory::MemoryViews};

    /// Counts calls; reads fail at first, as often as `failures` says.
    #[derive(Default)]
    struct Counted {
        views: MemoryViews,
        reads: AtomicUsize,
        rounds: AtomicUsize,
        failures: AtomicUsize,
    }

    #[async_trait]
    impl ViewStore for Counted {
        async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
            let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
            assert_eq!(distinct.len(), keys.len(), "a key is named twice");
            assert!(keys.len() <= ROWS_PER_CALL_MAX);
            self.reads.fetch_add(1, Ordering::Relaxed);
            let failures = &self.failures;
            let left =
                failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| it.checked_sub(1));
            match left {
                Ok(_) => Err(ViewError::Unavailable("no answer".into())),
                Err(_) => self.views.read(keys).await,
            }
        }

        async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
            self.views.write(rows).await
        }

        async fn write_each(&self, groups: &[Vec<Row>]) -> Vec<Result<(), ViewError>> {
            self.rounds.fetch_add(1, Ordering::Relaxed);
            let mut written = Vec::new();
            for rows in groups {
                written.push(self.views.write(rows).await);
            }
            written
        }

        async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
            self.views.list(query).await
        }
    }

    fn row(place: usize, revision: u64) -> Row {
        let key = RowKey::only("sums", &format!("{place:03}"));
        Row { key, revision, body: Payload::of(&place).unwrap(), indexes: BTreeMap::new() }
    }

    /// Reads each row and writes its next revision, all side by side.
    async fn raise(together: &Together, places: &[usize]) -> Vec<Result<(), ViewError>> {
        let raise = places.iter().map(|place| async move {
            let there = together.read(&[row(*place, 1).key]).await?.remove(0);
            together.write(&[row(*place, there.map_or(1, |it| it.revision + 1))]).await
        });
        let mut work = stream::iter(raise).buffer_unordered(1_000);
        let mut outcomes = Vec::new();
        while let Some(outcome) = together.next(&mut work).await {
            outcomes.push(outcome);
        }
        outcomes
    }

    #[tokio::test]
    async fn calls_that_wait_at_the_same_time_are_one_call() {
        let views = Arc::new(Counted::default());
        let together = Together::new(views.clone());
        let outcomes = raise(&together, &(0..150).collect::<Vec<_>>()).await;
        assert!(outcomes.len() == 150 && outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(views.reads.load(Ordering::Relaxed), 2, "a hundred rows and fifty");
        assert_eq!(views.rounds.load(Ordering::Relaxed), 1);
        assert_eq!(views.views.dump().len(), 150);
    }

    #[tokio::test]
    async fn of_two_writers_of_a_row_one_conflicts_and_no_other_row_is_concerned_s8() {
        let views = Arc::new(Counted::default());
        let together = Together::new(views.clone());
        let outcomes = raise(&together, &[1, 2, 2, 3]).await;
        let conflicts = outcomes.iter().filter(|it| matches!(it, Err(ViewError::Conflict)));
        assert_eq!((conflicts.count(), views.views.dump().len()), (1, 3), "{outcomes:?}");
    }

    #[tokio::test]
    async fn a_read_that_fails_as_a_whole_is_made_again_by_each_row() {
        let views = Arc::new(Counted::default());
        views.failures.store(2, Ordering::Relaxed);
        let outcomes = raise(&Together::new(views.clone()), &[1, 2, 3]).await;
        let failed = outcomes.iter().filter(|it| matches!(it, Err(ViewError::Unavailable(_))));
        assert_eq!((failed.count(), views.views.dump().len()), (1, 2), "{outcomes:?}");
    }
}
