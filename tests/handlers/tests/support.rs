//! All functions on memory adapters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dekigoto::{
    Bus, EventStore, Host as _, Message, Ports, Refused, Source, StoredCommit, ViewStore,
    memory::InMemoryEventBus, replay::ReplaySource, views::Projector,
};
use dekigoto_http::{App, Routes};
use dekigoto_lambda::{
    http::{AuthMode, HttpApi},
    identity::Staff,
    project, relay, relay_or_republish, stream,
};
use dekigoto_testkit::World;
use http::Response;
use lambda_runtime::{Context, LambdaEvent};
use order_service::{CONTRACT, STAFF_SCOPE, service};
use orders::CustomerId;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

/// The order of the sample events.
pub(crate) const ORDER: &str = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";

/// The service's views.
pub(crate) const VIEWS: [&str; 3] = [ORDER_SUMMARY, "customer-summary", "daily-sales"];
pub(crate) const ORDER_SUMMARY: &str = "order-summary";

/// A sample event of `tests/events`.
pub(crate) fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{path}: {cause}"));
    serde_json::from_str(&text).unwrap()
}

/// All functions on the same stores.
pub(crate) struct Functions {
    world: World,
    ports: Ports,
    source: Arc<dyn ReplaySource>,
}

impl Default for Functions {
    fn default() -> Self {
        let world = World::default();
        Self { ports: world.ports(), source: Arc::new(world.store.clone()), world }
    }
}

impl std::ops::Deref for Functions {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// The effects of one publisher invocation.
pub(crate) struct Published {
    pub(crate) answer: Result<Vec<String>, String>,
    pub(crate) topic: Vec<Message>,
    /// Calls that sent the messages of the topic.
    pub(crate) topic_calls: usize,
    pub(crate) bus: Vec<Message>,
}

/// A bus that counts the calls.
struct Called(InMemoryEventBus, Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Bus for Called {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.send(batch).await
    }
}

impl Functions {
    /// The functions on other stores than those in memory. `source` reads the events for the test.
    pub(crate) fn on(
        store: Arc<dyn EventStore>,
        views: Arc<dyn ViewStore>,
        source: Arc<dyn ReplaySource>,
    ) -> Self {
        let world = World::default();
        Self { ports: Ports { store, views, ..world.ports() }, source, world }
    }

    /// Every commit, stream by stream.
    pub(crate) async fn stored_commits(&self) -> Vec<StoredCommit> {
        let (mut commits, mut next) = (Vec::new(), None);
        loop {
            let page = self.source.scan(0, 1, next.as_ref(), 1000).await.unwrap();
            commits.extend(page.commits.iter().map(StoredCommit::from));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        commits.sort_by_key(|it| (it.pk.clone(), it.sk));
        commits
    }

    pub(crate) fn ports(&self) -> Ports {
        self.ports.clone()
    }

    /// The functions, with the commits of the sample stream record in the store.
    pub(crate) fn with_history() -> Self {
        let world = Self::default();
        for record in sample("publisher-stream.json")["Records"].as_array().unwrap() {
            let commit = stream::commit(&record.to_string()).unwrap();
            world.store.put_raw(StoredCommit::from(&commit));
        }
        world
    }

    /// Sends one HTTP request through the api function.
    pub(crate) async fn api(&self, mode: AuthMode, event: &Value) -> (u16, Value) {
        let response = self.api_response(mode, event).await;
        let body = serde_json::from_str(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), body)
    }

    pub(crate) async fn api_response(&self, mode: AuthMode, event: &Value) -> Response<String> {
        let said = self.invoke(mode, event).await.unwrap();
        assert_eq!(said["isBase64Encoded"], false, "our own answers are text");
        let mut response = Response::builder()
            .status(u16::try_from(said["statusCode"].as_u64().unwrap()).unwrap());
        for (name, value) in said["headers"].as_object().unwrap() {
            response = response.header(name, value.as_str().unwrap());
        }
        response.body(said["body"].as_str().unwrap().to_owned()).unwrap()
    }

    /// Invokes the api function: its result for Lambda, or its error.
    pub(crate) async fn invoke(&self, mode: AuthMode, event: &Value) -> Result<Value, String> {
        self.invoke_api(mode, Staff::new("scope", STAFF_SCOPE), "", event).await
    }

    /// Invokes the api function with these settings.
    pub(crate) async fn invoke_api(
        &self,
        mode: AuthMode,
        staff: Staff,
        base_path: &str,
        event: &Value,
    ) -> Result<Value, String> {
        let router = Routes::of(&service(), &CONTRACT).router(App::new(self.ports()));
        let api = HttpApi::<CustomerId>::new(router, mode, staff).behind(base_path);
        let said = api.handle(self.invocation(Duration::from_secs(15), event)).await;
        said.map(|said| serde_json::to_value(said).unwrap()).map_err(|cause| cause.to_string())
    }

