//! Damaged rows of views of one aggregate: bodies that no code can read. The next event of each must fold it again.

use std::collections::BTreeMap;

use dekigoto::{Payload, Row, RowKey, policies::Policy as _, views::View as _};
use dekigoto_testkit::sim::{Dice, Sim};
use order_service::OrderSummaryView;
use orders::fulfilment::Fulfilment;
use serde_json::{Value, json};

use crate::{vetting::Vetting, world::World};

/// The views whose rows are folded from one aggregate.
const VIEWS: [&str; 3] = [OrderSummaryView::NAME, Fulfilment::NAME, Vetting::NAME];

/// Rows in a thousand that are damaged.
const ROWS: u32 = 500;

/// The rows that are damaged now, as they were before.
#[derive(Default)]
pub(crate) struct Damaged(BTreeMap<RowKey, Row>);

impl Damaged {
    /// The row as it was before it was damaged, or as it is.
    pub(crate) fn before(&self, row: Row) -> Row {
        self.0.get(&row.key).cloned().unwrap_or(row)
    }

    /// The product has written these rows. Whether they are right is checked at each write (`checks/views.rs`).
    pub(crate) fn written(&mut self, sim: &Sim, rows: &[Row]) {
        for row in rows {
            if self.0.remove(&row.key).is_some() {
                sim.mark("a damaged row was folded again");
            }
        }
    }

    /// The keys of the rows that are damaged now.
    pub(crate) fn keys(&self) -> Vec<RowKey> {
        self.0.keys().cloned().collect()
    }
}

/// Damages some rows, as a view's code with a bug or a damaged write would.
pub(crate) fn damaged_rows(world: &World, dice: &mut Dice) {
    for row in world.views.rows().into_iter().filter(is_of_one_aggregate) {
        if dice.per_mille(ROWS) {
            world.sim.mark("a row was damaged");
            world.sim.tried("a row of a view that cannot be read");
            world.views.damage(&row, damaged(&row.body, dice));
            world.truth.memory().damaged.0.insert(row.key.clone(), row);
        }
    }
}

fn is_of_one_aggregate(row: &Row) -> bool {
    row.key.partition.split_once('#').is_some_and(|(view, _)| VIEWS.contains(&view))
}

/// Text that is no JSON, or JSON of another shape: nothing of the row is left, its watermarks are gone, or only they are
/// left.
fn damaged(body: &Payload, dice: &mut Dice) -> Payload {
    let mut row: Value = body.read().unwrap();
    match dice.below(4) {
        0 => return Row::body_of(b"{damaged"),
        1 => row = json!(["damaged"]),
        2 => row = json!({ "row": row["row"] }),
        _ => row["row"] = json!("damaged"),
    }
    Payload::of(&row).unwrap()
}
