//! Every function of the service; `ROLE` says which: api, publisher, or the name of a view.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{Ports, SystemHost, relay::Relay, views::Projector};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{App, Routes};
use dekigoto_lambda::{Config, aws, http::HttpApi, project, relay, start};
use dekigoto_messaging::{EventBridgeBus, SnsTopic, SqsParking, SqsRetryQueue};
use lambda_runtime::{Error, run_concurrent, service_fn};
use __snake__::{CONTRACT, service};

const SETTINGS: &[&str] = &["ROLE", "EVENT_TABLE", "VIEW_TABLE", "TOPIC_ARN", "BUS_NAME", "RETRY_URL", "DLQ_URL"];

fn main() -> ExitCode {
    start("function", run)
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env(SETTINGS)?;
    let (aws, role, service) = (aws::sdk_config()?, config.text("ROLE"), service());
    let client = Client::new(&aws);
    let ports = Ports {
        store: Arc::new(DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"))),
        views: Arc::new(DynamoViewStore::new(client, config.text("VIEW_TABLE"))),
        host: Arc::new(SystemHost),
    };
    let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), role));
    match role {
        "api" => {
            let router = Routes::of(&service, &CONTRACT).router(App::new(ports));
            let api = HttpApi::<String>::new(router, "iam".parse()?, "__name__:staff");
            run_concurrent(service_fn(move |event| api.clone().handle(event))).await
        }
        "publisher" => {
            let source = service.announcements().source().to_owned();
            let publisher = Relay {
                topic: Arc::new(SnsTopic::new(&aws, config.text("TOPIC_ARN"))),
                bus: Arc::new(EventBridgeBus::new(&aws, config.text("BUS_NAME"), &source)),
                retry: Arc::new(SqsRetryQueue::new(&aws, config.text("RETRY_URL"))),
                parking,
                store: ports.store,
                host: ports.host,
                announcements: service.announcements().clone(),
            };
            run_concurrent(service_fn(move |event| relay(publisher.clone(), event))).await
        }
        view => {
            let projector = Projector::of(service.view_named(view)?, ports, parking);
            run_concurrent(service_fn(move |event| project(projector.clone(), event))).await
        }
    }
}
