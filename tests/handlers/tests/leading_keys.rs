//! Which partitions of the view table a function touches. The roles of the template allow those whose names begin so, and
//! an emulator does not check it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Message, Ports, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    batch::Delivered,
    generations::{Plan, Step, take},
    memory::MemoryViews,
    views::Projector,
};
use dekigoto_http::{App, Routes};
use dekigoto_lambda::{
    http::{AuthMode, HttpApi},
    identity::Staff,
};
use order_service::{CONTRACT, STAFF_SCOPE, service};
use orders::CustomerId;
use serde_json::json;

use crate::{
    journey::Journey,
    support::{Functions, sample},
};

/// Notes the partitions that are read, written and listed.
#[derive(Clone)]
struct Noting {
    views: Arc<dyn ViewStore>,
    partitions: Arc<Mutex<BTreeSet<String>>>,
}

impl Noting {
    fn on(views: Arc<dyn ViewStore>) -> Self {
        Self { views, partitions: Arc::default() }
    }

    fn note<'a>(&self, partitions: impl IntoIterator<Item = &'a String>) {
        self.partitions.lock().unwrap().extend(partitions.into_iter().cloned());
    }

    /// The partitions that belong to none of these views.
    fn foreign(&self, views: &[&str]) -> Vec<String> {
        let noted = self.partitions.lock().unwrap().clone();
        let is_of = |partition: &str, view: &str| {
            let rest = partition.strip_prefix(view);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '/', '@']))
        };
        noted.into_iter().filter(|it| !views.iter().any(|view| is_of(it, view))).collect()
    }
}

#[async_trait]
impl ViewStore for Noting {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.note(keys.iter().map(|key| &key.partition));
        self.views.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.note(rows.iter().map(|row| &row.key.partition));
        self.views.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.note([&query.partition]);
        self.views.list(query).await
    }
}

fn now() -> dekigoto::Timestamp {
    "2026-11-23T09:00:00.000Z".parse().unwrap()
}

#[tokio::test]
async fn a_views_function_touches_only_rows_of_its_view_in_every_generation() {
    let world = Journey::of_one_order().await.world;
    for view in service().views() {
        let noting = Noting::on(Arc::new(MemoryViews::new()));
        let plan = Plan { segments: 1, commits_per_second_max: None };
        take(&noting, view.name(), Step::Begin(plan), now()).await.unwrap();
        let ports = Ports { views: Arc::new(noting.clone()), ..world.ports() };
        let projector = Projector::of(view.clone(), ports, Arc::new(world.parking.clone()));
        let messages = world.events().into_iter().enumerate().map(|(number, event)| Delivered {
            id: number.to_string(),
            record: Message::of(&event).body,
        });
        projector.take(messages.collect(), || Duration::from_secs(30)).await;
        assert_eq!(noting.foreign(&[view.name()]), Vec::<String>::new(), "{}", view.name());
        let count = noting.partitions.lock().unwrap().len();
        assert!(count > 2 || view.name() == "price-list", "{} has no row", view.name());
    }
}

async fn get(world: &Functions, views: &Noting, path: &str, query: &str) {
    let ports = Ports { views: Arc::new(views.clone()), ..world.ports() };
    let router = Routes::of(&service(), &CONTRACT).router(App::new(ports));
    let staff = Staff::new("scope", STAFF_SCOPE);
    let api = HttpApi::<CustomerId>::new(router, AuthMode::None, staff);
    let mut event = sample("api-get-order.json");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["rawQueryString"] = json!(query);
    let said = api.handle(world.invocation(Duration::from_secs(15), &event)).await.unwrap();
    let said = serde_json::to_value(said).unwrap();
    assert_eq!(said["statusCode"], 200, "{path}: {said}");
}

#[tokio::test]
async fn the_api_touches_every_view_but_the_processes_of_policies() {
    let world = Journey::of_one_order().await.world;
    let views = Noting::on(world.ports().views);
    let order = world.events()[0].aggregate_id.clone();
    for (path, query) in [
        (format!("/v1/orders/{order}"), ""),
        (format!("/v1/orders/{order}/events"), "limit=1"),
        (format!("/v1/orders/{order}/payments"), ""),
        ("/v1/orders".to_owned(), "customerId=c-42&limit=1"),
        ("/v1/customers/c-42/summary".to_owned(), ""),
        ("/v1/sales/daily".to_owned(), "from=2026-11-23&to=2026-11-23"),
    ] {
        get(&world, &views, &path, query).await;
    }
    let policies: Vec<&str> = service().policies().iter().map(|policy| policy.name()).collect();
    let service = service();
    let names = service.views().iter().map(|view| view.name());
    let mut shown: Vec<&str> = names.filter(|name| !policies.contains(name)).collect();
    shown.push("cursor-key");
    assert_eq!(views.foreign(&shown), Vec::<String>::new());
    // The rows and the generations of two other views.
    assert_eq!(views.foreign(&["order-summary"]).len(), 4, "{:?}", views.partitions);
}
