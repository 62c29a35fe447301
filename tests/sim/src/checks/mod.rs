//! Checks after a run. Each invariant is in the file of its subject.

pub(crate) mod answers;
pub(crate) mod damaged;
pub(crate) mod delivery;
pub(crate) mod effects;
pub(crate) mod ends;
pub(crate) mod processes;
pub(crate) mod stored;
pub(crate) mod vetting;
pub(crate) mod views;

use crate::{crowd, history::History, unreadable, world::World};

/// Checks a finished run.
pub(crate) fn at_rest(world: &World, history: &History) {
    of_tables(world, history);
    delivery::check(world);
    ends::check(world);
    vetting::check(world);
    crowd::check(world);
    damaged::check(world);
    unreadable::check(world);
}

/// Checks what is in the tables and what clients and subscribers heard, but not the queues.
pub(crate) fn of_tables(world: &World, history: &History) {
    stored::check(world, history);
    answers::check(world, history);
    views::check(world);
    processes::check(world);
    effects::check(world);
}
