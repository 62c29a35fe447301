//! Ten thousand deadlines that are due in one minute are queued within two. On the embedded engine, with one processor for
//! engine and ticker.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use dekigoto::{
    Index, Payload, Row, RowKey,
    limits::ROWS_PER_CALL_MAX,
    memory::{ManualHost, MemoryDeadlineQueue},
    policies::{DUE_SHARDS, Ticker},
};

use crate::embedded;

/// Processes that are due.
const DUE: usize = 10_000;

/// The longest time of one tick, in seconds: the time-out of its function.
const TICK_SECONDS_MAX: u64 = 30;

/// A process that waits for a moment of the minute before 09:31, as the view of the processes stores it.
fn waiting(number: usize) -> Row {
    let due = format!("2026-11-23T09:30:{:02}.000Z", number % 60);
    let shard = number % usize::try_from(DUE_SHARDS).unwrap();
    let place =
        RowKey::new(format!("due#closing#2026-11-23T09:30#{shard}"), format!("{due}#t-{number}"));
    Row {
        key: RowKey::only("closing", &format!("t-{number}")),
        revision: 1,
        body: Payload::of(&serde_json::json!({ "watermarks": {}, "row": "a process" })).unwrap(),
        indexes: BTreeMap::from([(Index(1), place)]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the test measures the time that a tick takes")]
async fn ten_thousand_deadlines_of_one_minute_are_queued_in_one_tick() {
    let service = embedded::service().await;
    let views = service.view_store().await;
    let rows: Vec<Row> = (0..DUE).map(waiting).collect();
    for rows in rows.chunks(ROWS_PER_CALL_MAX) {
        views.write(rows).await.unwrap();
    }
    let host = ManualHost::starting_at("2026-11-23T09:31:00.000Z".parse().unwrap());
    let queue = MemoryDeadlineQueue::default();
    let ticker =
        Ticker { policy: "closing", views, queue: Arc::new(queue.clone()), host: Arc::new(host) };
    let started = Instant::now();
    let ticked = ticker.tick(|| std::time::Duration::from_secs(TICK_SECONDS_MAX)).await;
    let took = started.elapsed();
    println!("{DUE} due processes were queued in {} ms", took.as_millis());
    assert!(ticked.is_complete(), "{ticked:?}");
    let mut queued: Vec<String> = queue.drain().into_iter().map(|it| it.process).collect();
    queued.sort();
    queued.dedup();
    assert_eq!(queued.len(), DUE);
    assert_eq!(ticked.lateness_max.as_secs(), 60);
    assert!(took.as_secs() < TICK_SECONDS_MAX, "{took:?}");
}
