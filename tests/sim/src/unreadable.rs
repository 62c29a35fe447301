//! An item of the event table that is no commit. Sweeps and operators who publish again read the whole table: they must go on
//! behind the item, and a verification must name it.

use dekigoto::{
    StoredCommit,
    views::{Extent, View as _},
};
use dekigoto_testkit::sim::Dice;
use futures_util::FutureExt as _;
use order_service::OrderSummaryView;

use crate::{lost::operator, nemesis::POISON, vetting::registry, world::World};

/// The stream of the item. Nobody sends a command to it.
const STREAM: &str = "Order#unreadable";

/// Stores it, as a hand that writes into the table would.
pub(crate) fn unreadable_item(world: &World, _: &mut Dice) {
    let Some(commit) = world.events.items().into_iter().next() else { return };
    world.sim.tried("an item of the event table that is no commit");
    let (pk, ev) = (STREAM.to_owned(), POISON.to_owned());
    world.events.damage(StoredCommit { pk, ev, sk: 1, sn: None, ..commit });
}

/// Whether an item of the event table is this one.
pub(crate) fn is_meant(item: &StoredCommit) -> bool {
    item.pk == STREAM
}

/// Whether a verification that names this row means the item.
pub(crate) fn is_named(row: &str) -> bool {
    row.contains(STREAM)
}

/// Checks that an operator's verification reads to the end and names it.
pub(crate) fn check(world: &World) {
    if !world.events.items().iter().any(is_meant) {
        return;
    }
    let (ports, history) = (operator(world), world.events.stored());
    let view = registry().view_named(OrderSummaryView::NAME).unwrap();
    match view.verify(&ports, &history, Extent::Everything).now_or_never().unwrap() {
        Ok(found) if found.differences.iter().any(|it| is_named(&it.row)) => {
            world.sim.mark("a verification named an item that is no commit");
        }
        found => {
            let what = format!("no verification names an item that is no commit: {found:?}");
            world.sim.violation("S15", what);
        }
    }
}
