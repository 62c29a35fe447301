//! Orders through all functions, as AWS delivers what follows from them. By default it is one order and one record a batch,
//! which is the most that an order can cost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use dekigoto::{
    Message, StoredCommit,
    memory::MemoryDeadlineQueue,
    policies::{ProcessManager, Ticker},
};
use dekigoto_lambda::{http::AuthMode, run_policy};
use order_service::service;
use serde_json::{Value, json};

use crate::support::{Functions, sample};

/// The trace of the requests.
pub(crate) const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Records that an invocation gets at the most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batches {
    pub(crate) stream: usize,
    pub(crate) views: usize,
    pub(crate) policies: usize,
}

impl Default for Batches {
    fn default() -> Self {
        Self { stream: 1, views: 1, policies: 1 }
    }
}

/// Messages that a poller of Lambda receives, and deletes, by one request: the limit of SQS.
const MESSAGES_PER_REQUEST: usize = 10;

/// All functions, and the commits that the stream has delivered.
#[derive(Default)]
pub(crate) struct Journey {
    pub(crate) world: Functions,
    pub(crate) batches: Batches,
    /// Views and policies that the system does not have.
    pub(crate) left_out: &'static [&'static str],
    delivered: BTreeSet<(String, u64)>,
    /// Requests to the API.
    pub(crate) requests: usize,
    /// What was invoked.
    pub(crate) invocations: Vec<String>,
    /// What the publisher sent to the topic and to the bus.
    pub(crate) sent: (Vec<Message>, Vec<Message>),
    /// Messages on the topic, on the bus, and in the queues of views and policies.
    pub(crate) messages: Messages,
    /// Requests of queues: each message is sent by itself, and received and deleted with the others of its batch.
    pub(crate) queue_requests: usize,
}

/// How many messages there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Messages {
    pub(crate) topic: usize,
    /// Calls that sent those of the topic, ten at the most by each.
    pub(crate) topic_calls: usize,
    pub(crate) bus: usize,
    pub(crate) queues: usize,
}

impl Journey {
    /// Nothing has happened on these stores.
    pub(crate) fn on(world: Functions) -> Self {
        Self { world, ..Self::default() }
    }

