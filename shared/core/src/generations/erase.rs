//! Erasing the rows of a generation that nobody reads and nothing feeds.

use async_trait::async_trait;

use super::{Generation, progress::partition_of, within::prefix_of};
use crate::{RowKey, ViewError};

/// Rows that one call looks at.
pub const ROWS_PER_ERASE: u32 = 500;

/// Which rows belong to a generation of a view: those in one partition, and in partitions with certain beginnings.
///
/// A row of generation 1 belongs to the view if its partition is the view's name, or begins with the name and `#`, as all
/// partitions should. Rows of other partitions stay, and nobody reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// The partition.
    pub partition: String,
    /// The beginnings of partitions.
    pub beginnings: Vec<String>,
}

impl RowsOf {
    /// The rows of a generation of a view, its counted records and the progress of its rebuild.
    #[must_use]
    pub fn generation(view: &str, generation: Generation) -> Self {
        if generation == Generation::FIRST {
            let beginnings = vec![format!("{view}#"), format!("{view}/counted#")];
            return Self { partition: view.to_owned(), beginnings };
        }
        let beginnings = vec![prefix_of(view, generation)];
        Self { partition: partition_of(view, generation), beginnings }
    }

    /// The same partitions as ranges, each with its first and the one after its last, for a store that compares text by
    /// bytes.
    #[must_use]
    pub fn ranges(&self) -> Vec<(String, String)> {
        let only = (self.partition.clone(), format!("{}\u{1}", self.partition));
        let beginnings = self.beginnings.iter().map(|it| (it.clone(), after_all(it)));
        std::iter::once(only).chain(beginnings).collect()
    }

    /// Whether the rows of a partition belong to it.
    #[must_use]
    pub fn holds(&self, partition: &str) -> bool {
        partition == self.partition || self.beginnings.iter().any(|it| partition.starts_with(it))
    }
}

/// The first text after all that begin with this one, which ends with `#` or `/`.
fn after_all(beginning: &str) -> String {
    let mut text = beginning.to_owned();
    let last = text.pop().and_then(|last| char::from_u32(u32::from(last) + 1));
    text.extend(last);
    text
}

/// What one call erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Rows that were deleted.
    pub deleted: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<RowKey>,
}

/// Erases rows of a view store. Only a dropped generation is ever erased.
#[async_trait]
pub trait EraseRows: Send + Sync {
    /// Looks at about `limit` rows of the store after a place, and deletes those of the generation.
    ///
    /// # Errors
    /// [`ViewError`], never `Conflict`. Some rows may be deleted then; call it again.
    async fn erase(
        &self,
        rows: &RowsOf,
        after: Option<&RowKey>,
        limit: u32,
    ) -> Result<Erased, ViewError>;
}

/// Erases all rows of a generation, page by page. `seen` is told the number of deleted rows after each page.
///
/// # Errors
/// [`ViewError`]. Calling it again goes on.
pub async fn erase_all(
    eraser: &dyn EraseRows,
    rows: &RowsOf,
    seen: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, ViewError> {
    let (mut deleted, mut after) = (0, None);
    loop {
        let page = eraser.erase(rows, after.as_ref(), ROWS_PER_ERASE).await?;
        deleted += page.deleted;
        seen(deleted);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(deleted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_generation_are_told_from_those_of_others_and_of_other_views() {
        let second = Generation::FIRST.next();
        let first_rows = ["totals", "totals#a", "totals/counted#Order#1"];
        let second_rows =
            ["totals@2/totals#a", "totals@2/totals/counted#Order#1", "totals/rebuild#2"];
        let others = [
            "totals/generations",
            "totals-by-day#a",
            "total",
            "totals@22/totals#a",
            "totals/rebuild#22",
            "totals@3/totals#a",
            "operations#2026-11",
        ];
        for (generation, own, other) in
            [(Generation::FIRST, first_rows, second_rows), (second, second_rows, first_rows)]
        {
            let rows = RowsOf::generation("totals", generation);
            assert!(own.iter().all(|it| rows.holds(it)), "{generation}");
            assert!(!other.iter().chain(&others).any(|it| rows.holds(it)), "{generation}");
        }
    }
}
