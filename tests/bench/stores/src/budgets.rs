//! The budgets of this store.

use crate::{
    Failure,
    cases::{
        APPEND_1, APPEND_3, APPEND_LATE, COMMAND_LAST, COMMAND_LATE, CREATE, LOAD_1_000,
        LOAD_10_000, Row,
    },
    report::Column,
    stores::OURS,
};

/// The budget of a case, and its measured cost.
pub(crate) struct Budget {
    pub(crate) case: &'static str,
    pub(crate) what: &'static str,
    pub(crate) most: f64,
    pub(crate) is: f64,
}

impl Budget {
    pub(crate) fn holds(&self) -> bool {
        self.is <= self.most
    }
}

/// The budgets of the cases in requests and write units. None of them grows with the stream.
const MOST: &[(&str, f64, f64)] = &[
    (CREATE, 1.0, 1.0),
    (APPEND_1, 1.0, 1.0),
    (APPEND_3, 1.0, 2.0),
    (APPEND_LATE, 1.0, 1.0),
    // One request to load, one to append.
    (COMMAND_LATE, 2.0, 1.0),
    (COMMAND_LAST, 2.0, 1.0),
    (LOAD_1_000, 1.0, 0.0),
    (LOAD_10_000, 1.0, 0.0),
];

/// Compares every budget with the measured cost. A case that did not go as asked fails.
pub(crate) fn check(columns: &[Column]) -> Result<Vec<Budget>, Failure> {
    let ours = columns.iter().find(|column| column.store.name == OURS);
    let rows = &ours.ok_or("this store was not measured")?.rows;
    let mut budgets = Vec::new();
    for (case, requests, write_units) in MOST {
        let Row { case, cost, note } =
            rows.iter().find(|row| row.case == *case).ok_or("a case was not measured")?;
        if let Some(note) = note {
            return Err(format!("{case}: {note}").into());
        }
        let is = cost.requests;
        budgets.push(Budget { case, what: "requests", most: *requests, is });
        // A load writes nothing.
        if *write_units > 0.0 {
            let is = cost.write_units;
            budgets.push(Budget { case, what: "write units", most: *write_units, is });
        }
    }
    Ok(budgets)
}
