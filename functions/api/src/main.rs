//! The HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, RowKey, SystemHost, ViewStore as _};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{App, Routes};
use dekigoto_lambda::{Config, aws, http::HttpApi, start, warm_up};
use lambda_runtime::{Error, run_concurrent, service_fn};
use order_service::{CONTRACT, STAFF_SCOPE, service};
use orders::CustomerId;

const SETTINGS: &[&str] = &["EVENT_TABLE", "VIEW_TABLE", "AUTH_MODE"];

fn main() -> ExitCode {
    start("api", run)
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let client = Client::new(&aws::sdk_config()?);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(SystemHost) };
    let router = Routes::of(&service(), &CONTRACT).router(App::new(ports));
    let api = HttpApi::<CustomerId>::new(router, config.parsed("AUTH_MODE")?, STAFF_SCOPE);
    run_concurrent(service_fn(move |event| api.clone().handle(event))).await
}
