//! The HTTP API: commands and queries.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, RowKey, SystemHost, ViewStore as _};
use dekigoto_http::{Contract, Owner, Served, Service};
use dekigoto_lambda::{http, start, warm_up};
use lambda_runtime::Error;

use crate::connect::{database, settings};

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
    let config = settings(&[http::AUTH_MODE])?;
    let database = database(&config)?;
    let views = database.views();
    warm_up(views.read(&[RowKey::new("warm-up", "none")])).await;
    let ports = Ports {
        store: Arc::new(database.events()),
        views: Arc::new(views),
        host: Arc::new(SystemHost),
    };
    http::serve::<O, _>(config, &service(), contract, staff_scope, ports).await
}
