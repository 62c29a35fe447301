//! Folds the commits of a page into the rows of a generation.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt as _, stream};

use super::{page_store::PageStore, together::Together};
use crate::{
    Commit, Envelope, Ports, RowKey, ViewError, ViewStore, batch::Outcome,
    limits::ROWS_PER_CALL_MAX, views::AnyView,
};

/// Rows of a page that are folded side by side. Their reads are one call.
pub const ROWS_AT_ONCE_MAX: usize = ROWS_PER_CALL_MAX;

/// Why a page was not folded. Another delivery tries again.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error(transparent)]
    Read(#[from] crate::ReadError),
    #[error("{0}")]
    Fold(String),
}

/// Folds the commits of a page. Returns why events could not be folded and never can be.
pub(super) async fn fold_page(
    view: &dyn AnyView,
    ports: &Ports,
    commits: Vec<Commit>,
) -> Result<Vec<String>, PageError> {
    let mut set_aside = Vec::new();
    let mut rows: BTreeMap<RowKey, Vec<Envelope>> = BTreeMap::new();
    let is_folded = |commit: &&Commit| view.folds().contains(&commit.stream().aggregate_type());
    for event in commits.iter().filter(is_folded).flat_map(Commit::envelopes) {
        match view.row_key(&event) {
            Ok(Some(key)) => rows.entry(key).or_default().push(event),
            Ok(None) => {}
            Err(cause) if cause.is_of_newer_code() => {
                return Err(PageError::Fold(cause.to_string()));
            }
            Err(cause) => set_aside.push(cause.to_string()),
        }
    }
    let store = Arc::new(PageStore::new(commits, Arc::clone(&ports.store)));
    let together = Arc::new(Together::new(Arc::clone(&ports.views)));
    let views: Arc<dyn ViewStore> = together.clone();
    let ports = Ports { store, views, ..ports.clone() };
    let ports = &ports;
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let folds: Vec<_> = rows
        .iter()
        .map(|(key, events)| async move { view.project(ports, key, events).await })
        .collect();
    let mut folds = stream::iter(folds).buffer_unordered(ROWS_AT_ONCE_MAX);
    while let Some(outcomes) = together.next(&mut folds).await {
        for outcome in outcomes {
            match outcome {
                Outcome::Applied | Outcome::Duplicate | Outcome::Skipped => {}
                Outcome::Retry(reason) => return Err(PageError::Fold(reason)),
                Outcome::Parked(reason) => set_aside.push(reason),
            }
        }
    }
    Ok(set_aside)
}
