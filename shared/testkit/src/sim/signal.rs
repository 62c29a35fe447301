//! Notifies tasks of changes.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

/// Counts changes and wakes the tasks that wait for the next one.
#[derive(Clone, Default)]
pub struct Signal(Arc<Mutex<(u64, Vec<Waker>)>>);

impl Signal {
    /// Records a change.
    pub fn raise(&self) {
        let wakers = {
            let mut inner = self.0.lock().unwrap();
            inner.0 += 1;
            std::mem::take(&mut inner.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The number of changes.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.lock().unwrap().0
    }

    /// Waits for a change after the first `seen`.
    pub async fn after(&self, seen: u64) {
        poll_fn(|context| {
            let mut inner = self.0.lock().unwrap();
            if inner.0 > seen {
                return Poll::Ready(());
            }
            inner.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
