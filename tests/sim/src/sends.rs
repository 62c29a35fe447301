//! S16: an event goes to the topic again only for a reason. A commit may be sent once when it is stored, and once more for
//! each failure or wish that leaves the publisher no choice. Whatever is sent beyond that is a flood: it grows with the
//! length of an outage, although the topic works.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use dekigoto::{
    Bus, Commit, Envelope, Message, Ordinal, Pointer, Refused, RetryQueue, Source, Target,
    batch::{Delivered, Report},
    relay::StreamRecord,
};
use dekigoto_testkit::sim::{EventTable, Letter, Sim};

/// Reasons of a reported record after which the publisher may have sent it, and those after it in the stream: it could not
/// put a pointer into the retry queue, or had no time left to. A record that cannot be parked is no such reason.
const UNAVOIDABLE: [&str; 2] = ["; retry queue: ", "the time ran out while"];

/// A stream and an ordinal.
type CommitId = (String, Ordinal);

/// How often each event was sent to the topic, and how often it may be.
#[derive(Clone, Default)]
pub(crate) struct Sends(Arc<Mutex<Ledger>>);

#[derive(Default)]
struct Ledger {
    /// The commit of each event, by stream and version.
    commits: BTreeMap<(String, u64), CommitId>,
    allowed: BTreeMap<CommitId, u32>,
    sent: BTreeMap<(String, u64), u32>,
    /// Records and messages that a function got and did not report as failed.
    held: BTreeSet<String>,
}

/// A record that the publisher got.
#[derive(Clone)]
pub(crate) struct Taken {
    /// Its id in the report.
    id: String,
    /// Its name among all records and messages.
    name: String,
    /// The commit that it sends to the topic. `None` if it sends none.
    commit: Option<CommitId>,
}

/// Commits that may be sent again unless the work on them ends with an answer.
struct Pending {
    sends: Sends,
    batch: Vec<Taken>,
}

impl Pending {
    /// The answer came.
    fn answered(mut self) -> Vec<Taken> {
        std::mem::take(&mut self.batch)
    }
}

impl Drop for Pending {
    /// The machine crashed, or nobody waits for the answer any more.
    fn drop(&mut self) {
        self.sends.come_back(&self.batch, true);
    }
}

impl Taken {
    /// The records of a batch of the stream.
    pub(crate) fn of_stream(batch: &[Delivered<StreamRecord>]) -> Vec<Self> {
        let taken = |Delivered { id, record }: &Delivered<StreamRecord>| match record {
            StreamRecord::Commit(commit) => {
                let commit = id_of(commit);
                Self { id: id.clone(), name: format!("{commit:?}"), commit: Some(commit) }
            }
            StreamRecord::Unreadable { .. } => {
                Self { id: id.clone(), name: String::new(), commit: None }
            }
        };
        batch.iter().map(taken).collect()
    }

    /// The messages of a batch of the retry queue.
    pub(crate) fn of_queue(batch: &[Delivered<Letter>]) -> Vec<Self> {
        let taken = |Delivered { id, record }: &Delivered<Letter>| Self {
            id: id.clone(),
            name: format!("message {id}"),
            commit: asked_in(&record.body),
        };
        batch.iter().map(taken).collect()
    }
}

impl Sends {
    /// Each new commit of this table may be sent once.
    pub(crate) fn of(events: &EventTable) -> Self {
        let all = Self::default();
        let sends = all.clone();
        events.on_commit(move |commit: &Commit| {
            let id = id_of(commit);
            sends.allow(&id);
            let versions = commit.envelopes().map(|event| (id.0.clone(), event.version.get()));
            sends.ledger().commits.extend(versions.map(|version| (version, id.clone())));
        });
        all
    }

    /// The topic, whose failed calls leave open whether it has the messages.
    pub(crate) fn topic(&self, target: Arc<dyn Bus>) -> Arc<dyn Bus> {
        Arc::new(Answering { target, sends: self.clone() })
    }

    /// The retry queue, for those who ask that commits are sent again.
    pub(crate) fn asking(&self, queue: Arc<dyn RetryQueue>) -> Arc<dyn RetryQueue> {
        Arc::new(Asking { queue, sends: self.clone() })
    }

