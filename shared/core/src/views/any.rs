//! Views as trait objects, for registries and projectors.

use async_trait::async_trait;

use super::{Extent, ProjectError, Verified, VerifyError};
use crate::{Envelope, Ports, RowKey, SchemaError, batch::Outcome, replay::ReplaySource};

/// Any view, whatever its row. [`Single`](super::Single) and [`Across`](super::Across) turn a view into one.
#[async_trait]
pub trait AnyView: Send + Sync {
    /// The view's name.
    fn name(&self) -> &'static str;

    /// The types of the aggregates that the view folds.
    fn folds(&self) -> &'static [&'static str];

    /// The events that change a row; `None` when all events of its aggregates do.
    fn events(&self) -> Option<&'static [&'static str]>;

    /// The row that an event belongs to; `None` when it changes no row.
    ///
    /// # Errors
    /// [`SchemaError`] when this code does not understand the event.
    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError>;

    /// Brings one row up to date with its events: one read and one write, whatever the number and order of the events.
    /// Returns one outcome for each event.
    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome>;

    /// For each of these events of one stream, whether the stored rows hold it. An event that changes no row counts as
    /// held.
    ///
    /// # Errors
    /// [`ProjectError`] when the rows cannot be read.
    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError>;

    /// For each of these events of one stream, whether a message has brought it: evidence that its commit was published.
    /// `None` where the rows do not say. Only a view of one aggregate knows.
    ///
    /// # Errors
    /// [`ProjectError`] when the rows cannot be read.
    async fn heard(
        &self,
        _ports: &Ports,
        events: &[Envelope],
    ) -> Result<Vec<Option<bool>>, ProjectError> {
        Ok(vec![None; events.len()])
    }

    /// Compares stored rows with the event store. Changes nothing.
    ///
    /// # Errors
    /// [`VerifyError`].
    async fn verify(
        &self,
        ports: &Ports,
        history: &dyn ReplaySource,
        extent: Extent,
    ) -> Result<Verified, VerifyError>;
}

/// No view has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no view is called {name:?}; there are {}", known.join(", "))]
pub struct UnknownView {
    /// The unknown name.
    pub name: String,
    /// The names of all views.
    pub known: Vec<&'static str>,
}
