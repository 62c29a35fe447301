//! `__name__`: one row for each aggregate. Describe here what it shows and who reads it.

use dekigoto::{
    Decider, Envelope,
    views::{Fold, SingleView, View},
};
use serde::{Deserialize, Serialize};

use __aggregate__ as Source;

/// A row. Folding starts from the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The number of events of the row.
    pub changes: u64,
}

/// The view.
#[derive(Clone, Copy, Debug)]
pub struct __Name__;

impl View for __Name__ {
    type Row = Row;
    type Folds = (Source,);

    const NAME: &'static str = "__view__";
}

impl Fold<Source> for __Name__ {
    fn fold(row: &mut Row, _event: &<Source as Decider>::Event, _: &Envelope) {
        // Match every event here, so that a new event does not compile until the view handles it.
        row.changes += 1;
    }
}

impl SingleView for __Name__ {}
