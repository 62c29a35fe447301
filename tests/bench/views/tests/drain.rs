//! The retry queue after an outage in real time: the relay reads the commits from the embedded engine through the real
//! adapter. Only the buses are not real: each call to one takes 10 ms.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use dekigoto::{
    Bus, Host as _, Message, Payload, Pointer, Refused, Source, SystemHost,
    batch::Delivered,
    memory::{MemoryParking, MemoryRetryQueue},
    relay::Relay,
};
use dekigoto_dynamodb::DynamoEventStore;
use order_service::service;

use crate::{
    engine, order,
    time::{CALL, INVOCATIONS, INVOCATIONS_BEFORE, POINTERS, TIMEOUT, nth},
};

/// Commits that the outage has left behind.
pub(crate) const COMMITS: usize = 200;

const TABLE: &str = "events";

/// What publishing all commits took.
pub(crate) struct Drained {
    /// Calls to topic and bus.
    pub(crate) calls: usize,
    /// Commits a second.
    pub(crate) speed: f64,
}

/// Publishes the commits as before, by invocations that publish pointer after pointer, and as now.
pub(crate) async fn on_the_engine(client: &Client) -> (Drained, Drained) {
    engine::event_table(client, TABLE).await;
    let store = DynamoEventStore::new(client.clone(), TABLE);
    let mut pointers = Vec::new();
    for place in 0..COMMITS {
        let event = order::placed_only(&store, nth(place)).await;
        let pointer = Pointer::new(event.stream().unwrap(), dekigoto::Ordinal::FIRST);
        let record = Payload::of(&pointer).unwrap().as_str().to_owned();
        pointers.push(Delivered { id: format!("m{place}"), record });
    }
    let store = Arc::new(store);
    let before = drain(&store, &pointers, 1, INVOCATIONS_BEFORE).await;
    let now = drain(&store, &pointers, POINTERS, INVOCATIONS).await;
    (before, now)
}

/// Publishes all pointers, so many in an invocation and so many invocations at a time.
async fn drain(
    store: &Arc<DynamoEventStore>,
    pointers: &[Delivered<String>],
    in_one: usize,
    at_a_time: usize,
) -> Drained {
    let bus = Arc::new(SlowBus::default());
    let relay = Arc::new(Relay {
        topic: bus.clone(),
        bus: bus.clone(),
        retry: Arc::new(MemoryRetryQueue::default()),
        parking: Arc::new(MemoryParking::default()),
        store: store.clone(),
        host: Arc::new(SystemHost),
        announcements: service().announcements().clone(),
    });
    let began = SystemHost.monotonic();
    let mut workers = Vec::new();
    for share in pointers.chunks(pointers.len().div_ceil(at_a_time)) {
        let (relay, share) = (relay.clone(), share.to_vec());
        workers.push(tokio::spawn(async move {
            let mut applied = 0;
            for batch in share.chunks(in_one) {
                applied += relay.take_retries(batch.to_vec(), || TIMEOUT).await.tally.applied;
            }
            applied
        }));
    }
    let mut applied = 0;
    for worker in workers {
        applied += worker.await.unwrap();
    }
    assert_eq!(applied, pointers.len());
    let took: Duration = SystemHost.monotonic().saturating_sub(began);
    let speed = f64::from(u32::try_from(applied).unwrap()) / took.as_secs_f64();
    Drained { calls: bus.0.load(Ordering::Relaxed), speed }
}

/// The topic and the bus, and how often they were called.
#[derive(Default)]
struct SlowBus(AtomicUsize);

#[async_trait]
impl Bus for SlowBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.0.fetch_add(1, Ordering::Relaxed);
        SystemHost.sleep(CALL).await;
        Ok(vec![Ok(()); batch.len()])
    }
}
