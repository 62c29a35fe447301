//! One order through all functions, as AWS delivers it: one record a batch, which is the most that an order can cost.

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

/// All functions, and the commits that the stream has delivered.
#[derive(Default)]
pub(crate) struct Journey {
    pub(crate) world: Functions,
    delivered: BTreeSet<(String, u64)>,
    /// Requests to the API.
    pub(crate) requests: usize,
    /// What was invoked.
    pub(crate) invocations: Vec<String>,
    /// What the publisher sent to the topic and to the bus.
    pub(crate) sent: (Vec<Message>, Vec<Message>),
    /// Messages on the topic, on the bus, and in the queues of views and policies.
    pub(crate) messages: Messages,
}

/// How many messages there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Messages {
    pub(crate) topic: usize,
    pub(crate) bus: usize,
    pub(crate) queues: usize,
}

impl Journey {
    /// Places, pays, ships and delivers an order, and lets every function handle what follows from it.
    pub(crate) async fn of_one_order() -> Self {
        Self::of_one_order_on(Functions::default()).await
    }

    /// The same on other stores.
    pub(crate) async fn of_one_order_on(world: Functions) -> Self {
        let mut journey = Self { world, ..Self::default() };
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
        self.settle().await;
        answer
    }

    /// Publishes each new commit, and delivers its messages, until nothing is new.
    pub(crate) async fn settle(&mut self) {
        loop {
            let commits = self.world.stored_commits().await;
            let new = |it: &StoredCommit| !self.delivered.contains(&(it.pk.clone(), it.sk));
            let Some(commit) = commits.into_iter().find(new) else { return };
            self.delivered.insert((commit.pk.clone(), commit.sk));
            self.invocations.push("publisher".to_owned());
            let published = self.world.publisher(&stream_batch(&commit)).await;
            assert_eq!(published.answer, Ok(Vec::new()), "the publisher publishes {}", commit.pk);
            self.messages.topic += published.topic.len();
            self.messages.bus += published.bus.len();
            self.sent.0.extend(published.topic.iter().cloned());
            self.sent.1.extend(published.bus);
            for message in published.topic {
                self.deliver(&message).await;
            }
        }
    }

    /// Delivers a message to the views and the policies that subscribe to it.
    async fn deliver(&mut self, message: &Message) {
        let (service, batch) = (service(), queue_batch(&message.body));
        for view in service.views() {
            if service.events_for(&**view).contains(&message.kind.as_str()) {
                self.invocations.push(view.name().to_owned());
                self.messages.queues += 1;
                let failed = self.world.projector(view.name(), &batch).await;
                assert_eq!(failed, Ok(Vec::new()), "{} applies {}", view.name(), message.kind);
            }
        }
        for policy in service.policies() {
            if policy.events().contains(&message.kind.as_str()) {
                self.invocations.push(format!("{}-policy", policy.name()));
                self.messages.queues += 1;
                self.run_policy(policy.name(), &batch).await;
            }
        }
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

/// A batch of the event table's stream with one commit.
pub(crate) fn stream_batch(commit: &StoredCommit) -> Value {
    let stored = serde_json::to_value(commit).unwrap();
    let image: Value = stored
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let typed = match value {
                Value::Number(number) => json!({ "N": number.to_string() }),
                text => json!({ "S": text }),
            };
            (name.clone(), typed)
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut batch = sample("publisher-stream.json");
    let records = batch["Records"].as_array_mut().unwrap();
    records.truncate(1);
    records[0]["dynamodb"]["Keys"] = json!({"pk": image["pk"], "sk": image["sk"]});
    records[0]["dynamodb"]["NewImage"] = image;
    batch
}

/// A batch of a queue with one message.
pub(crate) fn queue_batch(body: &str) -> Value {
    let mut batch = sample("projector-raw.json");
    let records = batch["Records"].as_array_mut().unwrap();
    records.truncate(1);
    records[0]["body"] = json!(body);
    batch
}
