//! Reading the live generation of a view.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Generation, generations_of, in_generation};
use crate::{Host, Row, RowKey, RowPage, RowQuery, Timestamp, ViewError, ViewStore};

/// How long a reader goes on with the live generation that it knows. So readers follow a switch within this time.
pub const LIVE_TIME_MAX: Duration = Duration::from_secs(2);

/// Which generation of each view is live, remembered for [`LIVE_TIME_MAX`].
#[derive(Clone)]
pub struct LiveGenerations {
    views: Arc<dyn ViewStore>,
    host: Arc<dyn Host>,
    known: Arc<Mutex<BTreeMap<&'static str, (Timestamp, Generation)>>>,
}

impl LiveGenerations {
    /// The live generations of the views in this store.
    #[must_use]
    pub fn new(views: Arc<dyn ViewStore>, host: Arc<dyn Host>) -> Self {
        Self { views, host, known: Arc::default() }
    }

    /// The rows of the live generation of a view, to be read.
    #[must_use]
    pub fn of(&self, view: &'static str) -> LiveViews {
        LiveViews { live: self.clone(), view }
    }

    async fn generation(&self, view: &'static str) -> Result<Generation, ViewError> {
        let now = self.host.now();
        if let Some(known) = self.known(view, now) {
            return Ok(known);
        }
        let live = generations_of(&*self.views, view).await?.live;
        self.lock().insert(view, (now, live));
        Ok(live)
    }

    /// The wall clock is asked, because a frozen function's monotonic clock may stand still. If the clock was set back,
    /// nothing counts as known.
    fn known(&self, view: &str, now: Timestamp) -> Option<Generation> {
        let (at, live) = *self.lock().get(view)?;
        let age = u64::try_from(now.as_millis() - at.as_millis()).ok()?;
        (Duration::from_millis(age) < LIVE_TIME_MAX).then_some(live)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, (Timestamp, Generation)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of the live generation of one view.
#[derive(Clone)]
pub struct LiveViews {
    live: LiveGenerations,
    view: &'static str,
}

impl LiveViews {
    async fn rows(&self) -> Result<Arc<dyn ViewStore>, ViewError> {
        let generation = self.live.generation(self.view).await?;
        Ok(in_generation(Arc::clone(&self.live.views), self.view, generation))
    }
}

#[async_trait]
impl ViewStore for LiveViews {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.rows().await?.read(keys).await
    }

    /// Only projectors write rows, and they write to every generation that is fed.
    async fn write(&self, _: &[Row]) -> Result<(), ViewError> {
        Err(ViewError::Broken("rows of the live generation are only read".into()))
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.rows().await?.list(query).await
    }
}
