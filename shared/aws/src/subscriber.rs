//! A view of another service's events, from a queue that subscribes to their topic, without access to their event
//! table.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    Ports, SystemHost,
    memory::MemoryStore,
    views::{Across, AcrossView, AnyView as _, Projector},
};
use dekigoto_dynamodb::{Client, DynamoViewStore};
use dekigoto_lambda::{Config, aws, project, start};
use dekigoto_messaging::SqsParking;
use lambda_runtime::{Error, run_concurrent, service_fn};

const SETTINGS: &[&str] = &["VIEW_TABLE", "DLQ_URL"];

/// Runs a function that updates the view `V` of another service's events, until Lambda stops it.
///
/// The view believes its messages, because it cannot read the publisher's event table: only the topic may send to its
/// queue. Only a view across aggregates can be built from messages alone. A [`SingleView`](dekigoto::views::SingleView) reads
/// missing events from the publisher's event table, which another service cannot access.
#[must_use]
pub fn subscriber<V: AcrossView>() -> ExitCode {
    start("subscriber", run::<V>)
}

async fn run<V: AcrossView>() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let aws = aws::sdk_config()?;
    let views = DynamoViewStore::new(Client::new(&aws), config.text("VIEW_TABLE"));
    let ports = Ports {
        store: Arc::new(MemoryStore::new()), // Not read by a view of another service.
        views: Arc::new(views),
        host: Arc::new(SystemHost),
    };
    let view = Across::<V>::of_another_service();
    let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), view.name()));
    let projector = Projector::of(Arc::new(view), ports, parking);
    run_concurrent(service_fn(move |event| project(projector.clone(), event))).await
}
