//! Messages that never reached their view. A later message of the stream shows the loss to the view itself. If none comes,
//! `dekigoto verify` notices it, and publishing the stream's time again mends it.

use std::sync::Arc;

use dekigoto::{Envelope, Message, Ports, views::Extent};
use dekigoto_testkit::sim::{LostMessage, Machine};
use futures_util::FutureExt as _;

use crate::{checks::views::has_unseen, unreadable, vetting::registry, world::World};

/// The number of the operator's machine, beyond those of functions.
const OPERATOR: u64 = 1 << 31;

/// Checks that a verification notices each view that lacks events, and mends the losses: in one half of the runs by a later
/// message of the same stream, in the other half as an operator does after the last message of a stream was lost.
pub(crate) fn mend(world: &World) {
    let lost = world.topic.take_lost();
    if lost.is_empty() {
        return;
    }
    world.sim.mark("a message was lost");
    verified(world);
    // A policy handles each event by itself: a later one does not bring the lost one.
    let is_of_policy =
        |it: &LostMessage| world.policies().any(|policy| policy.queue.name() == it.queue.name());
    if world.sim.dice(1 << 47).per_mille(500) || lost.iter().any(is_of_policy) {
        world.sim.tried("a lost last message, mended by publishing again");
        world.republish();
    } else {
        lost.iter().for_each(|lost| later_message(world, lost));
    }
}

/// After a message was lost, the stream goes on: its newest event reaches the view.
fn later_message(world: &World, lost: &LostMessage) {
    let stream = Envelope::from_message(&lost.body).unwrap().stream().unwrap().key();
    let view = registry().view_named(lost.queue.name()).unwrap();
    let wanted = registry().events_for(&*view);
    let mut events = world.truth.published_events().into_iter().filter(|it| is_of(it, &stream));
    let newest = events.rfind(|event| wanted.contains(&event.event_type.as_str())).unwrap();
    lost.queue.put(Message::of(&newest).body);
}

fn is_of(event: &Envelope, stream: &str) -> bool {
    event.stream().is_ok_and(|it| it.key() == stream)
}

/// The tables in the hands of an operator, whose calls do not fail.
pub(crate) fn operator(world: &World) -> Ports {
    Ports {
        store: Arc::new(world.events.stored()),
        views: Arc::new(world.views.stored()),
        host: Arc::new(Machine::new(&world.sim, "operator", OPERATOR)),
    }
}

fn verified(world: &World) {
    let (ports, store) = (operator(world), world.events.stored());
    for queue in &world.view_queues {
        if !has_unseen(world, queue.name) {
            continue;
        }
        let view = registry().view_named(queue.name).unwrap();
        let verified = view.verify(&ports, &store, Extent::Everything).now_or_never();
        match verified.unwrap() {
            Ok(found) if found.waiting > 0 => world.sim.mark("a verification noticed a loss"),
            // Old code wrote the row: the verification names it, and the next event folds it again.
            Ok(found) if found.differences.iter().any(|it| !unreadable::is_named(&it.row)) => {}
            found => {
                let what =
                    format!("a verification of {} did not notice a loss: {found:?}", queue.name);
                world.sim.violation("L2", what);
            }
        }
    }
}
