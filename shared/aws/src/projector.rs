//! A projector: applies the messages of a queue to one view. The configuration names the view. With a rebuild queue in
//! place of a view, the function builds generations of all views, and looks for commits whose stream record was lost.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    KeptViews, Ports, RowKey, SystemHost, ViewStore as _,
    generations::Rebuilder,
    sweep::{SWEEP_GRACE, Sweeper},
    views::Projector,
};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, aws, project, rebuild, start, warm_up};
use dekigoto_messaging::{SqsParking, SqsRebuildQueue, SqsRetryQueue};
use lambda_runtime::{Error, run_concurrent, service_fn};

/// The setting that names the view of a projector.
const VIEW: &str = "VIEW";

/// The setting that makes this the rebuild function.
const REBUILD_QUEUE_URL: &str = "REBUILD_QUEUE_URL";

/// The setting of the rebuild function that names the publisher's retry queue, for the sweeper.
const RETRY_QUEUE_URL: &str = "RETRY_QUEUE_URL";

const SETTINGS: &[&str] = &["EVENT_TABLE", "VIEW_TABLE", "DLQ_URL"];

/// Runs the projector of the view in the setting `VIEW`, until Lambda stops it. With the setting `REBUILD_QUEUE_URL` in
/// its place, rebuilds views and sweeps: one binary does both, because the code is the same.
#[must_use]
pub fn projector(service: fn() -> Service<Unserved<KeptViews>>) -> ExitCode {
    start("projector", || run(service))
}

async fn run(service: fn() -> Service<Unserved<KeptViews>>) -> Result<(), Error> {
    let role = Config::from_env(&[])?.with_default(REBUILD_QUEUE_URL, "");
    let queue = role.text(REBUILD_QUEUE_URL);
    let own: &[_] = if queue.is_empty() { &[VIEW] } else { &[REBUILD_QUEUE_URL, RETRY_QUEUE_URL] };
    let config = Config::from_env(&[SETTINGS, own].concat())?;
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
    let queue = Arc::new(SqsRebuildQueue::new(&aws, queue));
    let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), "rebuild"));
    let sweeper = Sweeper {
        views: service.views().to_vec(),
        history: store.clone(),
        ports: ports.clone(),
        retry: Arc::new(SqsRetryQueue::new(&aws, config.text(RETRY_QUEUE_URL))),
        queue: queue.clone(),
        parking: parking.clone(),
        grace: SWEEP_GRACE,
    };
    let views = service.views().to_vec();
    let rebuilder = Rebuilder { views, history: store, ports, queue, parking };
    run_concurrent(service_fn(move |event| rebuild(rebuilder.clone(), sweeper.clone(), event)))
        .await
}
