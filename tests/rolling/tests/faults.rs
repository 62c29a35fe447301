//! Planted faults, which the deployments find.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Ports, RowKey, SchemaError,
    batch::Outcome,
    replay::ReplaySource,
    views::{AnyView, Extent, ProjectError, Single, Verified, VerifyError, View as _},
};
use order_service::OrderSummaryView;

use crate::{
    INVOCATIONS,
    next_views::NextOrderSummary,
    roll::{Schedule, roll},
    stack::Stores,
    versions::Versions,
};

/// Every fault that any schedule finds.
async fn found(versions: &Versions) -> String {
    let mut found = Vec::new();
    for number in 0..1 << INVOCATIONS {
        let schedule = Schedule::numbered(number, INVOCATIONS);
        found.extend(roll(Stores::in_memory(), versions, schedule).await);
    }
    found.join("\n")
}

#[tokio::test]
async fn a_row_schema_that_was_not_raised_is_found() {
    let mut versions = Versions::default();
    versions.new.views[0] =
        Arc::new(Single::<NextOrderSummary<{ OrderSummaryView::SCHEMA }>>::default());
    let found = found(&versions).await;
    assert!(found.contains("a row lost what it showed"), "{found}");
}

#[tokio::test]
async fn a_view_that_parks_a_new_event_at_once_is_found() {
    let mut versions = Versions::default();
    for view in &mut versions.old.views {
        *view = Arc::new(Impatient(view.clone()));
    }
    let found = found(&versions).await;
    for view in ["order-summary", "customer-summary"] {
        assert!(found.contains(&format!("{view} parked a record")), "{found}");
    }
}

/// A view that takes an event of newer code for a damaged one.
struct Impatient(Arc<dyn AnyView>);

#[async_trait]
impl AnyView for Impatient {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn folds(&self) -> &'static [&'static str] {
        self.0.folds()
    }

    fn events(&self) -> Option<&'static [&'static str]> {
        self.0.events()
    }

    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        self.0.row_key(event).map_err(|_| SchemaError::Malformed {
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            line: 1,
            column: 1,
        })
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        self.0.project(ports, key, events).await
    }

    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError> {
        self.0.holds(ports, events).await
    }

    async fn verify(
        &self,
        ports: &Ports,
        history: &dyn ReplaySource,
        extent: Extent,
    ) -> Result<Verified, VerifyError> {
        self.0.verify(ports, history, extent).await
    }
}
