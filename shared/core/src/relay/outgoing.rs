//! Turns commits into messages, and assigns the answers to the commits.

use std::collections::BTreeSet;

use super::{Announcements, Failure, Failures};
use crate::{Commit, Message, Target};

/// The messages of one commit, for the targets that do not have it yet.
#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) topic: Vec<Message>,
    pub(super) bus: Vec<Message>,
    /// Why an event cannot be announced on the bus. Its envelope still goes to the topic, which needs no decoding.
    unannounced: Option<Failure>,
}

impl Outgoing {
    pub(super) fn of(
        commit: &Commit,
        targets: &BTreeSet<Target>,
        announcements: &Announcements,
    ) -> Self {
        let mut outgoing = Self::default();
        for event in commit.envelopes() {
            if targets.contains(&Target::Topic) {
                outgoing.topic.push(Message::of(&event));
            }
            if !targets.contains(&Target::Bus) {
                continue;
            }
            match announcements.messages(&event) {
                Ok(messages) => outgoing.bus.extend(messages),
                Err(cause) => {
                    let for_good = !cause.is_of_newer_code();
                    outgoing.unannounced = Some(Failure { reason: cause.to_string(), for_good });
                }
            }
        }
        if outgoing.unannounced.as_ref().is_some_and(|failure| !failure.for_good) {
            // The commit is delivered again. Its other events wait too, because each attempt would send them again.
            outgoing.bus.clear();
        }
        outgoing
    }

    /// The failures of this commit. Takes its answers from the front of both iterators.
    pub(super) fn unsent(
        self,
        topic: &mut impl Iterator<Item = Option<Failure>>,
        bus: &mut impl Iterator<Item = Option<Failure>>,
    ) -> Unsent {
        let topic: Failures = topic.take(self.topic.len()).collect();
        let bus: Failures = bus.take(self.bus.len()).collect();
        let topic = topic.into_iter().flatten().map(|failure| (Target::Topic, failure));
        let bus = bus.into_iter().flatten().chain(self.unannounced);
        Unsent(topic.chain(bus.map(|failure| (Target::Bus, failure))).collect())
    }
}

/// The targets that did not accept a commit, and why.
pub(super) struct Unsent(Vec<(Target, Failure)>);

impl Unsent {
    /// The targets that may accept it later. A temporary failure at a target takes precedence: what the target refuses
    /// for good is parked when nothing else is left to send there.
    pub(super) fn later(&self) -> BTreeSet<Target> {
        let passing = self.0.iter().filter(|(_, failure)| !failure.for_good);
        passing.map(|(target, _)| *target).collect()
    }

    /// The targets that will never accept it.
    pub(super) fn never(&self) -> BTreeSet<Target> {
        let all: BTreeSet<Target> = self.0.iter().map(|(target, _)| *target).collect();
        all.difference(&self.later()).copied().collect()
    }

    /// The first failure at one of these targets, as text.
    pub(super) fn reason(&self, targets: &BTreeSet<Target>) -> String {
        let first = self.0.iter().find(|(target, failure)| {
            targets.contains(target) && failure.for_good == self.never().contains(target)
        });
        first.map_or_else(String::new, |(target, failure)| format!("{target}: {failure}"))
    }
}
