//! The HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, RowKey, SystemHost, ViewStore as _, Zone};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{App, Contract, Owner, Routes, Service};
use dekigoto_lambda::{Config, aws, http::HttpApi, identity::Staff, start, warm_up};
use lambda_runtime::{Error, run_concurrent, service_fn};

const SETTINGS: &[&str] = &["EVENT_TABLE", "VIEW_TABLE", "AUTH_MODE"];

/// Runs the api function until Lambda stops it. `O` identifies the owner of a resource. A token with the scope
/// `staff_scope` makes its bearer staff; the settings `STAFF_CLAIM` and `STAFF_SCOPE` name another claim and value.
/// `BASE_PATH` is what the gateway puts in front of every path, and `TIME_ZONE` the business time zone, by default UTC.
#[must_use]
pub fn api<O: Owner>(
    service: fn() -> Service,
    contract: &'static Contract,
    staff_scope: &'static str,
) -> ExitCode {
    start("api", || run::<O>(service, contract, staff_scope))
}

async fn run<O: Owner>(
    service: fn() -> Service,
    contract: &'static Contract,
    staff_scope: &'static str,
) -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?
        .with_default("STAFF_CLAIM", "scope")
        .with_default("STAFF_SCOPE", staff_scope)
        .with_default("BASE_PATH", "")
        .with_default("TIME_ZONE", "UTC");
    let mode = config.parsed("AUTH_MODE")?;
    let zone = Zone::of_system(config.text("TIME_ZONE"))?;
    let client = Client::new(&aws::sdk_config()?);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(SystemHost) };
    let router = Routes::of(&service(), contract).router(App::new(ports).in_zone(zone));
    let staff = Staff::new(config.text("STAFF_CLAIM"), config.text("STAFF_SCOPE"));
    let api = HttpApi::<O>::new(router, mode, staff).behind(config.text("BASE_PATH"));
    run_concurrent(service_fn(move |event| api.clone().handle(event))).await
}
