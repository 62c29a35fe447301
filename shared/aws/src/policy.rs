//! A policy: handles the messages of its queue, and feeds its deadlines. The configuration names the policy.

use std::{process::ExitCode, sync::Arc};

use dekigoto::{
    EventStore as _, KeptPolicies, Ports, ReadFrom, StreamId, SystemHost,
    policies::{ProcessManager, Ticker},
};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_http::{Service, Unserved};
use dekigoto_lambda::{Config, aws, run_policy, start, warm_up};
use dekigoto_messaging::{SqsDeadlineQueue, SqsParking};
use lambda_runtime::{Error, run_concurrent, service_fn};

const SETTINGS: &[&str] = &["POLICY", "EVENT_TABLE", "VIEW_TABLE", "QUEUE_URL", "DLQ_URL"];

/// Runs the policy in the setting `POLICY`, until Lambda stops it. `service` gets the named settings of the service.
#[must_use]
pub fn policy(
    settings: &'static [&'static str],
    service: fn(&Config) -> Result<Service<Unserved<KeptPolicies>>, Error>,
) -> ExitCode {
    start("policy", move || run(settings, service))
}

async fn run(
    settings: &'static [&'static str],
    service: fn(&Config) -> Result<Service<Unserved<KeptPolicies>>, Error>,
) -> Result<(), Error> {
    let config = Config::from_env(&[SETTINGS, settings].concat())?;
    let policy = service(&config)?.policy_named(config.text("POLICY"))?;
    let aws = aws::sdk_config()?;
    let client = Client::new(&aws);
    let store = DynamoEventStore::new(client.clone(), config.text("EVENT_TABLE"));
    warm_up(store.read(&StreamId::new("WarmUp", "none")?, ReadFrom::Newest, 1)).await;
    let views = Arc::new(DynamoViewStore::new(client, config.text("VIEW_TABLE")));
    let host = Arc::new(SystemHost);
    let parking = Arc::new(SqsParking::new(&aws, config.text("DLQ_URL"), policy.name()));
    let queue = Arc::new(SqsDeadlineQueue::new(&aws, config.text("QUEUE_URL")));
    let ticker = Ticker { policy: policy.name(), views: views.clone(), queue, host: host.clone() };
    let ports = Ports { store: Arc::new(store), views, host };
    let manager = ProcessManager::of(policy, ports, parking);
    let handle = move |event| run_policy(manager.clone(), ticker.clone(), event);
    run_concurrent(service_fn(handle)).await
}
