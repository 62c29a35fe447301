//! L1, L4, L5, S15: every commit is published, and no message stays in a queue.

use std::time::Duration;

use dekigoto_testkit::sim::Letter;

use crate::{
    nemesis::{POISON, UNREADABLE},
    vetting::registry,
    world::World,
};

/// How long a message of a view is redelivered: a hundred times, three minutes apart. After a longer outage, healthy
/// messages may become dead letters.
pub(crate) const RECEIVES_LAST: Duration = Duration::from_secs(5 * 3600);

/// Checks that everything is published, and that only poison is dead-lettered, with its reason.
pub(crate) fn check(world: &World) {
    published(world);
    let inlets = world.inlets();
    let views = inlets.iter().map(|inlet| (inlet.name, &inlet.queue, &inlet.dead));
    let all = views.chain([
        ("publisher", &world.retries, &world.relay_dead),
        ("sweeper", &world.sweeper.queue, &world.sweeper.dead),
    ]);
    for (name, queue, dead) in all {
        let left = queue.letters().len();
        if left > 0 {
            world.sim.violation("S15", format!("{left} messages are left in the queue of {name}"));
        }
        for letter in dead.letters() {
            if let Some(why) = wrong(&letter) {
                let body = letter.body.get(..60).unwrap_or(&letter.body);
                world.sim.violation("S15", format!("{name} has {why}: {body}"));
            }
        }
    }
}

/// What is wrong with a dead letter.
fn wrong(letter: &Letter) -> Option<&'static str> {
    match &letter.reason {
        _ if !letter.body.contains(POISON) => Some("a healthy dead letter after a redrive"),
        None => Some("a dead letter without a reason"),
        Some(reason) if reason.contains(POISON) => Some("a payload in a reason"),
        Some(_) => None,
    }
}

/// Checks the dead letters before a redrive: no healthy message may be among them.
pub(crate) fn dead_letters(world: &World, chaos: Duration) {
    let inlets = world.inlets();
    let views = inlets.iter().flat_map(|inlet| inlet.dead.letters());
    for letter in views.chain(world.relay_dead.letters()) {
        match letter.reason {
            Some(reason) if reason.contains("ended without a report") => {
                world.sim.mark("a message that crashes its function was parked");
            }
            Some(reason) if reason.contains("gave up after") => {
                world.sim.mark("a message was parked at its last delivery");
            }
            Some(_) => {}
            None => world.sim.violation("L4", format!("no reason on {:.60}", letter.body)),
        }
    }
    if chaos > RECEIVES_LAST {
        return;
    }
    for view in &inlets {
        if view.dead.letters().iter().any(is_unbelieved) {
            world.sim.mark("a forged message was not believed");
        }
        for letter in view.dead.letters().iter().filter(|it| !it.body.contains(POISON)) {
            let (name, reason) = (view.name, &letter.reason);
            let what = format!("{name} dead-lettered a healthy message: {reason:?}");
            world.sim.violation("L4", what);
        }
    }
    // The redrive publishes records that only newer code can read, after that code is deployed.
    let is_newer = |letter: &Letter| letter.reason.as_deref() == Some(UNREADABLE);
    let dead = world.relay_dead.letters();
    for letter in dead.iter().filter(|it| !it.body.contains(POISON) && !is_newer(it)) {
        world.sim.violation("L4", format!("the publisher dead-lettered {}", letter.body));
    }
}

pub(crate) fn published(world: &World) {
    let memory = world.truth.memory();
    let service = registry();
    for event in world.events.all_events() {
        let (stream, version) = (event.stream().unwrap().key(), event.version);
        if !memory.sent.contains(&(stream.clone(), version.get())) {
            world.sim.violation("L1", format!("{stream} {version} is not on the topic"));
        }
        let is_announced = !service.announcements().events(&event).unwrap().is_empty();
        if is_announced && !memory.announced.contains(&event.event_id) {
            world.sim.violation("L1", format!("{stream} {version} is not on the bus"));
        }
    }
}

fn is_unbelieved(letter: &Letter) -> bool {
    letter.reason.as_ref().is_some_and(|why| why.contains("the store does not have version"))
}
