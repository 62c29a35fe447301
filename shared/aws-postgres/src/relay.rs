//! The relay: publishes the outbox to two topics of Kafka.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    EventStore as _, KeptAnnouncements, Named, ReadFrom, StreamId, SystemHost,
    outbox::Order,
    relay::{Relay, SCHEMA_BASE},
};
use dekigoto_http::{Service, Unserved};
use dekigoto_kafka::KafkaBus;
use dekigoto_lambda::{drain, start, warm_up};
use lambda_runtime::{Error, run_concurrent, service_fn};

use crate::connect::{cluster, database, settings};

const SETTINGS: &[&str] = &["KAFKA_BROKERS", "EVENTS_TOPIC", "INTEGRATION_TOPIC", "EVENT_SOURCE"];

/// Runs the relay until Lambda stops it. The setting `EVENT_SOURCE` is the source of its integration events, and
/// `SCHEMA_BASE_URL`, which may be missing, the address under which their schemas are served.
#[must_use]
pub fn relay(service: fn() -> Service<Unserved<KeptAnnouncements>>) -> ExitCode {
    start("relay", || run(service))
}

async fn run(service: fn() -> Service<Unserved<KeptAnnouncements>>) -> Result<(), Error> {
    let config = settings(SETTINGS)?
        .with_default("KAFKA_AUTH", "iam")
        .with_default("SCHEMA_BASE_URL", SCHEMA_BASE);
    let (database, cluster) = (database(&config)?, cluster(&config)?);
    warm_up(database.events().read(&StreamId::new("WarmUp", "none")?, ReadFrom::Newest, 1)).await;
    let (source, schemas) = (config.text("EVENT_SOURCE"), config.text("SCHEMA_BASE_URL"));
    let outbox = Arc::new(database.outbox());
    let relay = Relay {
        topic: Arc::new(KafkaBus::new(&cluster, config.text("EVENTS_TOPIC"))),
        bus: Arc::new(KafkaBus::new(&cluster, config.text("INTEGRATION_TOPIC"))),
        retry: outbox.clone(),
        parking: Arc::new(Named::new("publisher", Arc::new(database.parking()))),
        store: Arc::new(database.events()),
        host: Arc::new(SystemHost),
        announcements: service().announcements().clone().renamed(source).schemas_at(schemas),
    };
    // A partition keeps the order of its records, so they must be sent in the order of their streams.
    let handle = move |event| drain(relay.clone(), outbox.clone(), Order::PerStream, event);
    run_concurrent(service_fn(handle)).await
}
