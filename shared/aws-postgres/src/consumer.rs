//! A view or a policy: handles the records of the events' topic. The configuration names it.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    Named, Ports, RowKey, SystemHost, ViewStore as _,
    policies::{ProcessManager, Ticker},
    views::Projector,
};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, project, run_policy, start, warm_up};
use dekigoto_postgres::Postgres;
use lambda_runtime::{Error, run_concurrent, service_fn};

use crate::{
    connect::{database, settings},
    deadlines::AtOnce,
};

/// The setting that names the view or the policy.
const CONSUMER: &str = "CONSUMER";

/// The end of a policy's name, as [`dekigoto::MessageHandler::consumer`] writes it.
const POLICY: &str = "-policy";

/// Runs the view or the policy that the setting `CONSUMER` names, such as `order-summary` or `fulfilment-policy`, until Lambda
/// stops it.
/// `service` gets the named settings of the service.
#[must_use]
pub fn consumer(
    own: &'static [&'static str],
    service: fn(&Config) -> Result<Service<Unserved>, Error>,
) -> ExitCode {
    start("consumer", move || run(own, service))
}

async fn run(
    own: &'static [&'static str],
    service: fn(&Config) -> Result<Service<Unserved>, Error>,
) -> Result<(), Error> {
    let config = settings(&[own, &[CONSUMER]].concat())?;
    let (database, service) = (database(&config)?, service(&config)?);
    let views = database.views();
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports = Ports {
        store: Arc::new(database.events()),
        views: Arc::new(views),
        host: Arc::new(SystemHost),
    };
    let name = config.text(CONSUMER);
    if let Some(policy) = name.strip_suffix(POLICY) {
        return run_processes(&service, policy, ports, &database).await;
    }
    let view = service.view_named(name)?;
    let parking = Named::new(view.name(), Arc::new(database.parking()));
    let projector = Projector::of(view, ports, Arc::new(parking));
    run_concurrent(service_fn(move |event| project(projector.clone(), event))).await
}

async fn run_processes(
    service: &Service<Unserved>,
    name: &str,
    ports: Ports,
    database: &Postgres,
) -> Result<(), Error> {
    let policy = service.policy_named(name)?;
    let parking = Named::new(format!("{name}{POLICY}"), Arc::new(database.parking()));
    let (name, views, host) = (policy.name(), ports.views.clone(), ports.host.clone());
    let manager = ProcessManager::of(policy, ports, Arc::new(parking));
    let queue = Arc::new(AtOnce(manager.clone()));
    let ticker = Ticker { policy: name, views, queue, host };
    let handle = move |event| run_policy(manager.clone(), ticker.clone(), event);
    run_concurrent(service_fn(handle)).await
}
