//! Events besides faults: old events, poison, redelivery, damage, deployments.

use std::{sync::Mutex, time::Duration};

use dekigoto::{
    Bus as _, Commit, Context, Envelope, Fingerprint, Head, Message, NewEvent, Payload, Pointer,
    StoredCommit, StreamId, Timestamp, Version, relay::StreamRecord,
};
use dekigoto_testkit::sim::{Dice, EventTable, Letter, Machine, Sim, Stream};
use orders::OrderId;
use serde_json::{Value, json};

use crate::{
    checks::delivery::RECEIVES_LAST, damaged::damaged_rows, unreadable::unreadable_item,
    world::World,
};

/// A text in every poisoned body.
pub(crate) const POISON: &str = "poison";

/// The actor of old events.
pub(crate) const ARCHIVE: &str = "archive";

/// One action of the nemesis.
type Deed = fn(&World, &mut Dice);

/// The actions, with the number of runs in a thousand that have each.
const DEEDS: [(u32, Deed); 12] = [
    (300, old_order),
    (300, poisoned_message),
    (200, poisoned_record),
    (300, redelivery),
    (800, damaged_snapshots),
    (300, deployment),
    (50, event_of_new_code),
    (300, forged_event),
    (100, republication),
    (200, early_sweep),
    (300, damaged_rows),
    (200, unreadable_item),
];

/// Starts some of the actions at random moments within this time.
pub(crate) fn begin(world: &World, within: Duration) {
    let mut dice = world.sim.dice(1 << 43);
    for (cases, deed) in DEEDS {
        if dice.per_mille(cases) {
            let after = dice.time(Duration::ZERO, within);
            let (world, sim) = (world.clone(), world.sim.clone());
            let mut dice = sim.dice(dice.number());
            sim.clone().spawn(async move {
                sim.sleep(after).await;
                deed(&world, &mut dice);
            });
        }
    }
}

/// An old order: three events in one commit, one of them in an older schema version.
fn old_order(world: &World, dice: &mut Dice) {
    world.sim.tried("an event of an old version");
    let shipped = json!({ "customerId": "c-0", "trackingCode": "0034" });
    let events = vec![
        placed(),
        old_event("OrderConfirmed", &json!({ "customerId": "c-0" })),
        old_event("OrderShipped", &shipped),
    ];
    archive(world, &format!("old-{}", dice.number()), events);
}

/// The first event of an old order.
pub(crate) fn placed() -> NewEvent {
    let item = json!({ "productId": "p-1", "quantity": 1, "unitAmount": 500 });
    let payload = json!({ "customerId": "c-0", "currency": "JPY", "items": [item], "totalAmount": 500, "placedOn": "2020-01-01" });
    old_event("OrderPlaced", &payload)
}

fn old_event(event_type: &str, payload: &Value) -> NewEvent {
    let (event_type, payload) = (event_type.to_owned(), Payload::of(payload).unwrap());
    NewEvent { event_type, schema_version: 1, payload }
}

/// Stores an order of the archive in one commit.
pub(crate) fn archive(world: &World, key: &str, events: Vec<NewEvent>) {
    let id = OrderId::derive(ARCHIVE, &key.parse().unwrap());
    let stream = StreamId::new("Order", id.to_string()).unwrap();
    let context = Context::new(Timestamp::EPOCH, key.parse().unwrap(), ARCHIVE);
    let fingerprint = Fingerprint::of(&[ARCHIVE]);
    let commit = Commit::after(&Head::empty(stream), events, context, fingerprint).unwrap();
    world.events.append(&commit).unwrap();
}

/// Puts a message that is not an event into a view's queue.
fn poisoned_message(world: &World, dice: &mut Dice) {
    world.sim.tried("a message that is no event");
    let bodies = [
        POISON.to_owned(),
        json!({ "Message": POISON }).to_string(),
        json!({ "detail": { "eventType": POISON } }).to_string(),
        format!("[\"{POISON}\""),
    ];
    let inlets = world.inlets();
    let view = dice.pick(&inlets);
    view.queue.put(dice.pick(&bodies).clone());
}

/// Adds a stream record of a changed commit.
fn poisoned_record(world: &World, dice: &mut Dice) {
    world.sim.tried("a stream record that is no commit");
    let body = format!("{{\"{POISON}\":{}}}", dice.number());
    let record = StreamRecord::Unreadable { pointer: None, body, reason: "MODIFY".to_owned() };
    world.stream.put("somebody", record);
}

/// The park reason of a stream record that only newer code can read.
pub(crate) const UNREADABLE: &str = "the record has a newer format";

/// Gives each new commit to the stream. In some runs, newer code wrote some of the records, and the publisher can read
/// only their keys. In others, some records are lost.
pub(crate) fn feed(
    sim: &Sim,
    events: &EventTable,
    stream: &Stream<StreamRecord>,
    parks_pointers: bool,
) {
    let mut dice = sim.dice(1 << 45);
    let cases = if dice.per_mille(100) { 200 } else { 0 };
    let losses = Mutex::new(Losses::draw(sim));
    let (sim, stream, dice) = (sim.clone(), stream.clone(), Mutex::new(dice));
    events.on_commit(move |commit: &Commit| {
        if !sim.is_healed() && losses.lock().unwrap().take(commit) {
            sim.tried("a stream record that is lost");
            return;
        }
        let is_newer = dice.lock().unwrap().per_mille(cases);
        // When everything is healed, the new code is deployed everywhere.
        let record = if is_newer && !sim.is_healed() {
            sim.tried("a stream record that only newer code can read");
            let (pointer, body) = (parks_pointers.then(|| Pointer::to(commit)), String::new());
            StreamRecord::Unreadable { pointer, body, reason: UNREADABLE.to_owned() }
        } else {
            StreamRecord::Commit(Box::new(commit.clone()))
        };
        stream.put(&commit.stream().key(), record);
    });
}

