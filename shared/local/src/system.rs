//! Connects the parts of a service with memory adapters. Channels replace the stream, the topic and the queues.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, routing::get};
use dekigoto::{
    Attribute, Commit, Message, Parking as _, Ports, StoredCommit, SystemHost,
    batch::Delivered,
    memory::{InMemoryEventBus, MemoryParking, MemoryRetryQueue, MemoryStore, MemoryViews},
    relay::{Relay, StreamRecord},
    views::{AnyView, Projector},
};
use dekigoto_http::{App, Contract, Routes, Service};
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::show;

/// Records in one batch of the relay, as `BatchSize` in the template.
const STREAM_BATCH: usize = 100;

/// Messages in one batch of a projector, as `BatchSize` in the template.
const QUEUE_BATCH: usize = 99;

/// Deliveries of a message before it is parked, as `maxReceiveCount` in the template.
const RECEIVES_MAX: u32 = 100;

/// The delay before a failed record or message is delivered again.
const VISIBILITY: Duration = Duration::from_millis(200);

/// Time limit of one batch, as the functions' `Timeout` in the template.
const BATCH_TIME: Duration = Duration::from_secs(30);

/// Messages that the sample subscriber keeps.
const INBOX_MESSAGES_MAX: usize = 1000;

/// A message and its number of deliveries.
struct Queued {
    id: u64,
    body: String,
    receives: u32,
}

/// The messages that the sample subscriber of the topic and the bus received, newest last.
#[derive(Clone, Debug, Default)]
pub struct Inbox(Arc<Mutex<VecDeque<Received>>>);

/// One received message.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// `topic` or `bus`.
    pub from: &'static str,
    /// The message's kind.
    pub kind: String,
    /// The attributes for filter policies.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// The body.
    pub body: String,
}

impl Inbox {
    fn put(&self, from: &'static str, message: &Message) {
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inbox.len() == INBOX_MESSAGES_MAX {
            inbox.pop_front();
        }
        inbox.push_back(Received {
            from,
            kind: message.kind.clone(),
            attributes: message.attributes.clone(),
            body: message.body.clone(),
        });
    }

    /// All messages.
    #[must_use]
    pub fn all(&self) -> Vec<Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The running system.
#[derive(Clone)]
pub struct System {
    store: MemoryStore,
    views: MemoryViews,
    parking: MemoryParking,
    inbox: Inbox,
}

impl System {
    /// Starts the relay and the projectors of a service. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(service: &Service) -> Self {
        let system = Self {
            store: MemoryStore::new(),
            views: MemoryViews::new(),
            parking: MemoryParking::default(),
            inbox: Inbox::default(),
        };
        let topic = InMemoryEventBus::new();
        for view in service.views() {
            let events = service.events_for(&**view);
            system.start_projector(Arc::clone(view), &events, &topic);
        }
        system.subscribe("topic", &topic);
        system.start_relay(service, topic);
        system
    }

