//! The register of a view's generations: one row, changed by compare-and-set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Generation;
use crate::{Payload, Row, RowKey, StoreFailure, Timestamp, ViewError, ViewStore};

/// The generations that a view has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generations {
    /// The one that readers read.
    pub live: Generation,
    /// The one beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// The highest number that was ever used.
    pub newest: Generation,
}

/// A generation that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// Its number.
    pub generation: Generation,
    /// What happens to it.
    #[serde(flatten)]
    pub state: BesideState,
}

/// What happens to a generation beside the live one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "state")]
pub enum BesideState {
    /// It is fed, and filled from the event store. When all segments are done, it can be switched to.
    Building {
        /// Parts of the event store that are scanned side by side.
        segments: u32,
        /// Commits a second over all segments; `None` for no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commits_per_second_max: Option<u32>,
        /// When it was registered.
        since: Timestamp,
    },
    /// It was live and is still fed, so that a rollback loses nothing.
    Kept {
        /// When another generation became live.
        since: Timestamp,
    },
    /// It is not fed any more, and its rows are being deleted.
    Dropping,
}

impl Default for Generations {
    /// The generations of a view that was never rebuilt.
    fn default() -> Self {
        Self { live: Generation::FIRST, beside: None, newest: Generation::FIRST }
    }
}

impl Generations {
    /// The generations that new events are applied to, the live one first.
    pub fn fed(&self) -> impl Iterator<Item = Generation> {
        let beside = self.beside.as_ref().and_then(|it| match it.state {
            BesideState::Building { .. } | BesideState::Kept { .. } => Some(it.generation),
            BesideState::Dropping => None,
        });
        std::iter::once(self.live).chain(beside)
    }

    /// Whether this generation is being built.
    #[must_use]
    pub fn is_building(&self, generation: Generation) -> bool {
        self.beside.as_ref().is_some_and(|it| {
            it.generation == generation && matches!(it.state, BesideState::Building { .. })
        })
    }

    /// Whether the view has this generation.
    #[must_use]
    pub fn has(&self, generation: Generation) -> bool {
        self.live == generation
            || self.beside.as_ref().is_some_and(|it| it.generation == generation)
    }
}

/// The register's row of a view.
fn key_of(view: &str) -> RowKey {
    RowKey::new(format!("{view}/generations"), "pointer")
}

/// The generations of a view, strongly consistent.
///
/// # Errors
/// [`ViewError`], never `Conflict`.
pub async fn generations_of(views: &dyn ViewStore, view: &str) -> Result<Generations, ViewError> {
    Ok(Registered::read(views, view).await?.generations)
}

/// The generations of a view, with the revision of their row.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    key: RowKey,
    pub(super) generations: Generations,
    revision: u64,
}

impl Registered {
    pub(super) async fn read(views: &dyn ViewStore, view: &str) -> Result<Self, ViewError> {
        let key = key_of(view);
        let Some(row) = views.read(std::slice::from_ref(&key)).await?.pop().flatten() else {
            return Ok(Self { key, generations: Generations::default(), revision: 0 });
        };
        let generations = row.body.read().map_err(|cause| {
            let reason =
                format!("the generations of {view} are unreadable at column {}", cause.column());
            StoreFailure::broken("read of generations", reason)
        })?;
        Ok(Self { key, generations, revision: row.revision })
    }

    /// Replaces the generations. `Ok(false)` if somebody else changed them since they were read.
    pub(super) async fn replace(
        self,
        views: &dyn ViewStore,
        next: &Generations,
    ) -> Result<bool, ViewError> {
        let body = Payload::of(next).map_err(|cause| ViewError::Broken(cause.into()))?;
        let row =
            Row { key: self.key, revision: self.revision + 1, body, indexes: BTreeMap::new() };
        match views.write(std::slice::from_ref(&row)).await {
            Ok(()) => Ok(true),
            // An adapter may have repeated the write after its answer was lost: then the conflict is with itself.
            Err(ViewError::Conflict) => {
                let there = views.read(std::slice::from_ref(&row.key)).await?.pop().flatten();
                Ok(there.as_ref() == Some(&row))
            }
            Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => Err(error),
        }
    }
}