    /// Places, pays, ships and delivers an order, and lets every function handle what follows from it.
    pub(crate) async fn of_one_order() -> Self {
        let mut journey = Self::default();
        let body = json!({"customerId": "c-42", "currency": "JPY",
                          "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]});
        let placed = journey.command("/v1/orders".to_owned(), &body, 201).await;
        let order = format!("/v1/orders/{}", placed["orderId"].as_str().unwrap());
        let body =
            json!({"reference": "r-1", "amount": 3000, "currency": "JPY", "outcome": "captured"});
        journey.command(format!("{order}/payments"), &body, 201).await;
        let body = json!({"carrier": "DHL", "trackingNumber": "00340434161094042557"});
        journey.command(format!("{order}/ship"), &body, 200).await;
        journey.command(format!("{order}/deliver"), &json!({}), 200).await;
        journey
    }

    /// Sends a command, and delivers what follows from it.
    pub(crate) async fn command(&mut self, path: String, body: &Value, expected: u16) -> Value {
        let answer = self.send(path, body, expected).await;
        self.settle().await;
        answer
    }

    /// Sends a command. Nothing is delivered yet.
    pub(crate) async fn send(&mut self, path: String, body: &Value, expected: u16) -> Value {
        self.requests += 1;
        let mut event = sample("api-place-order.json");
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        event["headers"]["idempotency-key"] = json!(format!("journey-{}", self.requests));
        event["headers"]["traceparent"] = json!(TRACEPARENT);
        event["body"] = json!(body.to_string());
        self.invocations.push("api".to_owned());
        let (status, answer) = self.world.api(AuthMode::Iam, &event).await;
        assert_eq!(status, expected, "{path}: {answer}");
        answer
    }

    /// Publishes the new commits, batch by batch, and delivers their messages, until nothing is new.
    pub(crate) async fn settle(&mut self) {
        loop {
            let commits = self.world.stored_commits().await;
            let new = |it: &StoredCommit| !self.delivered.contains(&(it.pk.clone(), it.sk));
            let batch: Vec<_> = commits.into_iter().filter(new).take(self.batches.stream).collect();
            if batch.is_empty() {
                return;
            }
            self.delivered.extend(batch.iter().map(|it| (it.pk.clone(), it.sk)));
            self.invocations.push("publisher".to_owned());
            let published = self.world.publisher(&stream_batch(&batch)).await;
            assert_eq!(published.answer, Ok(Vec::new()), "the publisher publishes {batch:?}");
            self.messages.topic += published.topic.len();
            self.messages.topic_calls += published.topic_calls;
            self.messages.bus += published.bus.len();
            self.sent.0.extend(published.topic.iter().cloned());
            self.sent.1.extend(published.bus);
            self.deliver(&published.topic).await;
        }
    }

    /// Delivers messages to the views and the policies that subscribe to them.
    async fn deliver(&mut self, messages: &[Message]) {
        let (service, left_out) = (service(), self.left_out);
        for view in service.views().iter().filter(|it| !left_out.contains(&it.name())) {
            let bodies = bodies_of(messages, &service.events_for(&**view));
            for batch in bodies.chunks(self.batches.views) {
                self.received(view.name().to_owned(), batch);
                let failed = self.world.projector(view.name(), &queue_batch(batch)).await;
                assert_eq!(failed, Ok(Vec::new()), "{} applies {batch:?}", view.name());
            }
        }
        for policy in service.policies().iter().filter(|it| !left_out.contains(&it.name())) {
            let bodies = bodies_of(messages, policy.events());
            for batch in bodies.chunks(self.batches.policies) {
                self.received(format!("{}-policy", policy.name()), batch);
                self.run_policy(policy.name(), &queue_batch(batch)).await;
            }
        }
    }

    fn received(&mut self, function: String, batch: &[&str]) {
        self.invocations.push(function);
        self.messages.queues += batch.len();
        self.queue_requests += batch.len() + 2 * batch.len().div_ceil(MESSAGES_PER_REQUEST);
    }

    async fn run_policy(&self, name: &'static str, batch: &Value) {
        let ports = self.world.ports();
        let ticker = Ticker {
            policy: name,
            views: ports.views.clone(),
            queue: Arc::new(MemoryDeadlineQueue::default()),
            host: ports.host.clone(),
        };
        let policy = service().policy_named(name).unwrap();
        let manager = ProcessManager::of(policy, ports, Arc::new(self.world.parking.clone()));
        let invocation = self.world.invocation(Duration::from_secs(30), batch);
        let answer = serde_json::to_value(run_policy(manager, ticker, invocation).await.unwrap());
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }), "{name}");
    }
}

/// The bodies of the messages of these kinds.
fn bodies_of<'a>(messages: &'a [Message], kinds: &[&str]) -> Vec<&'a str> {
    let wanted = messages.iter().filter(|message| kinds.contains(&message.kind.as_str()));
    wanted.map(|message| message.body.as_str()).collect()
}

/// A batch of the event table's stream with these commits.
pub(crate) fn stream_batch(commits: &[StoredCommit]) -> Value {
    let mut batch = sample("publisher-stream.json");
    let first = batch["Records"][0].clone();
    let records = commits.iter().enumerate().map(|(place, commit)| {
        let (mut record, image) = (first.clone(), image_of(commit));
        record["dynamodb"]["SequenceNumber"] = json!(format!("44215845000000000174504{place:05}"));
        record["dynamodb"]["Keys"] = json!({"pk": image["pk"], "sk": image["sk"]});
        record["dynamodb"]["NewImage"] = image;
        record
    });
    batch["Records"] = records.collect();
    batch
}

/// A commit as an item of DynamoDB.
fn image_of(commit: &StoredCommit) -> Value {
    let stored = serde_json::to_value(commit).unwrap();
    let attributes = stored.as_object().unwrap().iter().map(|(name, value)| {
        let typed = match value {
            Value::Number(number) => json!({ "N": number.to_string() }),
            text => json!({ "S": text }),
        };
        (name.clone(), typed)
    });
    attributes.collect::<serde_json::Map<_, _>>().into()
}

/// A batch of a queue with these messages.
pub(crate) fn queue_batch(bodies: &[&str]) -> Value {
    let mut batch = sample("projector-raw.json");
    let first = batch["Records"][0].clone();
    let records = bodies.iter().enumerate().map(|(place, body)| {
        let mut record = first.clone();
        record["messageId"] = json!(format!("059f36b4-87a3-44ab-83d2-6619758{place:05}"));
        record["body"] = json!(body);
        record
    });
    batch["Records"] = records.collect();
    batch
}
