//! DynamoDB stream (and retry queue) to SNS and EventBridge.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{EventStore as _, ReadFrom, StreamId};
use dekigoto_dynamodb::{Client, DynamoEventStore};
use dekigoto_lambda::{Config, aws, start, warm_up};
use dekigoto_messaging::{EventBridgeBus, SnsTopic, SqsParking, SqsRetryQueue};
use lambda_runtime::{Error, run_concurrent, service_fn};
use order_service::{Publishing, SystemHost};
use publisher::handle;

const SETTINGS: &[&str] =
    &["EVENT_TABLE", "TOPIC_ARN", "BUS_NAME", "EVENT_SOURCE", "RETRY_QUEUE_URL", "DLQ_URL"];

fn main() -> ExitCode {
    start("publisher", run)
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = DynamoEventStore::new(client, config.text("EVENT_TABLE"));
    warm_up(store.read(&StreamId::new("WarmUp", "none")?, ReadFrom::Newest, 1)).await;
    let publishing = Publishing {
        topic: Arc::new(SnsTopic::new(&aws, config.text("TOPIC_ARN"))),
        bus: Arc::new(EventBridgeBus::new(
            &aws,
            config.text("BUS_NAME"),
            config.text("EVENT_SOURCE"),
        )),
        retry: Arc::new(SqsRetryQueue::new(&aws, config.text("RETRY_QUEUE_URL"))),
        parking: Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), "publisher")),
        store: Arc::new(store),
        host: Arc::new(SystemHost),
        source: config.text("EVENT_SOURCE").to_owned(),
    };
    run_concurrent(service_fn(move |event| handle(publishing.clone(), event))).await
}
