//! Deadlines of later cost storage only: a tick reads as much with thousands of them as with none.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto::{
    Host as _, Index, Payload, Row, RowKey, Timestamp, ViewStore as _,
    limits::ROWS_PER_CALL_MAX,
    memory::{ManualHost, MemoryDeadlineQueue},
    policies::{DUE_SHARDS, Ticked, Ticker},
};
use dekigoto_dynamodb::DynamoViewStore;

use crate::engine;

/// Processes that wait, in each shard of each minute from the next one on.
const PENDING: usize = 4_000;

const PLENTY: Duration = Duration::from_secs(30);

/// A process that waits for a later moment, as the view of the processes stores it.
fn waiting(number: usize, now: Timestamp) -> Row {
    let shards = usize::try_from(DUE_SHARDS).unwrap();
    let minutes = i64::try_from(number / shards + 1).unwrap();
    let due = Timestamp::from_millis(now.as_millis() + minutes * 60_000).unwrap().to_string();
    let partition = format!("due#closing#{}#{}", &due[..16], number % shards);
    let place = RowKey::new(partition, format!("{due}#t-{number}"));
    Row {
        key: RowKey::only("closing", &format!("t-{number}")),
        revision: 1,
        body: Payload::of(&serde_json::json!({ "watermarks": {}, "row": "a process" })).unwrap(),
        indexes: BTreeMap::from([(Index(1), place)]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_reads_as_much_with_many_pending_deadlines_as_with_none() {
    let (client, meter) = engine::start().await;
    engine::view_table(&client, "views", &ProjectionType::KeysOnly).await;
    let views = Arc::new(DynamoViewStore::new(client, "views"));
    let host = ManualHost::starting_at("2026-11-23T09:31:30.000Z".parse().unwrap());
    let queue = Arc::new(MemoryDeadlineQueue::default());
    let ticker = Ticker {
        policy: "closing",
        views: views.clone(),
        queue: queue.clone(),
        host: Arc::new(host.clone()),
    };
    let _ = meter.take();
    assert_eq!(ticker.tick(|| PLENTY).await, Ticked::default());
    let none = meter.take();

    let pending: Vec<Row> = (0..PENDING).map(|number| waiting(number, host.now())).collect();
    for rows in pending.chunks(ROWS_PER_CALL_MAX) {
        views.write(rows).await.unwrap();
    }
    let _ = meter.take();
    assert_eq!(ticker.tick(|| PLENTY).await, Ticked::default());
    let many = meter.take();
    println!("a tick with no deadline pending: {none:?}, with {PENDING}: {many:?}");
    assert!(none.requests > 0.0);
    assert_eq!(
        (many.requests, many.read_units, many.write_units),
        (none.requests, none.read_units, none.write_units)
    );

    // They are where the ticker looks: a minute later, the first of each shard is due.
    host.advance(Duration::from_secs(60));
    let ticked = ticker.tick(|| PLENTY).await;
    assert_eq!(ticked.queued, usize::try_from(DUE_SHARDS).unwrap());
}
