//! The wiring.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
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
use dekigoto_http::{App, Routes, Service};
use order_service::{CONTRACT, service};
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::show;

/// Records that the publisher takes at once, as `BatchSize` in the template.
const STREAM_BATCH: usize = 100;

/// Messages that a projector takes at once, as `BatchSize` in the template.
const QUEUE_BATCH: usize = 10;

/// Deliveries of a message before it is parked, as `maxReceiveCount` in the template.
const RECEIVES_MAX: u32 = 5;

/// Time until a failed message is delivered again.
const VISIBILITY: Duration = Duration::from_millis(200);

/// Time that one batch may take, as the functions' `Timeout` in the template.
const BATCH_TIME: Duration = Duration::from_secs(30);

/// Messages that the sample subscriber remembers.
const INBOX_MESSAGES_MAX: usize = 1000;

/// A message with the number of times that it has been delivered.
struct Queued {
    id: u64,
    body: String,
    receives: u32,
}

/// What the sample subscriber of the topic and the bus got, newest last.
#[derive(Clone, Debug, Default)]
pub struct Inbox(Arc<Mutex<VecDeque<Got>>>);

/// One message that a subscriber got.
#[derive(Clone, Debug, Serialize)]
pub struct Got {
    /// `topic` or `bus`.
    pub from: &'static str,
    /// What kind of message.
    pub kind: String,
    /// The attributes that filter policies see.
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
        inbox.push_back(Got {
            from,
            kind: message.kind.clone(),
            attributes: message.attributes.clone(),
            body: message.body.clone(),
        });
    }

    /// Everything that is there.
    #[must_use]
    pub fn all(&self) -> Vec<Got> {
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
    /// Starts everything behind the HTTP edge. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start() -> Self {
        let system = Self {
            store: MemoryStore::new(),
            views: MemoryViews::new(),
            parking: MemoryParking::default(),
            inbox: Inbox::default(),
        };
        let (topic, service) = (InMemoryEventBus::new(), service());
        for view in service.views() {
            system.project(Arc::clone(view), &topic);
        }
        system.subscribe("topic", &topic);
        system.publish(&service, topic);
        system
    }

    /// The service's routes.
    pub fn router(&self) -> Router {
        Routes::of(&service(), &CONTRACT).router(App::new(self.ports()))
    }

    fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(self.store.clone()),
            views: Arc::new(self.views.clone()),
            host: Arc::new(SystemHost),
        }
    }

    /// Two windows into the inside, for `make demo`: what is stored, and what a subscriber got.
    pub(crate) fn windows(&self) -> Router {
        let (store, inbox) = (self.store.clone(), self.inbox.clone());
        let stored = move || async move { Json::<Vec<StoredCommit>>(store.dump()) };
        let got = move || async move { Json(inbox.all()) };
        Router::new().route("/local/stored", get(stored)).route("/local/messages", get(got))
    }

    /// The store's commits become messages of the topic and the bus.
    fn publish(&self, service: &Service, topic: InMemoryEventBus) {
        let (stream, records) = unbounded_channel::<Commit>();
        self.store.on_commit(move |commit| {
            show::stored(commit);
            // Nobody listens any more only when the process ends.
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
        tokio::spawn(drain_stream(relay, records));
    }

    /// The topic's messages become rows of a view.
    fn project(&self, view: Arc<dyn AnyView>, topic: &InMemoryEventBus) {
        let (queue, messages) = unbounded_channel();
        let requeue = queue.clone();
        let next_id = std::sync::atomic::AtomicU64::new(0);
        topic.subscribe(
            None,
            Box::new(move |message| {
                let id = next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let _ = queue.send(Queued { id, body: message.body.clone(), receives: 0 });
            }),
        );
        let parking = self.parking.clone();
        let projector = Projector::of(view, self.ports(), Arc::new(parking.clone()));
        tokio::spawn(drain_queue(projector, parking, messages, requeue));
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

/// What the DynamoDB stream and its event source mapping do.
async fn drain_stream(relay: Relay, mut records: UnboundedReceiver<Commit>) {
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
                // A stream delivers the first failed record again, and everything after it.
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

/// What SQS and its event source mapping do.
async fn drain_queue(
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
        show::viewed(projector.name(), &report);
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
