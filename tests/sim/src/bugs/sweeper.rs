//! Planted bugs of the sweeper.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Ports,
    views::{AnyView, ProjectError},
};
use dekigoto_testkit::WrapsView;

/// A view that says that a message brought every event up to its watermark.
pub(super) struct Watermarks(pub(super) Arc<dyn AnyView>);

#[async_trait]
impl WrapsView for Watermarks {
    fn inner(&self) -> &dyn AnyView {
        &*self.0
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
}