    /// Somebody puts this pointer into the retry queue.
    pub(crate) fn asked(&self, pointer: &str) {
        asked_in(pointer).iter().for_each(|commit| self.allow(commit));
    }

    /// Counts a message that the topic took.
    pub(crate) fn sent(&self, sim: &Sim, message: &Message) {
        let Ok(event) = Envelope::from_message(&message.body) else { return };
        let (stream, version) = (event.stream().unwrap().key(), event.version.get());
        let mut ledger = self.ledger();
        let Ledger { commits, allowed, sent, .. } = &mut *ledger;
        let commit = commits.get(&(stream.clone(), version));
        let allowed = commit.and_then(|commit| allowed.get(commit)).copied().unwrap_or(0);
        let times = sent.entry((stream.clone(), version)).or_default();
        *times += 1;
        let times = *times;
        drop(ledger);
        if times > allowed {
            let what = format!(
                "{stream} {version} went to the topic {times} times, for {allowed} reasons"
            );
            sim.violation("S16", what);
        }
    }

    /// Watches the publisher's work on a batch. Of a `stream`, everything from the first reported record on comes back.
    pub(crate) async fn over(
        &self,
        batch: Vec<Taken>,
        is_stream: bool,
        work: impl Future<Output = Report>,
    ) -> Report {
        self.got(&batch);
        let pending = Pending { sends: self.clone(), batch };
        let report = work.await;
        let batch = pending.answered();
        for failed in &report.failed {
            let place = batch.iter().position(|taken| taken.id == *failed).unwrap();
            let end = if is_stream { batch.len() } else { place + 1 };
            let mut reasons = report.reasons.iter().filter(|(id, _)| id == failed);
            let may_be_sent = reasons.any(|(_, why)| UNAVOIDABLE.iter().any(|it| why.contains(it)));
            self.come_back(&batch[place..end], may_be_sent);
        }
        report
    }

    /// What nobody reported as failed and comes nevertheless: AWS delivers it twice.
    fn got(&self, batch: &[Taken]) {
        for Taken { name, commit, .. } in batch {
            let is_new = self.ledger().held.insert(name.clone());
            commit.iter().filter(|_| !is_new).for_each(|commit| self.allow(commit));
        }
    }

    /// These will be delivered again. They may have been sent.
    fn come_back(&self, batch: &[Taken], may_be_sent: bool) {
        for Taken { name, commit, .. } in batch {
            self.ledger().held.remove(name);
            commit.iter().filter(|_| may_be_sent).for_each(|commit| self.allow(commit));
        }
    }

    /// A commit may be sent once more.
    fn allow(&self, commit: &CommitId) {
        *self.ledger().allowed.entry(commit.clone()).or_default() += 1;
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap()
    }
}

struct Answering {
    target: Arc<dyn Bus>,
    sends: Sends,
}

#[async_trait]
impl Bus for Answering {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        let taken = batch.iter().map(|message| Taken {
            id: String::new(),
            name: String::new(),
            commit: self.commit_of(message),
        });
        let pending = Pending { sends: self.sends.clone(), batch: taken.collect() };
        let answers = self.target.send(batch).await?;
        let taken = pending.answered();
        for (message, _) in taken.iter().zip(&answers).filter(|(_, answer)| answer.is_err()) {
            self.sends.come_back(std::slice::from_ref(message), true);
        }
        Ok(answers)
    }
}

impl Answering {
    fn commit_of(&self, message: &Message) -> Option<CommitId> {
        let event = Envelope::from_message(&message.body).ok()?;
        let version = (event.stream().unwrap().key(), event.version.get());
        self.sends.ledger().commits.get(&version).cloned()
    }
}

struct Asking {
    queue: Arc<dyn RetryQueue>,
    sends: Sends,
}

#[async_trait]
impl RetryQueue for Asking {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        pointers.iter().for_each(|pointer| self.sends.asked(&pointer.text()));
        self.queue.put(pointers).await
    }
}

fn id_of(commit: &Commit) -> CommitId {
    (commit.stream().key(), commit.ordinal())
}

/// The commit that a pointer wants to have on the topic.
fn asked_in(pointer: &str) -> Option<CommitId> {
    let pointer: Pointer = serde_json::from_str(pointer).ok()?;
    pointer.targets.contains(&Target::Topic).then(|| (pointer.stream.key(), pointer.ordinal))
}
