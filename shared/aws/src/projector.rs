//! A projector: applies the messages of a queue to one view. The configuration names the view.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, RowKey, SystemHost, ViewStore as _, views::Projector};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, aws, project, start, warm_up};
use dekigoto_messaging::SqsParking;
use lambda_runtime::{Error, run_concurrent, service_fn};

const SETTINGS: &[&str] = &["VIEW", "EVENT_TABLE", "VIEW_TABLE", "DLQ_URL"];

/// Runs the projector of the view in the setting `VIEW`, until Lambda stops it.
#[must_use]
pub fn projector(service: fn() -> Service<Unserved>) -> ExitCode {
    start("projector", || run(service))
}

async fn run(service: fn() -> Service<Unserved>) -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let view = service().view_named(config.text("VIEW"))?;
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(SystemHost) };
    let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), view.name()));
    let projector = Projector::of(view, ports, parking);
    run_concurrent(service_fn(move |event| project(projector.clone(), event))).await
}
