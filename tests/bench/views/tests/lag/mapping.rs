//! How Lambda makes batches of the records of a shard or of a queue: one model for both.

use std::time::Duration;

use dekigoto::Host as _;
use dekigoto_testkit::VirtualHost;
use futures_util::{future::join_all, lock::Mutex};

/// The settings of one poller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    /// How long it waits, from the first record that it has, for a full batch.
    pub(super) window: Duration,
    pub(super) batch_max: usize,
    /// Invocations that it has at a time.
    pub(super) at_once: usize,
}

/// A record, and when the poller has it.
pub(super) type Arrival = (Duration, usize);

/// Invokes with all records, in the order in which they arrive.
pub(super) async fn deliver<F: Future>(
    host: &VirtualHost,
    records: Vec<Arrival>,
    mapping: Mapping,
    invoke: impl Fn(usize, Vec<usize>) -> F,
) {
    let left = Mutex::new(&*records);
    let lane = |number| {
        let (left, invoke) = (&left, &invoke);
        async move {
            loop {
                let mut waiting = left.lock().await;
                let batch = next_batch(host, &mut waiting, mapping).await;
                drop(waiting);
                let Some(batch) = batch else { return };
                invoke(number, batch).await;
            }
        }
    };
    join_all((0..mapping.at_once).map(lane)).await;
}

/// Waits for the next batch: it closes when its window ends, or when it is full.
async fn next_batch(
    host: &VirtualHost,
    left: &mut &[Arrival],
    mapping: Mapping,
) -> Option<Vec<usize>> {
    let records = *left;
    let first = records.first()?.0.max(host.monotonic());
    let end = first + mapping.window;
    let waiting = records.iter().take(mapping.batch_max).take_while(|(time, _)| *time <= end);
    let (batch, rest) = records.split_at(waiting.count());
    let last = batch.last()?.0.max(first);
    let close = if batch.len() == mapping.batch_max { last } else { end };
    *left = rest;
    host.sleep(close.saturating_sub(host.monotonic())).await;
    Some(batch.iter().map(|(_, place)| *place).collect())
}
