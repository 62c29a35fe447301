//! The tables and queues that both versions share, and the functions over them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use dekigoto::{
    Aggregate, CommandKey, Commit, Context, Envelope, EventStore, Expect, Host as _, Ports, RowKey,
    RowQuery, ViewStore,
    batch::Delivered,
    memory::{
        InMemoryEventBus, ManualHost, MemoryDeadlineQueue, MemoryParking, MemoryRetryQueue,
        MemoryStore, MemoryViews,
    },
    policies::{ProcessManager, Ticker},
    relay::{Relay, StreamRecord},
    replay::ReplaySource,
    views::{Difference, Extent, Projector, Verified},
};
use dekigoto_http::{App, RequestId};
use dekigoto_testkit::still_host;
use order_service::Caller;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    embedded,
    segments::Segments,
    versions::{Version, Versions},
};

/// The queue of the policy. The others have the names of their views.
pub(crate) const POLICY: &str = "fulfilment-policy";

/// The time that an invocation has left.
pub(crate) const TIME: Duration = Duration::from_secs(30);
const PAGE: u32 = 100;

/// The tables.
pub(crate) struct Stores {
    pub(crate) events: Arc<dyn EventStore>,
    pub(crate) history: Arc<dyn ReplaySource>,
    pub(crate) views: Arc<dyn ViewStore>,
}

impl Stores {
    pub(crate) fn in_memory() -> Self {
        let store = Arc::new(MemoryStore::new());
        Self { events: store.clone(), history: store, views: Arc::new(MemoryViews::new()) }
    }

    pub(crate) async fn in_dynamodb() -> Self {
        let service = embedded::service().await;
        let (events, views) = (service.event_subject().await, service.view_store().await);
        Self { events: events.store(), history: events.replay_source(), views }
    }
}

/// A message of a queue, with its id.
type Letter = Delivered<String>;

/// Both versions over the same tables and queues.
pub(crate) struct Stack<'a> {
    pub(crate) stores: Stores,
    pub(crate) versions: &'a Versions,
    pub(crate) host: ManualHost,
    retry: MemoryRetryQueue,
    pub(crate) parking: MemoryParking,
    pub(crate) segments: Segments,
    /// The queue of each view, and of the policy.
    queues: BTreeMap<&'static str, Vec<Letter>>,
    /// The retry queue of the publisher.
    pointers: Vec<Letter>,
    published: BTreeSet<(String, u64)>,
    numbers: u32,
    /// What must not happen, and did.
    pub(crate) faults: Vec<String>,
}

impl<'a> Stack<'a> {
    pub(crate) fn new(stores: Stores, versions: &'a Versions) -> Self {
        Self {
            stores,
            versions,
            host: still_host(),
            retry: MemoryRetryQueue::default(),
            parking: MemoryParking::default(),
            segments: Segments::default(),
            queues: Self::functions(versions).map(|name| (name, Vec::new())).collect(),
            pointers: Vec::new(),
            published: BTreeSet::new(),
            numbers: 0,
            faults: Vec::new(),
        }
    }

