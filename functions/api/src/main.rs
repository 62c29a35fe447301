//! HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use api::{AuthMode, handle};
use dekigoto::{RowKey, ViewStore as _};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_lambda::{Config, aws, start, warm_up};
use lambda_runtime::{Error, run_concurrent, service_fn};
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
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let router = router(App::new(Arc::new(store), Arc::new(views), Arc::new(SystemHost)));
    run_concurrent(service_fn(move |event| handle(router.clone(), mode, event))).await
}
