//! Doubles that stand before a view or an outbox, and change only what they name. Everything else is forwarded here, once,
//! so that a double keeps what the port learns later.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Pointer, Ports, Refused, RetryQueue, RowKey, SchemaError, Source,
    batch::Outcome,
    outbox::{EntryId, Leased, Order, Outbox},
    replay::ReplaySource,
    views::{AnyView, Extent, ProjectError, Verified, VerifyError},
};

/// A double as the port that it stands before: an [`AnyView`] if it [`WrapsView`], an [`Outbox`] if it [`WrapsOutbox`].
///
/// ```
/// use std::sync::Arc;
/// use dekigoto::{Envelope, RowKey, SchemaError, views::AnyView};
/// use dekigoto_testkit::{Wrapped, WrapsView};
///
/// /// A view that wants no event.
/// struct Idle(Arc<dyn AnyView>);
///
/// impl WrapsView for Idle {
///     fn inner(&self) -> &dyn AnyView {
///         &*self.0
///     }
///
///     fn row_key(&self, _: &Envelope) -> Result<Option<RowKey>, SchemaError> {
///         Ok(None)
///     }
/// }
///
/// fn idle(view: Arc<dyn AnyView>) -> Arc<dyn AnyView> {
///     Arc::new(Wrapped(Idle(view)))
/// }
/// ```
pub struct Wrapped<W>(pub W);

/// Stands before a view. What it does not override is the view's.
#[async_trait]
pub trait WrapsView: Send + Sync {
    /// The view.
    fn inner(&self) -> &dyn AnyView;

    /// As [`AnyView::row_key`].
    ///
    /// # Errors
    /// As the view's.
    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        self.inner().row_key(event)
    }

    /// As [`AnyView::project`].
    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        self.inner().project(ports, key, events).await
    }

    /// As [`AnyView::heard`].
    ///
    /// # Errors
    /// As the view's.
    async fn heard(
        &self,
        ports: &Ports,
        events: &[Envelope],
    ) -> Result<Vec<Option<bool>>, ProjectError> {
        self.inner().heard(ports, events).await
    }
}

#[async_trait]
impl<W: WrapsView> AnyView for Wrapped<W> {
    fn name(&self) -> &'static str {
        self.0.inner().name()
    }

    fn folds(&self) -> &'static [&'static str] {
        self.0.inner().folds()
    }

    fn events(&self) -> Option<&'static [&'static str]> {
        self.0.inner().events()
    }

    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        self.0.row_key(event)
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        self.0.project(ports, key, events).await
    }

    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError> {
        self.0.inner().holds(ports, events).await
    }

    async fn heard(
        &self,
        ports: &Ports,
        events: &[Envelope],
    ) -> Result<Vec<Option<bool>>, ProjectError> {
        self.0.heard(ports, events).await
    }

    async fn verify(
        &self,
        ports: &Ports,
        history: &dyn ReplaySource,
        extent: Extent,
    ) -> Result<Verified, VerifyError> {
        self.0.inner().verify(ports, history, extent).await
    }
}

/// Stands before an outbox. What it does not override is the outbox's.
#[async_trait]
pub trait WrapsOutbox: Send + Sync {
    /// The outbox.
    fn inner(&self) -> &dyn Outbox;

    /// As [`Outbox::lease`].
    ///
    /// # Errors
    /// As the outbox's.
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        self.inner().lease(limit, time, order).await
    }

    /// As [`Outbox::put_back`].
    ///
    /// # Errors
    /// As the outbox's.
    async fn put_back(&self, entry: EntryId, wait: Duration) -> Result<(), Source> {
        self.inner().put_back(entry, wait).await
    }
}

#[async_trait]
impl<W: WrapsOutbox> RetryQueue for Wrapped<W> {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.0.inner().put(pointers).await
    }
}

#[async_trait]
impl<W: WrapsOutbox> Outbox for Wrapped<W> {
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        self.0.lease(limit, time, order).await
    }

    async fn done(&self, entries: &[EntryId]) -> Result<(), Source> {
        self.0.inner().done(entries).await
    }

    async fn put_back(&self, entry: EntryId, wait: Duration) -> Result<(), Source> {
        self.0.put_back(entry, wait).await
    }

    async fn waiting(&self) -> Result<u64, Source> {
        self.0.inner().waiting().await
    }
}
