//! HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use api::{AuthMode, handle};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_lambda::{Config, aws, start};
use lambda_http::{Error, run_concurrent, service_fn};
use order_service::{
    SystemHost,
    http::{App, router},
};

const SETTINGS: &[&str] = &["EVENT_TABLE", "VIEW_TABLE", "AUTH_MODE"];

fn main() -> ExitCode {
    start("api", run)
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let mode: AuthMode = config.parsed("AUTH_MODE")?;
    let aws = aws::sdk_config().await?;
    let client = Client::new(&aws);
    let router = router(App::new(
        Arc::new(DynamoEventStore::new(
            client.clone(),
            config.text("EVENT_TABLE"),
        )),
        Arc::new(DynamoViewStore::new(
            client.clone(),
            config.text("VIEW_TABLE"),
        )),
        Arc::new(SystemHost),
    ));
    run_concurrent(service_fn(move |request| {
        handle(router.clone(), mode, request)
    }))
    .await
}
