//! S1, S2, S5, S6: the stored history has no holes, every commit was requested once, and each was decided on all
//! commits before it.

use std::collections::{BTreeMap, BTreeSet};

use dekigoto::{Aggregate, Commit, EventSchema, NewEvent, StoredCommit};
use orders::{order::Order, payment::Payment};

use super::{
    answers::commands,
    processes::{self, POLICY},
    vetting::{self, VETTING},
};
use crate::{
    history::{History, Op},
    nemesis::ARCHIVE,
    unreadable,
    world::World,
};

/// The commits of each stream.
pub(super) fn streams(world: &World) -> BTreeMap<String, Vec<Commit>> {
    let mut streams: BTreeMap<String, Vec<Commit>> = BTreeMap::new();
    for item in world.events.items().into_iter().filter(|item| !unreadable::is_meant(item)) {
        let commit = Commit::try_from(StoredCommit { sn: None, ..item }).unwrap();
        streams.entry(commit.stream().key()).or_default().push(commit);
    }
    streams
}

/// Checks every stream.
pub(crate) fn check(world: &World, history: &History) {
    let ops = history.ops();
    for (stream, commits) in &streams(world) {
        gapless(world, stream, commits);
        let mut seen = BTreeSet::new();
        for (place, commit) in commits.iter().enumerate() {
            let context = commit.context();
            if !seen.insert((&context.actor, &context.key)) {
                let what = format!("{} took effect twice in {stream}", context.key);
                world.sim.violation("S5", what);
            }
            match context.actor.as_str() {
                ARCHIVE => {}
                POLICY => processes::requested(world, stream, &commits[..place], commit),
                VETTING => vetting::requested(world, stream, &commits[..place], commit),
                _ => asked_and_decided(world, &ops, stream, &commits[..place], commit),
            }
        }
    }
}

/// Checks that ordinals and versions have no gap.
fn gapless(world: &World, stream: &str, commits: &[Commit]) {
    let mut version = 1;
    for (ordinal, commit) in (1..).zip(commits) {
        let found = (commit.ordinal().get(), commit.first_version().get());
        if found != (ordinal, version) {
            let what = format!("{stream}: {found:?} stands where {ordinal}, {version} belongs");
            world.sim.violation("S2", what);
        }
        version += u64::try_from(commit.events().len()).unwrap();
    }
    if world.events.len(stream) + 1 != usize::try_from(version).unwrap() {
        world.sim.violation("S1", format!("{stream}: a commit was written over another"));
    }
}

/// Checks that a client requested the commit, and that its events are the decision of the rules.
fn asked_and_decided(world: &World, ops: &[Op], stream: &str, before: &[Commit], commit: &Commit) {
    let context = commit.context();
    let is_it = |op: &&Op| {
        op.key == context.key.as_str() && op.actor == context.actor && op.stream() == stream
    };
    let (ordinal, key) = (commit.ordinal(), &context.key);
    let mut askers = ops.iter().filter(is_it).peekable();
    if askers.peek().is_none() {
        return world
            .sim
            .violation("S4", format!("nobody asked for commit {ordinal} of {stream} ({key})"));
    }
    let found: Vec<NewEvent> = new_events(commit);
    let decides = |command: Command| command.decide(before).as_ref() == Some(&found);
    let at = context.at;
    if !askers.any(|op| commands(world, op, at).into_iter().any(decides)) {
        world
            .sim
            .violation("S6", format!("commit {ordinal} of {stream} was decided on another state"));
    }
}

/// A commit's events, decoded.
pub(crate) fn new_events(commit: &Commit) -> Vec<NewEvent> {
    let events = commit.events().iter().map(|event| NewEvent {
        event_type: event.event_type.clone(),
        schema_version: event.schema_version,
        payload: event.payload.clone(),
    });
    events.collect()
}

/// A command of either aggregate.
pub(crate) enum Command {
    Order(<Order as dekigoto::Decider>::Command),
    Payment(<Payment as dekigoto::Decider>::Command),
    /// The order was not placed, so there is nothing to pay.
    Nothing,
}

impl Command {
    /// The events that the rules decide after these commits; `None` if they refuse.
    pub(crate) fn decide(self, before: &[Commit]) -> Option<Vec<NewEvent>> {
        match self {
            Self::Order(command) => decide::<Order>(before, command),
            Self::Payment(command) => decide::<Payment>(before, command),
            Self::Nothing => None,
        }
    }
}

fn decide<A: Aggregate>(before: &[Commit], command: A::Command) -> Option<Vec<NewEvent>> {
    let mut state = A::State::default();
    for event in before.iter().flat_map(Commit::envelopes) {
        state = A::fold(state, &event.decode::<A::Event>().unwrap());
    }
    let events = A::decide(&state, command).ok()?;
    Some(events.iter().map(|event| event.encode().unwrap()).collect())
}
