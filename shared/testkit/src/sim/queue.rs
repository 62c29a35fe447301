//! A queue: a message that is not deleted in time is delivered again, and becomes a dead letter after too many
//! receives.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Parking, Pointer, Refused, RetryQueue, Source,
    policies::{DeadlineQueue, DueProcess},
    sweep::{Sweep, SweepQueue},
};

use super::{Fault, Luck, Machine, Sim, Site, signal::Signal};

/// A batch of pointers for the retry queue.
pub static RETRY: Site = Site { name: "retry", menu: Fault::OF_BATCH };

/// A batch of due processes for the queue of their policy.
pub static DUE: Site = Site { name: "due", menu: Fault::OF_BATCH };

/// A record for the dead letters.
pub static PARK: Site = Site { name: "park", menu: Fault::OF_WRITE };

/// A message in a queue.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The body.
    pub body: String,
    /// Why a function parked it, if one did.
    pub reason: Option<String>,
    /// Deliveries so far.
    pub receives: u32,
    pub(super) visible: Duration,
}

/// The queue.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    sim: Sim,
    name: &'static str,
    letters: Mutex<(u64, BTreeMap<u64, Letter>)>,
    pub(super) changed: Signal,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(sim: &Sim, name: &'static str) -> Self {
        let (letters, changed) = (Mutex::default(), Signal::default());
        Self(Arc::new(Inner { sim: sim.clone(), name, letters, changed }))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Puts a message.
    pub fn put(&self, body: String) {
        self.put_with(body, None);
    }

    fn put_with(&self, body: String, reason: Option<String>) {
        let letter = Letter { body, reason, receives: 0, visible: self.0.sim.now() };
        let mut letters = self.0.letters.lock().unwrap();
        letters.0 += 1;
        let id = letters.0;
        letters.1.insert(id, letter);
        drop(letters);
        self.0.changed.raise();
    }

    /// Takes a batch: all of it, or a random part.
    fn put_batch(&self, bodies: Vec<String>, luck: &mut Luck) -> Vec<Result<(), Refused>> {
        let is_partial = luck.fault == Some(Fault::Partial);
        let put = |body| {
            if is_partial && luck.dice.per_mille(500) {
                return Err(Refused { code: "InternalError".to_owned(), for_good: false });
            }
            self.put(body);
            Ok(())
        };
        bodies.into_iter().map(put).collect()
    }

    /// Every message, in flight or not.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.0.letters.lock().unwrap().1.values().cloned().collect()
    }

    /// Removes all messages.
    #[must_use]
    pub fn drain(&self) -> Vec<Letter> {
        std::mem::take(&mut self.0.letters.lock().unwrap().1).into_values().collect()
    }

    /// Removes the messages that match.
    pub fn remove(&self, is_meant: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let mut letters = self.0.letters.lock().unwrap();
        letters.1.extract_if(.., |_, letter| is_meant(letter)).map(|(_, letter)| letter).collect()
    }

    /// The queue, called from this machine.
    #[must_use]
    pub fn port(&self, machine: &Machine) -> QueuePort {
        QueuePort { queue: self.clone(), machine: machine.clone() }
    }

    pub(super) fn sim(&self) -> &Sim {
        &self.0.sim
    }

    pub(super) fn changed(&self) -> &Signal {
        &self.0.changed
    }

    /// The next moment at which a message can be received. `None` if the queue is empty.
    pub(super) fn next_visible(&self) -> Option<Duration> {
        self.0.letters.lock().unwrap().1.values().map(|letter| letter.visible).min()
    }

    /// Receives up to `limit` messages in any order. They are invisible for the given time.
    pub(super) fn receive(
        &self,
        limit: usize,
        visibility: Duration,
        site: &'static Site,
    ) -> Vec<(u64, Letter)> {
        let now = self.0.sim.now();
        let mut luck = self.0.sim.luck(site);
        let mut letters = self.0.letters.lock().unwrap();
        let visible = letters.1.iter().filter(|(_, letter)| letter.visible <= now);
        let mut ids: Vec<u64> = visible.map(|(id, _)| *id).collect();
        let mut received = Vec::new();
        while received.len() < limit && !ids.is_empty() {
            let id = ids.swap_remove(luck.dice.below(ids.len()));
            let letter = letters.1.get_mut(&id).unwrap();
            letter.receives += 1;
            // A standard queue may deliver a message that is in flight.
            let is_twice = luck.fault == Some(Fault::Twice);
            letter.receives -= u32::from(is_twice);
            letter.visible =
                if is_twice { now + Duration::from_millis(50) } else { now + visibility };
            received.push((id, letter.clone()));
        }
        received
    }

    /// Deletes a message. False when another receiver deleted it first.
    pub(super) fn delete(&self, id: u64) -> Option<Letter> {
        self.0.letters.lock().unwrap().1.remove(&id)
    }
}

/// The queue, called from one machine.
#[derive(Clone)]
pub struct QueuePort {
    queue: Queue,
    machine: Machine,
}

#[async_trait]
impl RetryQueue for QueuePort {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        let queue = self.queue.clone();
        let bodies: Vec<String> = pointers.iter().map(Pointer::text).collect();
        let is_sweeper = self.machine.role() == "sweeper";
        let put = move |luck: &mut Luck| {
            queue.sim().mark(if is_sweeper { "sweeper republished" } else { "pointer put" });
            queue.put_batch(bodies, luck)
        };
        self.machine.call(&RETRY, put).await.map_err(|lost| lost.cause())
    }
}

#[async_trait]
impl DeadlineQueue for QueuePort {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        let queue = self.queue.clone();
        let bodies: Vec<String> = due.iter().map(DueProcess::text).collect();
        let put = move |luck: &mut Luck| queue.put_batch(bodies, luck);
        self.machine.call(&DUE, put).await.map_err(|lost| lost.cause())
    }
}

#[async_trait]
impl SweepQueue for QueuePort {
    async fn put(&self, sweep: &Sweep) -> Result<(), Source> {
        let (queue, bodies) = (self.queue.clone(), vec![sweep.text()]);
        let put = move |luck: &mut Luck| queue.put_batch(bodies, luck);
        let answers = self.machine.call(&RETRY, put).await.map_err(|lost| lost.cause())?;
        answers.into_iter().try_for_each(|answer| answer.map_err(Into::into))
    }
}

#[async_trait]
impl Parking for QueuePort {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        let (queue, body, reason) = (self.queue.clone(), body.to_owned(), reason.to_owned());
        let put = move |_: &mut _| queue.put_with(body, Some(reason));
        self.machine.call(&PARK, put).await.map_err(|lost| lost.cause())
    }
}
