//! What the stacks deploy, here: a database with the users of `infra/stacks/users.sql`, two topics, and the functions.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dekigoto_kafka::{Cluster, KafkaReader, LogRecord};
use dekigoto_postgres::Postgres;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::runtime::Function;

const USERS: &str = include_str!("../../../../infra/stacks/users.sql");

/// Time to wait for records that should be there.
const RECORDS_WITHIN: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "the environment names the servers")]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} names a server: make platforms starts one"))
}

/// A deployment of its own.
pub(crate) struct Stack {
    /// The server's URL with this database.
    url: String,
    brokers: String,
    events: String,
    integration_events: String,
}

impl Stack {
    /// Does what an operator does: creates, migrates, and adds the users.
    pub(crate) async fn deploy() -> Self {
        let (server, brokers) = (variable("DATABASE_URL"), variable("KAFKA_BROKERS"));
        let name = format!("t{}", std::process::id());
        let (_, url) = (execute(&server, &format!("create database {name}")).await, &server);
        let url = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Postgres::new(&url, None).unwrap().migrate().await.unwrap();
        // RDS has this role.
        let rds =
            "do $$ begin create role rds_iam; exception when duplicate_object then null; end $$";
        execute(&url, rds).await;
        execute(&url, USERS).await;
        let (events, integration_events) = (format!("{name}-events"), format!("{name}-bus"));
        for topic in [&events, &integration_events] {
            Cluster::new(&*brokers).create_topic(topic, 2).await.unwrap();
        }
        Self { url, brokers, events, integration_events }
    }

    /// Starts a function of the stacks.
    pub(crate) async fn function(
        &self,
        binary: &str,
        user: &str,
        own: &[(&str, &str)],
    ) -> Function {
        let (_, place) = self.url.split_once('@').unwrap();
        let url = format!("postgres://{user}@{place}");
        let settings =
            [("DATABASE_URL", &*url), ("PAYMENT_SECONDS", "1800"), ("CONFIRMATION", "automatic")];
        Function::start(binary, &[&settings, own].concat()).await
    }

    pub(crate) async fn relay(&self) -> Function {
        let own = [
            ("KAFKA_BROKERS", &*self.brokers),
            ("KAFKA_AUTH", "none"),
            ("EVENTS_TOPIC", &self.events),
            ("INTEGRATION_TOPIC", &self.integration_events),
            ("EVENT_SOURCE", "dekigoto.orders"),
        ];
        self.function(env!("CARGO_BIN_EXE_relay"), "orders_relay", &own).await
    }

    pub(crate) async fn view(&self, name: &str) -> Function {
        self.function(env!("CARGO_BIN_EXE_consumer"), "orders_projector", &[("CONSUMER", name)])
            .await
    }

    /// All records of the events' topic, as the event source mapping delivers them. Waits until there are so many.
    pub(crate) async fn event(&self, at_least: usize) -> Value {
        let reader =
            KafkaReader::open(&Cluster::new(&*self.brokers), &[&self.events]).await.unwrap();
        let mut records: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        loop {
            let next = reader.next(RECORDS_WITHIN).await.unwrap();
            if next.is_empty() && records.values().flatten().count() >= at_least {
                return json!({ "eventSource": "aws:kafka", "records": records });
            }
            for record in next {
                let partition = record.place.partition.to_string();
                records.entry(partition).or_default().push(delivered(&record));
            }
        }
    }
}

/// As Lambda delivers a record.
fn delivered(record: &LogRecord) -> Value {
    json!({
        "topic": record.place.partition.topic, "partition": record.place.partition.number, "offset": record.place.offset,
        "key": BASE64_STANDARD.encode(&record.key), "value": BASE64_STANDARD.encode(&record.body)
    })
}

async fn execute(url: &str, statements: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let running = tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap();
    drop(client);
    running.await.unwrap().unwrap();
}
