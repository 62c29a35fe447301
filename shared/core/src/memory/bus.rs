//! An event bus, a retry queue and a dead-letter queue in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::{
    Bus, Message, Parked, ParkedRecords, Parking, Pointer, Refused, RetryQueue, Source,
    policies::{DeadlineQueue, DueProcess},
};

/// A handler and its kind of message; `None` for every kind.
type Subscription = (Option<String>, Handler);

/// Called with each message that it subscribed to. It must not block, and must not subscribe. When a [`MemoryStore`]
/// publishes to the bus, the handler runs inside the append and must not use that store: keep the message for later.
///
/// [`MemoryStore`]: super::MemoryStore
pub type Handler = Box<dyn Fn(&Message) + Send + Sync>;

/// An event bus in memory. Handlers subscribe by kind of message, and are called with each one that is sent.
///
/// ```
/// use dekigoto::{Bus, Message, memory::InMemoryEventBus};
/// # futures_util::FutureExt::now_or_never(async {
/// let bus = InMemoryEventBus::new();
/// let (seen, handler) = InMemoryEventBus::inbox();
/// bus.subscribe(Some("OrderPlaced"), handler);
/// let at = "2026-11-23T09:00:00.000Z".parse().unwrap();
/// let message = |kind: &str| Message {
///     key: "o-1".into(), body: "{}".into(), attributes: vec![], kind: kind.into(), at,
/// };
/// bus.send(&[message("OrderPlaced"), message("OrderShipped")]).await.unwrap();
/// assert_eq!(seen.lock().unwrap().len(), 1);
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct InMemoryEventBus {
    subscriptions: Arc<Mutex<Vec<Subscription>>>,
}

impl InMemoryEventBus {
    /// A bus without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `handler` with every message of a kind; with all messages if `kind` is `None`.
    pub fn subscribe(&self, kind: Option<&str>, handler: Handler) {
        lock(&self.subscriptions).push((kind.map(str::to_owned), handler));
    }

    /// Calls every subscribed handler, then returns.
    pub fn deliver(&self, message: &Message) {
        let wants = |kind: &Option<String>| kind.as_ref().is_none_or(|it| *it == message.kind);
        let subscriptions = lock(&self.subscriptions);
        subscriptions.iter().filter(|(kind, _)| wants(kind)).for_each(|(_, call)| call(message));
    }

    /// A list, and a handler that adds each message to it.
    #[must_use]
    pub fn inbox() -> (Arc<Mutex<Vec<Message>>>, Handler) {
        let inbox = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&inbox);
        (inbox, Box::new(move |message| lock(&kept).push(message.clone())))
    }
}

#[async_trait]
impl Bus for InMemoryEventBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        batch.iter().for_each(|message| self.deliver(message));
        Ok(batch.iter().map(|_| Ok(())).collect())
    }
}

/// A retry queue in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryRetryQueue {
    pointers: Arc<Mutex<Vec<Pointer>>>,
}

impl MemoryRetryQueue {
    /// Removes and returns everything in the queue.
    #[must_use]
    pub fn drain(&self) -> Vec<Pointer> {
        std::mem::take(&mut lock(&self.pointers))
    }
}

#[async_trait]
impl RetryQueue for MemoryRetryQueue {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        lock(&self.pointers).extend_from_slice(pointers);
        Ok(vec![Ok(()); pointers.len()])
    }
}

/// A policy's queue in memory, as the ticker sees it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDeadlineQueue {
    due: Arc<Mutex<Vec<DueProcess>>>,
}

impl MemoryDeadlineQueue {
    /// Removes and returns everything in the queue.
    #[must_use]
    pub fn drain(&self) -> Vec<DueProcess> {
        std::mem::take(&mut lock(&self.due))
    }
}

#[async_trait]
impl DeadlineQueue for MemoryDeadlineQueue {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        lock(&self.due).extend_from_slice(due);
        Ok(vec![Ok(()); due.len()])
    }
}

/// A dead-letter queue in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryParking {
    parked: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// Each with its key, if it was parked under one.
    records: Vec<(Parked, Option<String>)>,
    last_id: i64,
}

impl Shelf {
    fn add(&mut self, key: Option<&str>, body: &str, reason: &str) {
        self.last_id += 1;
        let (body, reason) = (body.to_owned(), reason.to_owned());
        self.records.push((Parked { id: self.last_id, body, reason }, key.map(str::to_owned)));
    }
}

impl MemoryParking {
    /// The parked bodies with their reasons.
    #[must_use]
    pub fn dump(&self) -> Vec<(String, String)> {
        let shelf = lock(&self.parked);
        shelf.records.iter().map(|(it, _)| (it.body.clone(), it.reason.clone())).collect()
    }
}

#[async_trait]
impl Parking for MemoryParking {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        lock(&self.parked).add(None, body, reason);
        Ok(())
    }

    async fn park_once(&self, key: &str, body: &str, reason: &str) -> Result<(), Source> {
        let mut shelf = lock(&self.parked);
        let is_same =
            |it: &(Parked, Option<String>)| it.1.as_deref() == Some(key) && it.0.body == body;
        if !shelf.records.iter().any(is_same) {
            shelf.add(Some(key), body, reason);
        }
        Ok(())
    }
}

#[async_trait]
impl ParkedRecords for MemoryParking {
    async fn list(&self, after: i64, limit: u32) -> Result<Vec<Parked>, Source> {
        let shelf = lock(&self.parked);
        let later = shelf.records.iter().map(|(it, _)| it).filter(|it| it.id > after);
        Ok(later.take(usize::try_from(limit)?).cloned().collect())
    }

    async fn discard(&self, id: i64) -> Result<(), Source> {
        lock(&self.parked).records.retain(|(it, _)| it.id != id);
        Ok(())
    }
}
