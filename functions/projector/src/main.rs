//! SQS to one read model. Which one is configuration.

use std::{process::ExitCode, sync::Arc};

use dekigoto::project::Projector;
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_lambda::{Config, aws, start};
use dekigoto_messaging::SqsParking;
use lambda_runtime::{Error, run_concurrent, service_fn};
use order_service::{Projecting, SystemHost, View};
use projector::handle;

const SETTINGS: &[&str] = &["VIEW", "EVENT_TABLE", "VIEW_TABLE", "DLQ_URL"];

fn main() -> ExitCode {
    start("projector", run)
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let view: View = config.parsed("VIEW")?;
    let aws = aws::sdk_config().await?;
    let client = Client::new(&aws);
    let projecting = Projecting {
        view,
        projector: Projector {
            store: Arc::new(DynamoEventStore::new(
                client.clone(),
                config.text("EVENT_TABLE"),
            )),
            views: Arc::new(DynamoViewStore::new(
                client.clone(),
                config.text("VIEW_TABLE"),
            )),
            host: Arc::new(SystemHost),
        },
        parking: Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), view.name())),
    };
    run_concurrent(service_fn(move |event| handle(projecting.clone(), event))).await
}
