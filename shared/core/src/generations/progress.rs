//! How far a rebuild is: one row for each segment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Generation, Segment};
use crate::{
    Payload, Row, RowKey, RowQuery, Timestamp, ViewError, ViewStore,
    replay::{SEGMENTS_MAX, SegmentProgress},
};

/// Reasons that a segment keeps.
const REASONS_MAX: usize = 3;

/// How far a segment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentState {
    /// Where to go on.
    pub at: SegmentProgress,
    /// Commits that were read.
    pub commits: u64,
    /// Events and items that could not be folded, and never can be by this code.
    pub set_aside: u64,
    /// Some of the reasons.
    pub reasons: Vec<String>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// The worker that saved it.
    pub by: Uuid,
}

impl SegmentState {
    pub(super) fn note(&mut self, reason: String) {
        self.set_aside += 1;
        if self.reasons.len() < REASONS_MAX && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// The row of a segment, as read.
pub(super) struct SegmentRow {
    key: RowKey,
    revision: u64,
    /// `None` before the first page.
    pub(super) state: Option<SegmentState>,
}

/// What came of saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    /// The segment is this far now.
    Here,
    /// Another worker is at the same segment, and further.
    Elsewhere,
}

impl SegmentRow {
    pub(super) async fn read(views: &dyn ViewStore, segment: &Segment) -> Result<Self, ViewError> {
        let sort = format!("{:03}", segment.segment);
        let key = RowKey::new(partition_of(&segment.view, segment.generation), sort);
        let row = views.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let revision = row.as_ref().map_or(0, |row| row.revision);
        // A damaged row means to begin again: folding twice changes nothing.
        let state = row.and_then(|row| row.body.read().ok());
        Ok(Self { key, revision, state })
    }

    /// Saves how far the segment is, if no other worker did.
    pub(super) async fn save(
        &mut self,
        views: &dyn ViewStore,
        state: SegmentState,
    ) -> Result<Saved, ViewError> {
        let body = Payload::of(&state).map_err(|cause| ViewError::Broken(cause.into()))?;
        let revision = self.revision + 1;
        let row = Row { key: self.key.clone(), revision, body, indexes: BTreeMap::new() };
        match views.write(std::slice::from_ref(&row)).await {
            Ok(()) => {}
            // The adapter may have repeated the write after its answer was lost. Who gives up by mistake ends the work
            // on this segment, so the row itself is asked.
            Err(ViewError::Conflict) => {
                let there = views.read(std::slice::from_ref(&row.key)).await?.pop().flatten();
                if there.as_ref() != Some(&row) {
                    return Ok(Saved::Elsewhere);
                }
            }
            Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => return Err(error),
        }
        (self.revision, self.state) = (revision, Some(state));
        Ok(Saved::Here)
    }
}

pub(super) fn partition_of(view: &str, generation: Generation) -> String {
    format!("{view}/rebuild#{generation}")
}

/// How far a rebuild is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildProgress {
    /// All segments.
    pub segments: u32,
    /// Segments that were read to their end.
    pub done: u32,
    /// The segments that were not.
    pub open: Vec<u32>,
    /// Commits that were read.
    pub commits: u64,
    /// Events and items that could not be folded.
    pub set_aside: u64,
    /// Some of the reasons.
    pub reasons: Vec<String>,
    /// When a segment was last saved.
    pub saved_at: Option<Timestamp>,
}

impl RebuildProgress {
    /// Whether the whole store was read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done == self.segments
    }
}

/// How far the rebuild of a generation in this many segments is.
///
/// # Errors
/// [`ViewError`], never `Conflict`.
pub async fn progress_of(
    views: &dyn ViewStore,
    view: &str,
    generation: Generation,
    segments: u32,
) -> Result<RebuildProgress, ViewError> {
    let query = RowQuery {
        index: None,
        partition: partition_of(view, generation),
        between: None,
        newest_first: false,
        limit: SEGMENTS_MAX,
        after: None,
    };
    let rows = views.list(&query).await?.rows;
    let states: BTreeMap<String, SegmentState> =
        rows.iter().filter_map(|row| Some((row.key.sort.clone(), row.body.read().ok()?))).collect();
    let mut progress = RebuildProgress { segments, ..RebuildProgress::default() };
    for segment in 0..segments {
        match states.get(&format!("{segment:03}")) {
            Some(SegmentState { at: SegmentProgress::Done, .. }) => progress.done += 1,
            Some(_) | None => progress.open.push(segment),
        }
    }
    for state in states.into_values() {
        progress.commits += state.commits;
        progress.set_aside += state.set_aside;
        progress.reasons.extend(state.reasons);
        progress.saved_at = progress.saved_at.max(Some(state.saved_at));
    }
    progress.reasons.sort();
    progress.reasons.dedup();
    progress.reasons.truncate(REASONS_MAX);
    Ok(progress)
}
