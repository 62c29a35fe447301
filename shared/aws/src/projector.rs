//! A projector: applies the messages of a queue to one view. The configuration names the view. With a rebuild queue in
//! place of a view, the function builds generations of all views.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    Ports, RowKey, SystemHost, ViewStore as _, generations::Rebuilder, views::Projector,
};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, aws, project, rebuild, start, warm_up};
use dekigoto_messaging::{SqsParking, SqsRebuildQueue};
use lambda_runtime::{Error, run_concurrent, service_fn};

/// The setting that names the view of a projector.
const VIEW: &str = "VIEW";

/// The setting that makes this the rebuild function.
const REBUILD_QUEUE_URL: &str = "REBUILD_QUEUE_URL";

const SETTINGS: &[&str] = &["EVENT_TABLE", "VIEW_TABLE", "DLQ_URL"];

/// Runs the projector of the view in the setting `VIEW`, until Lambda stops it. With the setting `REBUILD_QUEUE_URL` in
/// its place, rebuilds views: one binary does both, because the code is the same.
#[must_use]
pub fn projector(service: fn() -> Service<Unserved>) -> ExitCode {
    start("projector", || run(service))
}

async fn run(service: fn() -> Service<Unserved>) -> Result<(), Error> {
    let role = Config::from_env(&[])?.with_default(REBUILD_QUEUE_URL, "");
    let queue = role.text(REBUILD_QUEUE_URL);
    let own = if queue.is_empty() { VIEW } else { REBUILD_QUEUE_URL };
    let config = Config::from_env(&[SETTINGS, &[own]].concat())?;
    let service = service();
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = Arc::new(DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE")));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports = Ports { store: store.clone(), views: Arc::new(views), host: Arc::new(SystemHost) };
    if queue.is_empty() {
        let view = service.view_named(config.text(VIEW))?;
        let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), view.name()));
        let projector = Projector::of(view, ports, parking);
        return run_concurrent(service_fn(move |event| project(projector.clone(), event))).await;
    }
    let rebuilder = Rebuilder {
        views: service.views().to_vec(),
        history: store,
        ports,
        queue: Arc::new(SqsRebuildQueue::new(&aws, queue)),
        parking: Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), "rebuild")),
    };
    run_concurrent(service_fn(move |event| rebuild(rebuilder.clone(), event))).await
}
