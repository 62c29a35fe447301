//! Planted faults, which the deployments find.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, http::StatusCode, middleware::map_response, response::Response};
use dekigoto::{
    Envelope, Ports, RowKey, SchemaError,
    batch::Outcome,
    policies::{AnyPolicy, DueProcess, NotUnderstood},
    views::{AnyView, Single, View as _},
};
use dekigoto_testkit::{Wrapped, WrapsView};
use order_service::OrderSummaryView;

use crate::{
    INVOCATIONS,
    next_views::NextOrderSummary,
    roll::{READERS, Schedule, roll},
    stack::{POLICY, Stores},
    versions::{self, Versions},
};

/// Schedules that find every fault.
const SCHEDULES: [u32; 3] = [0b00101, 0b01010, 0b11010];

/// Every fault that these schedules find.
async fn found(versions: &Versions) -> String {
    let mut found = Vec::new();
    for number in SCHEDULES {
        let schedule = Schedule::numbered(number, INVOCATIONS);
        found.extend(roll(Stores::in_memory(), versions, schedule).await);
    }
    found.join("\n")
}

#[tokio::test]
async fn a_row_schema_that_was_not_raised_is_found() {
    let mut versions = Versions::default();
    let same = Single::<NextOrderSummary<{ OrderSummaryView::SCHEMA }>>::default();
    versions.new.replace(Arc::new(same));
    let found = found(&versions).await;
    assert!(found.contains("a row lost what it showed"), "{found}");
}

#[tokio::test]
async fn a_view_that_parks_a_new_event_at_once_is_found() {
    let mut versions = Versions::default();
    for view in &mut versions.old.views {
        *view = Arc::new(Wrapped(Impatient(view.clone())));
    }
    let found = found(&versions).await;
    for view in READERS.iter().filter(|reader| **reader != POLICY) {
        assert!(found.contains(&format!("{view} parked a record")), "{found}");
    }
}

#[tokio::test]
async fn a_policy_that_parks_a_new_event_at_once_is_found() {
    let mut versions = Versions::default();
    versions.old.policy = Arc::new(Hasty(versions.old.policy.clone()));
    let found = found(&versions).await;
    assert!(found.contains("fulfilment-policy parked a record"), "{found}");
}

#[tokio::test]
async fn an_api_that_answers_a_new_event_with_500_is_found() {
    /// 503 is the answer to what newer code wrote.
    async fn careless(mut response: Response) -> Response {
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        response
    }

    let api: fn(Ports) -> Router = |ports| versions::api(ports).layer(map_response(careless));
    let found = found(&Versions { api, ..Versions::default() }).await;
    for path in ["/payments", "/ship", "GET /v1/prices/p-1", "POST /v1/orders "] {
        let is_found = |line: &str| line.contains(path) && line.contains("was answered 500");
        assert!(found.lines().any(is_found), "{path}: {found}");
    }
}

/// A policy that takes an event of newer code for a damaged one.
struct Hasty(Arc<dyn AnyPolicy>);

#[async_trait]
impl AnyPolicy for Hasty {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn process_type(&self) -> &'static str {
        self.0.process_type()
    }

    fn events(&self) -> &'static [&'static str] {
        self.0.events()
    }

    fn process_of(&self, event: &Envelope) -> Result<Option<String>, NotUnderstood> {
        self.0.process_of(event).map_err(|_| NotUnderstood::Schema(damaged(event)))
    }

    async fn on_event(&self, ports: &Ports, event: &Envelope) -> Outcome {
        self.0.on_event(ports, event).await
    }

    async fn on_deadline(&self, ports: &Ports, due: &DueProcess) -> Outcome {
        self.0.on_deadline(ports, due).await
    }
}

fn damaged(event: &Envelope) -> SchemaError {
    SchemaError::Malformed {
        event_type: event.event_type.clone(),
        schema_version: event.schema_version,
        line: 1,
        column: 1,
    }
}

/// A view that takes an event of newer code for a damaged one.
struct Impatient(Arc<dyn AnyView>);

impl WrapsView for Impatient {
    fn inner(&self) -> &dyn AnyView {
        &*self.0
    }

    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        self.0.row_key(event).map_err(|_| damaged(event))
    }
}