/// The sequence of random numbers for lost stream records.
const LOSSES: u64 = 1 << 53;

/// The stream records that never arrive.
struct Losses {
    dice: Dice,
    cases: u32,
}

impl Losses {
    /// In one run of ten, some are lost.
    fn draw(sim: &Sim) -> Self {
        let mut dice = sim.dice(LOSSES);
        let cases = if dice.per_mille(100) { *dice.pick(&[20, 100, 400]) } else { 0 };
        Self { dice, cases }
    }

    /// Whether the record of this commit is lost. A sweep looks at the commits of the last days, not at an archive.
    fn take(&mut self, commit: &Commit) -> bool {
        commit.context().actor != ARCHIVE && self.dice.per_mille(self.cases)
    }
}

/// Sends every event that was published so far to one view again.
fn redelivery(world: &World, dice: &mut Dice) {
    world.sim.tried("a view that gets every event again");
    let inlets = world.inlets();
    let view = dice.pick(&inlets);
    for event in world.truth.published_events() {
        view.queue.put(Message::of(&event).body);
        if world.wiring.replay_publishes() {
            let topic = world.topic.port(&Machine::new(&world.sim, "rebuild", 1 << 30));
            world.sim.spawn(async move {
                let _ = topic.send(&[Message::of(&event)]).await;
            });
        }
    }
}

/// Replaces snapshots by wrong or unreadable ones.
fn damaged_snapshots(world: &World, dice: &mut Dice) {
    for item in world.events.items().into_iter().filter(|item| item.sn.is_some()) {
        world.sim.mark("a snapshot was damaged");
        world.sim.tried("a damaged or deleted snapshot");
        let sn = dice.per_mille(500).then(|| "{\"sum\":\"x\",\"body\":{}}".to_owned());
        world.events.damage(StoredCommit { sn, ..item });
    }
}

/// New machines for every function.
fn deployment(world: &World, _: &mut Dice) {
    world.sim.tried("a deployment under load");
    world.redeploy();
}

/// A text in every event of code that is not fully deployed yet.
pub(crate) const NEWER: &str = "newer-code";

/// During a rolling deployment, sends an event of new code to a view that still runs old code.
fn event_of_new_code(world: &World, dice: &mut Dice) {
    world.sim.tried("an event of newer code, during a deployment");
    let all = world.events.all_events();
    let Some(event) = all.first() else { return };
    let event = Envelope {
        schema_version: 99,
        payload: Payload::of(&json!({ "newField": NEWER })).unwrap(),
        ..event.clone()
    };
    dice.pick(&world.inlets()).queue.put(Message::of(&event).body);
}

/// Ends the deployment: events that old code could not read are applied, unless old code dropped them.
pub(crate) fn deploy_new_code(world: &World, chaos: Duration) {
    world.rollout.end();
    for view in world.inlets() {
        let is_newer = |letter: &Letter| letter.body.contains(NEWER);
        if !view.dead.remove(is_newer).is_empty() && chaos < RECEIVES_LAST {
            let what = format!("{} dead-lettered an event of newer code", view.name);
            world.sim.violation("L4", what);
        }
        let _ = view.queue.remove(is_newer);
    }
}

/// Sends a message that claims what the store does not say: a cancellation at the next version, at a version far beyond
/// it, of another customer, or instead of the event that is stored.
fn forged_event(world: &World, dice: &mut Dice) {
    let all = world.events.all_events();
    let Some(event) = all.iter().find(|event| event.event_type == "OrderPlaced") else { return };
    world.sim.tried("a message of an event that the store does not have");
    let placed: Value = event.payload.read().unwrap();
    let mut payload = json!({ "totalAmount": 1, "reason": POISON });
    for field in ["customerId", "currency", "placedOn"] {
        payload[field] = placed[field].clone();
    }
    let head = u64::try_from(world.events.len(&event.stream().unwrap().key())).unwrap();
    let version = match dice.below(4) {
        0 => head + 1,
        1 => head + 100_000,
        2 => {
            payload["customerId"] = json!("c-999");
            1
        }
        _ => 1 + dice.number() % head,
    };
    let event = Envelope {
        event_type: "OrderCancelled".to_owned(),
        version: Version::new(version).unwrap(),
        payload: Payload::of(&payload).unwrap(),
        ..event.clone()
    };
    dice.pick(&world.inlets()).queue.put(Message::of(&event).body);
}

/// An operator publishes everything again.
fn republication(world: &World, _: &mut Dice) {
    world.sim.tried("a time window that is published again");
    world.republish();
}

/// A sweep that looks at commits whose messages may still be on their way.
fn early_sweep(world: &World, _: &mut Dice) {
    world.sim.tried("a sweep while calls fail");
    world.sweeper.sweep(Duration::from_secs(30));
}
