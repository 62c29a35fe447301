//! Time that passes only while everybody waits: calls that run side by side take as long as the slowest of them, and a test
//! of minutes takes none.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{Host, Timestamp, memory::ManualHost};
use uuid::Uuid;

/// A [`Host`] whose clock jumps to the next moment that somebody waits for. Clones are one host.
#[derive(Clone, Default)]
pub struct VirtualHost {
    dice: ManualHost,
    time: Arc<Mutex<Time>>,
}

#[derive(Default)]
struct Time {
    now: Duration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    sleeps: u64,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl VirtualHost {
    /// Runs a future to its end. Panics when it waits for something that never comes.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                self.wake_next();
            }
        }
    }

    fn wake_next(&self) {
        let mut time = self.time.lock().unwrap();
        let ((due, _), sleeper) = time.sleepers.pop_first().expect("somebody waits for a moment");
        time.now = time.now.max(due);
        drop(time);
        sleeper.wake();
    }
}

#[async_trait]
impl Host for VirtualHost {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.monotonic().as_millis()).unwrap();
        Timestamp::from_millis(crate::still_host().now().as_millis() + millis).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.time.lock().unwrap().now
    }

    fn random(&self) -> Uuid {
        self.dice.random()
    }

    async fn sleep(&self, duration: Duration) {
        let due = self.monotonic() + duration;
        poll_fn(|context| {
            let mut time = self.time.lock().unwrap();
            if time.now >= due {
                return Poll::Ready(());
            }
            time.sleeps += 1;
            let key = (due, time.sleeps);
            time.sleepers.insert(key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