    /// Sends one batch through the publisher function.
    pub(crate) async fn publisher(&self, event: &Value) -> Published {
        let (topic, bus) = (InMemoryEventBus::new(), InMemoryEventBus::new());
        let (topic_inbox, handler) = InMemoryEventBus::inbox();
        topic.subscribe(None, handler);
        let (bus_inbox, handler) = InMemoryEventBus::inbox();
        bus.subscribe(None, handler);
        let service = service();
        let calls = Arc::new(AtomicUsize::new(0));
        let topic = Arc::new(Called(topic, calls.clone()));
        let mut publisher = self.relay(service.announcements(), topic, Arc::new(bus));
        publisher.store = self.ports.store.clone();
        let answer = relay(publisher, self.invocation(Duration::from_secs(30), event)).await;
        let answer = answer.map(|said| failed(&said)).map_err(|cause| cause.to_string());
        let (topic, bus) = (topic_inbox.lock().unwrap().clone(), bus_inbox.lock().unwrap().clone());
        Published { answer, topic, topic_calls: calls.load(Ordering::Relaxed), bus }
    }

    /// Invokes the publisher function as an operator does, and returns its answer.
    pub(crate) async fn republish(&self, event: &Value) -> Value {
        let bus = Arc::new(InMemoryEventBus::new());
        let publisher = self.relay(service().announcements(), bus.clone(), bus);
        let history = Arc::new(self.store.clone());
        let invocation = self.invocation(Duration::from_secs(60), event);
        let said = relay_or_republish(publisher, history, invocation).await.unwrap();
        serde_json::to_value(said).unwrap()
    }

    /// Sends one batch through a publisher whose store does not answer, and returns the ids of the failed messages.
    pub(crate) async fn publisher_without_store(
        &self,
        event: &Value,
    ) -> Result<Vec<String>, String> {
        let service = service();
        let bus = Arc::new(InMemoryEventBus::new());
        let mut publisher = self.relay(service.announcements(), bus.clone(), bus);
        publisher.store = Arc::new(dekigoto_testkit::Down);
        let answer = relay(publisher, self.invocation(Duration::from_secs(30), event)).await;
        answer.map(|said| failed(&said)).map_err(|cause| cause.to_string())
    }

    /// Sends one batch through the projector function, and returns the ids of the failed messages.
    pub(crate) async fn projector(&self, view: &str, event: &Value) -> Result<Vec<String>, String> {
        self.projector_within(Duration::from_secs(30), view, event).await
    }

    /// As [`projector`](Self::projector), with that much time left in the invocation.
    pub(crate) async fn projector_within(
        &self,
        time: Duration,
        view: &str,
        event: &Value,
    ) -> Result<Vec<String>, String> {
        let answer = project(self.projecting(view), self.invocation(time, event)).await;
        answer.map(|said| failed(&said)).map_err(|cause| cause.to_string())
    }

    /// Sends one batch through the projector function, and returns its answer.
    pub(crate) async fn projector_answer(
        &self,
        view: &str,
        event: &Value,
    ) -> Result<Value, String> {
        let invocation = self.invocation(Duration::from_secs(30), event);
        let answer = project(self.projecting(view), invocation).await;
        answer.map(|said| serde_json::to_value(said).unwrap()).map_err(|cause| cause.to_string())
    }

    fn projecting(&self, view: &str) -> Projector {
        let view = service().view_named(view).unwrap();
        Projector::of(view, self.ports(), Arc::new(self.parking.clone()))
    }

    pub(crate) fn invocation(&self, time: Duration, event: &Value) -> LambdaEvent<Box<RawValue>> {
        let mut context = Context::default();
        let end = u128::try_from(self.host.now().as_millis()).unwrap() + time.as_millis();
        context.deadline = u64::try_from(end).unwrap();
        LambdaEvent::new(to_raw_value(event).unwrap(), context)
    }

    /// The sample order, read from its view through the API.
    pub(crate) async fn shown(&self) -> Value {
        let mut event = sample("api-get-order.json");
        event["rawQueryString"] = json!("");
        event["queryStringParameters"] = Value::Null;
        let response = self.api_response(AuthMode::Iam, &event).await;
        let is_view = response.headers().get("served-from").is_some_and(|from| from == "view");
        if is_view { serde_json::from_str(response.body()).unwrap() } else { Value::Null }
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        self.host.sleep(time).await;
    }
}

fn failed(said: &impl serde::Serialize) -> Vec<String> {
    let said = serde_json::to_value(said).unwrap();
    let failures = said["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|it| it["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}
