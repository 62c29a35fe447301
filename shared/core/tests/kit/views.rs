//! Views of the tests.

use dekigoto::{
    Envelope, RowKey,
    views::{AcrossView, Fold, SingleView, View},
};

use crate::support::{Entry, Log};

/// Lists the versions that it has folded, which shows any gap, duplicate or disorder. `KNOWS_ALL` stands for the code
/// after a deployment.
pub(crate) struct Versions<const KNOWS_ALL: bool = false>;

impl<const KNOWS_ALL: bool> View for Versions<KNOWS_ALL> {
    type Row = Vec<u64>;
    type Folds = (Log<KNOWS_ALL>,);

    const NAME: &'static str = "versions";
}

impl<const KNOWS_ALL: bool> Fold<Log<KNOWS_ALL>> for Versions<KNOWS_ALL> {
    fn fold(row: &mut Vec<u64>, _: &Entry<KNOWS_ALL>, envelope: &Envelope) {
        row.push(envelope.version.get());
    }
}

impl<const KNOWS_ALL: bool> SingleView for Versions<KNOWS_ALL> {}

/// Counts events of all streams in one row.
pub(crate) struct Total<const KNOWS_ALL: bool = false>;

impl<const KNOWS_ALL: bool> View for Total<KNOWS_ALL> {
    type Row = u64;
    type Folds = (Log<KNOWS_ALL>,);

    const NAME: &'static str = "total";
}

impl<const KNOWS_ALL: bool> Fold<Log<KNOWS_ALL>> for Total<KNOWS_ALL> {
    fn row_key(_: &Entry<KNOWS_ALL>, _: &Envelope) -> Option<RowKey> {
        Some(total_key())
    }

    fn fold(row: &mut u64, _: &Entry<KNOWS_ALL>, _: &Envelope) {
        *row += 1;
    }
}

impl<const KNOWS_ALL: bool> AcrossView for Total<KNOWS_ALL> {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

/// The one row of [`Total`].
pub(crate) fn total_key() -> RowKey {
    RowKey::new("total", "row")
}
