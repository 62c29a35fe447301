//! One invocation of the relay: find the commits, send them, and settle what could not be sent.

use futures_util::{StreamExt as _, future::join, stream};

use super::{
    Circuit, Relay, StreamRecord, TimeLeft,
    budget::Budget,
    outgoing::{Outgoing, Unsent},
    send_all,
    settle::{AtFailure, Plan, Settling},
};
use crate::{
    Commit, Corrupt, Message, Pointer, ReadError, ReadFrom, Source, Timestamp, Trail,
    batch::Outcome, measure::PUBLISH_LAG, trail::log_hop,
};

/// Commits that are read from the store in parallel.
pub const READS_AT_ONCE_MAX: usize = 16;

/// The relay, with a circuit breaker for each service that this invocation calls.
pub(super) struct Invocation<'a> {
    relay: &'a Relay,
    budget: Budget<'a>,
    topic: Circuit,
    bus: Circuit,
    store: Circuit,
    settling: Settling<'a>,
}

/// One record of a batch, after it was read.
enum Item {
    /// A commit to publish to the targets of its pointer.
    Commit {
        pointer: Pointer,
        commit: Box<Commit>,
        /// Whether the pointer is a message of the retry queue, which delivers it again when it is reported as failed.
        is_queued: bool,
    },
    /// A record that cannot be published.
    Park { text: String, reason: String },
    /// A commit that cannot be read now.
    Wait(String),
}

impl<'a> Invocation<'a> {
    pub(super) fn new(relay: &'a Relay, time_left: &'a TimeLeft<'a>) -> Self {
        let settling = Settling::new(&*relay.retry, &*relay.parking);
        let budget = Budget::new(&*relay.host, time_left);
        let (topic, bus, store) = Default::default();
        Self { relay, budget, topic, bus, store, settling }
    }

    /// Publishes stream records. Returns one outcome for each; stops at the first that Lambda must deliver again.
    pub(super) async fn publish(&self, records: Vec<StreamRecord>) -> Vec<Outcome> {
        let count = records.len();
        let mut outcomes = Vec::with_capacity(count);
        for part in parts(records) {
            let plans = self.send(part.into_iter().map(Item::of).collect()).await;
            outcomes.extend(self.settling.settle(plans, AtFailure::Stop, &self.budget).await);
            if matches!(outcomes.last(), Some(Outcome::Retry(_))) {
                break;
            }
        }
        // The stream delivers everything after a failure again.
        outcomes.resize(count, Outcome::Retry("after a failed record".to_owned()));
        outcomes
    }

    /// Reads the commits of these pointers from the store and publishes them. Returns one outcome for each pointer.
    pub(super) async fn republish(&self, bodies: Vec<String>) -> Vec<Outcome> {
        // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
        let reads: Vec<_> = bodies.into_iter().map(|body| self.read(body)).collect();
        let items: Vec<Item> = stream::iter(reads).buffered(READS_AT_ONCE_MAX).collect().await;
        let plans = self.send(items).await;
        self.settling.settle(plans, AtFailure::GoOn, &self.budget).await
    }

    /// Reads the commit that a message of the retry queue points to.
    async fn read(&self, body: String) -> Item {
        let Some(pointer) = pointer_in(&body) else {
            let reason = "the message is not a pointer to a commit".to_owned();
            return Item::Park { text: body, reason };
        };
        let call = self.commit_at(&pointer);
        match self.store.call(self.budget.host, self.budget.to_send(), call).await {
            Err(reason) => Item::Wait(format!("the event store: {reason}")),
            Ok(Err(corrupt)) => Item::Park { text: body, reason: corrupt.to_string() },
            Ok(Ok(None)) => {
                let reason = "the store has no such commit".to_owned();
                Item::Park { text: body, reason }
            }
            Ok(Ok(Some(commit))) => {
                Item::Commit { pointer, commit: Box::new(commit), is_queued: true }
            }
        }
    }

    /// The commit that the pointer names, or `None` if it does not exist.
    async fn commit_at(
        &self,
        pointer: &Pointer,
    ) -> Result<Result<Option<Commit>, Corrupt>, Source> {
        let read = self.relay.store.read(&pointer.stream, ReadFrom::Up(pointer.ordinal), 1).await;
        match read {
            Ok(page) => {
                self.store.worked();
                let mut page = page.into_iter();
                Ok(Ok(page.find(|commit| commit.ordinal() == pointer.ordinal)))
            }
            Err(ReadError::Corrupt(corrupt)) => Ok(Err(corrupt)),
            Err(error @ (ReadError::Unavailable(_) | ReadError::Broken(_))) => Err(error.into()),
        }
    }

