//! What must hold when a run is over, each invariant in the file of its subject.

pub(crate) mod answers;
pub(crate) mod delivery;
pub(crate) mod stored;
pub(crate) mod views;

use crate::{history::History, world::World};

/// Checks a run that has come to rest.
pub(crate) fn at_rest(world: &World, history: &History) {
    stored::check(world, history);
    answers::check(world, history);
    delivery::check(world);
    views::check(world);
}
