//! The relay: publishes commits from the stream of the event table and from its retry queue to SNS and EventBridge. An
//! operator can ask it to publish a time window again.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    EventStore as _, KeptAnnouncements, ReadFrom, StreamId, SystemHost,
    relay::{Relay, SCHEMA_BASE},
};
use dekigoto_dynamodb::{Client, DynamoEventStore};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, aws, relay_or_republish, start, warm_up};
use dekigoto_messaging::{EventBridgeBus, SnsTopic, SqsParking, SqsRetryQueue};
use lambda_runtime::{Error, run_concurrent, service_fn};

const SETTINGS: &[&str] =
    &["EVENT_TABLE", "TOPIC_ARN", "BUS_NAME", "EVENT_SOURCE", "RETRY_QUEUE_URL", "DLQ_URL"];

/// Runs the publisher until Lambda stops it. The setting `EVENT_SOURCE` is the source of its integration events, and
/// `SCHEMA_BASE_URL`, which may be missing, the address under which their schemas are served.
#[must_use]
pub fn publisher(service: fn() -> Service<Unserved<KeptAnnouncements>>) -> ExitCode {
    start("publisher", || run(service))
}

async fn run(service: fn() -> Service<Unserved<KeptAnnouncements>>) -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?.with_default("SCHEMA_BASE_URL", SCHEMA_BASE);
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = Arc::new(DynamoEventStore::new(client, config.text("EVENT_TABLE")));
    warm_up(store.read(&StreamId::new("WarmUp", "none")?, ReadFrom::Newest, 1)).await;
    let (source, schemas) = (config.text("EVENT_SOURCE"), config.text("SCHEMA_BASE_URL"));
    let publisher = Relay {
        topic: Arc::new(SnsTopic::new(&aws, config.text("TOPIC_ARN"))),
        bus: Arc::new(EventBridgeBus::new(&aws, config.text("BUS_NAME"), source)),
        retry: Arc::new(SqsRetryQueue::new(&aws, config.text("RETRY_QUEUE_URL"))),
        parking: Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), "publisher")),
        store: store.clone(),
        host: Arc::new(SystemHost),
        announcements: service().announcements().clone().renamed(source).schemas_at(schemas),
    };
    let handle = move |event| relay_or_republish(publisher.clone(), store.clone(), event);
    run_concurrent(service_fn(handle)).await
}