    /// Sends the messages of all commits to both targets in parallel. Returns for each item what is left to do.
    async fn send(&self, items: Vec<Item>) -> Vec<Plan> {
        let outgoing: Vec<Outgoing> = items
            .iter()
            .map(|item| match item {
                Item::Commit { pointer, commit, .. } => {
                    Outgoing::of(commit, &pointer.targets, &self.relay.announcements)
                }
                Item::Park { .. } | Item::Wait(_) => Outgoing::default(),
            })
            .collect();
        let flat = |of: fn(&Outgoing) -> &Vec<Message>| -> Vec<Message> {
            outgoing.iter().flat_map(of).cloned().collect()
        };
        let (topic, bus) = (flat(|it| &it.topic), flat(|it| &it.bus));
        let time_left = || self.budget.to_send();
        let host = self.budget.host;
        let (topic, bus) = join(
            send_all(&*self.relay.topic, &self.topic, host, &topic, &time_left),
            send_all(&*self.relay.bus, &self.bus, host, &bus, &time_left),
        )
        .await;
        let (mut topic, mut bus) = (topic.into_iter(), bus.into_iter());
        let answered = items.into_iter().zip(outgoing);
        let plans =
            answered.map(|(item, it)| (item.at(), item.plan(&it.unsent(&mut topic, &mut bus))));
        plans.map(|(at, plan)| self.published(at, plan)).collect()
    }

    /// Measures and logs a commit that both targets have now.
    fn published(&self, at: Option<Timestamp>, plan: Plan) -> Plan {
        if let (true, Some(at)) = (plan.is_published, at) {
            let lag = self.relay.host.now().as_millis().saturating_sub(at.as_millis());
            PUBLISH_LAG.record(lag);
            log_hop!(Publish, &plan.trail, "Published");
        }
        plan
    }
}

/// A batch of the stream in parts, each of which ends with a record to park. Nothing of the next part is sent before that
/// record is parked: if parking fails, the stream delivers everything after the record again, and each attempt would send
/// healthy commits once more.
fn parts(records: Vec<StreamRecord>) -> Vec<Vec<StreamRecord>> {
    let mut parts = vec![Vec::new()];
    for record in records {
        let is_last = matches!(record, StreamRecord::Unreadable { .. });
        if let Some(part) = parts.last_mut() {
            part.push(record);
        }
        if is_last {
            parts.push(Vec::new());
        }
    }
    parts
}

/// The pointer in a message. `None` if it is invalid or names no target.
fn pointer_in(body: &str) -> Option<Pointer> {
    let pointer: Pointer = serde_json::from_str(body).ok()?;
    (!pointer.targets.is_empty()).then_some(pointer)
}

impl Item {
    fn of(record: StreamRecord) -> Self {
        match record {
            StreamRecord::Commit(commit) => {
                Self::Commit { pointer: Pointer::to(&commit), commit, is_queued: false }
            }
            StreamRecord::Unreadable { pointer: Some(pointer), reason, .. } => {
                Self::Park { text: pointer.text(), reason }
            }
            StreamRecord::Unreadable { pointer: None, body, reason } => {
                let reason = format!("{reason}; its key is unreadable too, so this is its text");
                Self::Park { text: body, reason }
            }
        }
    }

    /// When the command of the commit was received.
    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Commit { commit, .. } => Some(commit.context().at),
            Self::Park { .. } | Self::Wait(_) => None,
        }
    }

    /// What is left to do with the item.
    fn plan(self, unsent: &Unsent) -> Plan {
        let (pointer, commit, is_queued) = match self {
            Self::Commit { pointer, commit, is_queued } => (pointer, commit, is_queued),
            Self::Park { text, reason } => {
                return Plan { park: Some((text, reason)), ..Plan::default() };
            }
            Self::Wait(reason) => return Plan { wait: Some(reason), ..Plan::default() },
        };
        let (later, never) = (unsent.later(), unsent.never());
        let mut plan = Plan { trail: Trail::of_commit(&commit), ..Plan::default() };
        if !never.is_empty() {
            let reason = unsent.reason(&never);
            plan.park = Some((pointer.only(never).text(), reason));
        }
        let reason = unsent.reason(&later);
        if later.is_empty() {
            plan.is_published = plan.park.is_none();
        } else if is_queued && later == pointer.targets {
            plan.wait = Some(reason);
        } else {
            plan.put = Some((pointer.only(later), reason));
        }
        plan
    }
}
