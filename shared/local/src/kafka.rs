//! The topics of one service on Kafka, and the consumers of its views and policies.

use std::{future::pending, time::Duration};

use dekigoto::{Attribute, Host as _, MessageHandler, SystemHost, batch::Report};
use dekigoto_kafka::{
    Cluster, KIND_HEADER, KafkaBus, KafkaConsumer, KafkaFailure, KafkaReader, LogRecord, Observer,
};

use crate::{Inbox, Received, show};

/// Partitions of each topic: as many processes share the work of a view.
const PARTITIONS: i32 = 3;

/// Time between two attempts to reach the cluster.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// How long the sample subscriber waits for records.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// The topics of a service.
#[derive(Clone)]
pub(crate) struct Topics {
    cluster: Cluster,
    service: String,
}

impl Topics {
    /// The topics of the service with this name. They are created beside: the outbox keeps messages until they exist.
    pub(crate) fn of(cluster: &Cluster, service: &str) -> Self {
        let topics = Self { cluster: cluster.clone(), service: service.to_owned() };
        tokio::spawn(topics.clone().create());
        topics
    }

    fn events(&self) -> String {
        format!("{}-events", self.service)
    }

    fn integration_events(&self) -> String {
        format!("{}-integration-events", self.service)
    }

    /// Receives domain events.
    pub(crate) fn topic(&self) -> KafkaBus {
        KafkaBus::new(&self.cluster, self.events())
    }

    /// Receives integration events.
    pub(crate) fn bus(&self) -> KafkaBus {
        KafkaBus::new(&self.cluster, self.integration_events())
    }

    /// Starts a consumer of the domain events, in a group of its own. A view and a policy may have the same name.
    pub(crate) fn consume(&self, handler: impl MessageHandler + 'static) {
        let group = format!("{}-{}", self.service, handler.consumer());
        let consumer = KafkaConsumer::new(&self.cluster, group, [self.events()]);
        tokio::spawn(async move { consumer.run(&handler, &Shown, pending()).await });
    }

    /// Starts the sample subscriber of both topics.
    pub(crate) fn watch(&self, inbox: Inbox) {
        let topics = self.clone();
        tokio::spawn(async move {
            let mut last_trouble = None;
            loop {
                // It reads from the beginning on again, after a failure too: its inbox is for people to look at.
                let cause = topics.read_into(&inbox).await;
                if last_trouble.as_ref() != Some(&cause) {
                    show::trouble("inbox", &cause);
                }
                last_trouble = Some(cause);
                SystemHost.sleep(RETRY_WAIT).await;
            }
        });
    }

    async fn read_into(&self, inbox: &Inbox) -> KafkaFailure {
        let (events, integration_events) = (self.events(), self.integration_events());
        let reader = match KafkaReader::open(&self.cluster, &[&events, &integration_events]).await {
            Ok(reader) => reader,
            Err(cause) => return cause,
        };
        inbox.clear();
        loop {
            match reader.next(LOOK_TIME).await {
                Ok(records) => {
                    for record in records {
                        let is_event = record.place.partition.topic == events;
                        inbox.keep(received(if is_event { "topic" } else { "bus" }, record));
                    }
                }
                Err(cause) => return cause,
            }
        }
    }

    async fn create(self) {
        for topic in [self.events(), self.integration_events()] {
            while let Err(cause) = self.cluster.create_topic(&topic, PARTITIONS).await {
                show::trouble("kafka", &cause);
                SystemHost.sleep(RETRY_WAIT).await;
            }
        }
    }
}

fn received(from: &'static str, record: LogRecord) -> Received {
    let attributes = record.headers.iter();
    Received {
        from,
        kind: record.headers.get(KIND_HEADER).cloned().unwrap_or_default(),
        attributes: attributes
            .map(|(name, value)| (name.clone(), Attribute::Text(value.clone())))
            .collect(),
        body: record.body,
        place: Some(record.place.to_string()),
    }
}

/// Shows what consumers do.
struct Shown;

impl Observer for Shown {
    fn handled(&self, handler: &str, report: &Report) {
        show::handled(handler, report);
    }

    fn trouble(&self, handler: &str, cause: &KafkaFailure) {
        show::trouble(handler, cause);
    }
}