    /// The service's routes. A layer must add the caller.
    pub fn router(&self, service: &Service, contract: &'static Contract) -> Router {
        Routes::of(service, contract).router(App::new(self.ports()))
    }

    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(self.store.clone()),
            views: Arc::new(self.views.clone()),
            host: Arc::new(SystemHost),
        }
    }

    /// Two debug routes, for a demo: the stored commits, and the subscriber's messages.
    pub fn debug_routes(&self) -> Router {
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        let stored = move || async move { Json::<Vec<StoredCommit>>(store.dump()) };
        let received = move || async move { Json(inbox.all()) };
        Router::new().route("/local/stored", get(stored)).route("/local/messages", get(received))
    }

    /// The relay publishes the store's commits to the topic and the bus.
    fn start_relay(&self, service: &Service, topic: InMemoryEventBus) {
        let (stream, records) = unbounded_channel::<Commit>();
        self.store.on_commit(move |commit| {
            show::stored(commit);
            // Sending fails only at the end of the process.
            let _ = stream.send(commit.clone());
        });
        let bus = InMemoryEventBus::new();
        self.subscribe("bus", &bus);
        let relay = Relay {
            topic: Arc::new(topic),
            bus: Arc::new(bus),
            retry: Arc::new(MemoryRetryQueue::default()),
            parking: Arc::new(self.parking.clone()),
            store: Arc::new(self.store.clone()),
            host: Arc::new(SystemHost),
            announcements: service.announcements().clone(),
        };
        tokio::spawn(run_relay(relay, records));
    }

    /// The projector applies the topic's messages of these types to its view.
    fn start_projector(&self, view: Arc<dyn AnyView>, events: &[&str], topic: &InMemoryEventBus) {
        let (queue, messages) = unbounded_channel();
        let requeue = queue.clone();
        let next_id = Arc::new(AtomicU64::new(0));
        for event in events {
            let (queue, next_id) = (queue.clone(), Arc::clone(&next_id));
            let enqueue = move |message: &Message| {
                let id = next_id.fetch_add(1, Ordering::Relaxed);
                let _ = queue.send(Queued { id, body: message.body.clone(), receives: 0 });
            };
            topic.subscribe(Some(event), Box::new(enqueue));
        }
        drop(queue);
        let parking = self.parking.clone();
        let projector = Projector::of(view, self.ports(), Arc::new(parking.clone()));
        tokio::spawn(run_projector(projector, parking, messages, requeue));
    }

    fn subscribe(&self, name: &'static str, bus: &InMemoryEventBus) {
        let inbox = self.inbox.clone();
        bus.subscribe(
            None,
            Box::new(move |message| {
                show::sent(name, message);
                inbox.put(name, message);
            }),
        );
    }
}

/// Replaces the DynamoDB stream and its event source mapping.
async fn run_relay(relay: Relay, mut records: UnboundedReceiver<Commit>) {
    let mut batch: VecDeque<Delivered<StreamRecord>> = VecDeque::new();
    let mut sequence = 0_u64;
    loop {
        let mut commits = Vec::new();
        if batch.is_empty() && records.recv_many(&mut commits, STREAM_BATCH).await == 0 {
            return;
        }
        for commit in commits {
            sequence += 1;
            let record = StreamRecord::Commit(Box::new(commit));
            batch.push_back(Delivered { id: sequence.to_string(), record });
        }
        let report = relay.take_stream(batch.iter().cloned().collect(), || BATCH_TIME).await;
        match report.failed.first() {
            None => batch.clear(),
            Some(failed) => {
                // A stream redelivers the first failed record and everything after it.
                batch.retain({
                    let mut is_after = false;
                    move |record| {
                        is_after |= record.id == *failed;
                        is_after
                    }
                });
                tokio::time::sleep(VISIBILITY).await;
            }
        }
    }
}

/// Replaces SQS and its event source mapping.
async fn run_projector(
    projector: Projector,
    parking: MemoryParking,
    mut messages: UnboundedReceiver<Queued>,
    requeue: UnboundedSender<Queued>,
) {
    let mut batch = Vec::new();
    while messages.recv_many(&mut batch, QUEUE_BATCH).await > 0 {
        let delivered = batch
            .iter()
            .map(|message| Delivered { id: message.id.to_string(), record: message.body.clone() });
        let report = projector.take(delivered.collect(), || BATCH_TIME).await;
        show::projected(projector.name(), &report);
        for message in batch.drain(..) {
            if report.failed.contains(&message.id.to_string()) {
                deliver_again(&parking, message, &requeue).await;
            }
        }
    }
}

async fn deliver_again(
    parking: &MemoryParking,
    mut message: Queued,
    requeue: &UnboundedSender<Queued>,
) {
    message.receives += 1;
    if message.receives == RECEIVES_MAX {
        let reason = format!("delivered {RECEIVES_MAX} times");
        // Parking in memory cannot fail.
        let _ = parking.park(&message.body, &reason).await;
        return;
    }
    let requeue = requeue.clone();
    tokio::spawn(async move {
        tokio::time::sleep(VISIBILITY).await;
        let _ = requeue.send(message);
    });
}
