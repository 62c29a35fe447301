//! Planted bugs of the sweeper.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Ports, RowKey, SchemaError,
    batch::Outcome,
    replay::ReplaySource,
    views::{AnyView, Extent, ProjectError, Verified, VerifyError},
};

/// A view that says that a message brought every event up to its watermark.
pub(super) struct Watermarks(pub(super) Arc<dyn AnyView>);

#[async_trait]
impl AnyView for Watermarks {
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
        self.0.row_key(event)
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        self.0.project(ports, key, events).await
    }

    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError> {
        self.0.holds(ports, events).await
    }

    async fn heard(
        &self,
        ports: &Ports,
        events: &[Envelope],
    ) -> Result<Vec<Option<bool>>, ProjectError> {
        let heard = self.0.heard(ports, events).await?;
        let held = self.0.holds(ports, events).await?;
        Ok(heard.into_iter().zip(held).map(|(heard, held)| heard.map(|it| it || held)).collect())
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
