//! The HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, RowKey, SystemHost, ViewStore as _};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{Contract, Owner, Served, Service};
use dekigoto_lambda::{Config, aws, http, start, warm_up};
use lambda_runtime::Error;

/// Runs the api function until Lambda stops it. `O` identifies the owner of a resource. A token with the scope
/// `staff_scope` makes its bearer staff. The settings of requests are those of [`http::serve`].
#[must_use]
pub fn api<O: Owner>(
    service: fn() -> Service<Served<()>>,
    contract: &'static Contract,
    staff_scope: &'static str,
) -> ExitCode {
    start("api", || run::<O>(service, contract, staff_scope))
}

async fn run<O: Owner>(
    service: fn() -> Service<Served<()>>,
    contract: &'static Contract,
    staff_scope: &'static str,
) -> Result<(), Error> {
    let config = Config::from_env(&["EVENT_TABLE", "VIEW_TABLE", http::AUTH_MODE])?;
    let client = Client::new(&aws::sdk_config()?);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    let views = DynamoViewStore::new(client, config.text("VIEW_TABLE"));
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(SystemHost) };
    http::serve::<O, _>(config, &service(), contract, staff_scope, ports).await
}
