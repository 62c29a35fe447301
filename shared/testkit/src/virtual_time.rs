//! Virtual time, which passes only while all tasks wait. Tasks of a minute that run in parallel take a minute of
//! virtual time and no real time.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, Host, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery,
    StreamId, Timestamp, ViewError, ViewStore,
};
use uuid::Uuid;

/// A host with a virtual clock. [`run`](Self::run) moves the clock to the next timer whenever no task can make
/// progress. Clones share one clock.
#[derive(Clone, Default)]
pub struct VirtualHost(Arc<Mutex<Clock>>);

#[derive(Default)]
struct Clock {
    now: Duration,
    throws: u64,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    sleeps: u64,
}

/// Remembers that a task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl VirtualHost {
    /// Runs the work. Returns its result and how long it took.
    ///
    /// # Panics
    /// When the work waits, but no timer is set.
    pub fn run<F: Future>(&self, work: F) -> (F::Output, Duration) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let (started, mut work) = (self.monotonic(), pin!(work));
        loop {
            if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return (output, self.monotonic() - started);
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                self.pass();
                woken.0.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Moves the clock to the next timer.
    fn pass(&self) {
        let mut clock = self.0.lock().unwrap();
        let Some(((moment, _), waker)) = clock.sleepers.pop_first() else {
            panic!("the work waits for something that never comes");
        };
        clock.now = clock.now.max(moment);
        drop(clock);
        waker.wake();
    }
}

#[async_trait]
impl Host for VirtualHost {
    fn now(&self) -> Timestamp {
        let start = 1_795_424_400_000;
        let passed = i64::try_from(self.monotonic().as_millis()).unwrap();
        Timestamp::from_millis(start + passed).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().now
    }

    fn random(&self) -> Uuid {
        let mut clock = self.0.lock().unwrap();
        clock.throws += 1;
        Uuid::new_v5(&Uuid::NAMESPACE_OID, &clock.throws.to_le_bytes())
    }

    async fn sleep(&self, time: Duration) {
        let end = self.monotonic() + time;
        let mut place = None;
        std::future::poll_fn(|context| {
            let mut clock = self.0.lock().unwrap();
            if clock.now >= end {
                return Poll::Ready(());
            }
            let place = *place.get_or_insert_with(|| {
                clock.sleeps += 1;
                (end, clock.sleeps)
            });
            clock.sleepers.insert(place, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A view store with slow calls.
pub struct SlowViews {
    inner: Arc<dyn ViewStore>,
    host: VirtualHost,
    each: Duration,
}

impl SlowViews {
    /// Each call of `inner` takes `each`.
    #[must_use]
    pub fn new(inner: Arc<dyn ViewStore>, host: VirtualHost, each: Duration) -> Self {
        Self { inner, host, each }
    }
}

#[async_trait]
impl ViewStore for SlowViews {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.host.sleep(self.each).await;
        self.inner.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.host.sleep(self.each).await;
        self.inner.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.host.sleep(self.each).await;
        self.inner.list(query).await
    }
}

/// An event store with slow calls.
pub struct SlowStore {
    inner: Arc<dyn EventStore>,
    host: VirtualHost,
    each: Duration,
}

impl SlowStore {
    /// Each call of `inner` takes `each`.
    #[must_use]
    pub fn new(inner: Arc<dyn EventStore>, host: VirtualHost, each: Duration) -> Self {
        Self { inner, host, each }
    }
}

#[async_trait]
impl EventStore for SlowStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.host.sleep(self.each).await;
        self.inner.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.host.sleep(self.each).await;
        self.inner.read(stream, from, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::{join, join3};

    #[test]
    fn parallel_sleeps_take_as_long_as_the_longest() {
        let host = VirtualHost::default();
        let seconds = |seconds| host.sleep(Duration::from_secs(seconds));
        let (_, took) = host.run(join3(seconds(3), seconds(60), seconds(7)));
        assert_eq!((took, host.monotonic()), (Duration::from_secs(60), Duration::from_secs(60)));
        let (_, took) = host.run(async {
            join(seconds(1), seconds(2)).await;
            seconds(2).await;
        });
        assert_eq!(took, Duration::from_secs(4));
    }

    #[test]
    #[should_panic(expected = "never comes")]
    fn work_that_waits_without_a_timer_panics() {
        VirtualHost::default().run(std::future::pending::<()>());
    }
}