    /// The functions that read a queue of events.
    fn functions(versions: &Versions) -> impl Iterator<Item = &'static str> {
        versions.new.views.iter().map(|view| view.name()).chain([POLICY])
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            store: self.stores.events.clone(),
            views: self.stores.views.clone(),
            host: Arc::new(self.host.clone()),
        }
    }

    pub(crate) fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn letter(&mut self, body: String) -> Letter {
        Delivered { id: self.number().to_string(), record: body }
    }

    /// A trusted service sends a request to the API of the old version.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.ask_by(Caller::service("shop").unwrap(), method, path, body).await
    }

    /// A caller sends a request to the API of the old version.
    pub(crate) async fn ask_by(
        &mut self,
        caller: Caller,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let number = self.number();
        let text = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let mut request =
            request.header("idempotency-key", format!("request-{number}")).body(text).unwrap();
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(RequestId(format!("request-{number}")));
        let response = (self.versions.api)(self.ports()).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status == 500 {
            self.faults.push(format!("{method} {path} was answered 500: {answer}"));
        }
        (status, answer)
    }

    fn context(&mut self) -> Context {
        let key = CommandKey::try_from(format!("next-{}", self.number())).unwrap();
        Context::new(self.host.now(), key, "shop")
    }

    /// Carries out a command with the code of the next version.
    pub(crate) async fn execute<A: Aggregate>(&mut self, id: &A::Id, command: A::Command) {
        let (context, app) = (self.context(), App::new(self.ports()));
        let done = app.engine().execute::<A>(id, command, &context, Expect::Anything).await;
        if done.is_err() {
            self.faults
                .push(format!("the next version could not carry out a command of {}", A::TYPE));
        }
    }

    /// Publishes new commits, or what waits in the retry queue, with the code of a version.
    pub(crate) async fn publish(&mut self, version: Version) {
        let (topic, bus) = (InMemoryEventBus::new(), InMemoryEventBus::new());
        let (inbox, handler) = InMemoryEventBus::inbox();
        topic.subscribe(None, handler);
        let relay = Relay {
            topic: Arc::new(topic),
            bus: Arc::new(bus),
            retry: Arc::new(self.retry.clone()),
            parking: Arc::new(self.parking.clone()),
            store: self.stores.events.clone(),
            host: Arc::new(self.host.clone()),
            announcements: self.versions.of(version).announcements.clone(),
        };
        let commits = self.new_commits().await;
        let records = commits.into_iter().map(|commit| Delivered {
            id: format!("{}/{}", commit.stream().key(), commit.ordinal().get()),
            record: StreamRecord::Commit(Box::new(commit)),
        });
        let report = relay.take_stream(records.collect(), || TIME).await;
        assert_eq!(report.failed, Vec::<String>::new(), "a stream waits for its first failure");
        let report = relay.take_retries(self.pointers.clone(), || TIME).await;
        self.pointers.retain(|letter| report.failed.contains(&letter.id));
        for pointer in self.retry.drain() {
            let letter = self.letter(serde_json::to_string(&pointer).unwrap());
            self.pointers.push(letter);
        }
        let messages = std::mem::take(&mut *inbox.lock().unwrap());
        for message in messages {
            self.fan_out(&message.body);
        }
        self.note_parked("the publisher");
    }

    /// Every commit that no publisher has seen.
    async fn new_commits(&mut self) -> Vec<Commit> {
        let page = self.stores.history.scan(0, 1, None, PAGE).await.unwrap();
        assert!(page.next.is_none() && page.corrupt.is_empty(), "all commits fit in a page");
        let new = page.commits.into_iter();
        new.filter(|it| self.published.insert((it.stream().key(), it.ordinal().get()))).collect()
    }

    /// The subscriptions are those of the next version: they are deployed before its first event.
    fn fan_out(&mut self, body: &str) {
        let event = Envelope::from_message(body).unwrap();
        for view in &self.versions.new.views {
            let is_wanted = view.folds().contains(&event.aggregate_type.as_str())
                && view.events().is_none_or(|all| all.contains(&event.event_type.as_str()));
            if is_wanted {
                let letter = self.letter(body.to_owned());
                self.queues.entry(view.name()).or_default().push(letter);
            }
        }
        if self.versions.new.policy.events().contains(&event.event_type.as_str()) {
            let letter = self.letter(body.to_owned());
            self.queues.entry(POLICY).or_default().push(letter);
        }
    }

    /// Looks for deadlines that are due, as the schedule does each minute.
    pub(crate) async fn tick(&mut self) {
        let queue = MemoryDeadlineQueue::default();
        let policy = self.versions.new.policy.name();
        let ticker = Ticker {
            policy,
            views: self.stores.views.clone(),
            queue: Arc::new(queue.clone()),
            host: Arc::new(self.host.clone()),
        };
        assert!(ticker.tick(|| TIME).await.is_complete());
        for due in queue.drain() {
            let letter = self.letter(due.text());
            self.queues.entry(POLICY).or_default().push(letter);
        }
    }

    /// Delivers the queue of a view or the policy to its function of a version. What fails stays in the queue.
    pub(crate) async fn deliver(&mut self, function: &'static str, version: Version) {
        let (ports, parking) = (self.ports(), Arc::new(self.parking.clone()));
        let functions = self.versions.of(version);
        let messages = self.queues.get(function).cloned().unwrap_or_default();
        let report = if function == POLICY {
            let policy = ProcessManager::of(functions.policy.clone(), ports, parking);
            policy.take(messages, || TIME).await
        } else {
            Projector::of(functions.view(function), ports, parking).take(messages, || TIME).await
        };
        let queue = self.queues.entry(function).or_default();
        queue.retain(|letter| report.failed.contains(&letter.id));
        self.note_parked(function);
    }

    pub(crate) fn note_parked(&mut self, who: &str) {
        let parked = self.parking.dump();
        self.faults.extend(parked.iter().map(|(_, why)| format!("{who} parked a record: {why}")));
    }

    /// What no function of the next version could handle, and what its views do not show.
    pub(crate) async fn note_leftovers(&mut self) {
        for (view, queue) in self.queues.iter().filter(|(_, queue)| !queue.is_empty()) {
            self.faults.push(format!("{} messages are left for {view}", queue.len()));
        }
        if !self.pointers.is_empty() {
            self.faults.push("a commit is not published".to_owned());
        }
        self.note_unfinished_rebuild().await;
        for view in &self.versions.new.views {
            let history = &*self.stores.history;
            let found = view.verify(&self.ports(), history, Extent::Everything).await.unwrap();
            self.note_differences(view.name(), &found);
        }
    }

    pub(crate) fn note_differences(&mut self, view: &str, found: &Verified) {
        // A row that no event has touched since is folded again by whoever reads it.
        let is_old = |it: &Difference| it.how.starts_with("it has an older schema");
        if found.waiting > 0 || !found.differences.iter().all(is_old) {
            self.faults.push(format!("{view} is wrong: {found:?}"));
        }
    }

    /// A row, as it is stored.
    pub(crate) async fn row(&self, partition: String, sort: &str) -> Value {
        let key = RowKey::new(partition, sort);
        let row = self.stores.views.read(&[key]).await.unwrap().pop().flatten();
        row.map(|row| row.body.read::<Value>().unwrap()["row"].clone()).unwrap_or_default()
    }

    /// The sum of the new count over all parts of the rows of a partition.
    pub(crate) async fn count(&self, partition: &str) -> u64 {
        let query = RowQuery {
            index: None,
            partition: partition.to_owned(),
            between: None,
            newest_first: false,
            limit: PAGE,
            after: None,
        };
        let parts = self.stores.views.list(&query).await.unwrap().rows.into_iter();
        parts.filter_map(|it| it.body.read::<Value>().unwrap()["extraCount"].as_u64()).sum()
    }
}
