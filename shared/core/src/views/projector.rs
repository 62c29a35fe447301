//! Applies the messages of a queue to one view.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{AnyView, ProjectError};
use crate::{
    Envelope, Parking, Ports, RowKey, Trail,
    batch::{Delivered, Outcome, Report, take_queue},
    generations::Feeds,
    log,
    measure::{END_TO_END_LAG, Part},
    trail::log_hop,
};

/// Keeps one view up to date.
#[derive(Clone)]
pub struct Projector {
    view: Arc<dyn AnyView>,
    ports: Ports,
    parking: Arc<dyn Parking>,
}

/// A message and what the view must do with it.
#[derive(Clone, Debug)]
struct Hint {
    /// Of the delivery.
    id: String,
    body: String,
    meaning: Meaning,
}

/// What the view must do with a message.
#[derive(Clone, Debug)]
enum Meaning {
    /// Skip it.
    Other,
    /// Change this row.
    Change(RowKey, Box<Envelope>),
    /// Retry or park it: this code does not understand it.
    Failed(Outcome),
}

impl Projector {
    /// A projector of the view `V`: [`Single`](super::Single) or [`Across`](super::Across). Messages that can never be
    /// applied are parked in `parking`, with their reasons.
    #[must_use]
    pub fn new<V: AnyView + Default + 'static>(ports: Ports, parking: Arc<dyn Parking>) -> Self {
        Self::of(Arc::new(V::default()), ports, parking)
    }

    /// A projector of a view that a registry holds.
    #[must_use]
    pub fn of(view: Arc<dyn AnyView>, ports: Ports, parking: Arc<dyn Parking>) -> Self {
        Self { view, ports, parking }
    }

    /// The view's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.view.name()
    }

    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Where messages are parked that can never be applied.
    #[must_use]
    pub fn parking(&self) -> &dyn Parking {
        &*self.parking
    }

    /// Applies a batch of message bodies to every generation of the view that is fed. Every message ends as applied,
    /// duplicate, skipped, retried or parked.
    pub async fn take(
        &self,
        messages: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration,
    ) -> Report {
        let hints = messages.into_iter().map(|message| {
            let meaning = self.meaning(&message.record);
            let record = Hint { id: message.id.clone(), body: message.record, meaning };
            Delivered { id: message.id, record }
        });
        let host = &*self.ports.host;
        let feeds = Feeds::default();
        let step = |group| self.step(group, &feeds);
        take_queue(host, hints.collect(), group_of, time_left, step).await
    }

    fn meaning(&self, body: &str) -> Meaning {
        self.change_in(body).unwrap_or_else(|error| Meaning::Failed(error.into()))
    }

    fn change_in(&self, body: &str) -> Result<Meaning, ProjectError> {
        let event = Envelope::from_message(body)?;
        // A Kafka topic carries the events of every aggregate; SNS filters them before they come here.
        if !self.view.folds().contains(&event.aggregate_type.as_str()) {
            return Ok(Meaning::Other);
        }
        Ok(match self.view.row_key(&event)? {
            Some(key) => Meaning::Change(key, Box::new(event)),
            None => Meaning::Other,
        })
    }

    /// Handles the messages of one row.
    async fn step(&self, group: Vec<Hint>, feeds: &Feeds) -> Vec<Outcome> {
        let mut applied = self.apply(&group, feeds).await.into_iter();
        let mut outcomes = Vec::with_capacity(group.len());
        for hint in &group {
            let outcome = match &hint.meaning {
                Meaning::Other => Outcome::Skipped,
                Meaning::Failed(outcome) => outcome.clone(),
                Meaning::Change(..) => {
                    applied.next().unwrap_or_else(|| ProjectError::NoOutcome.into())
                }
            };
            if let (Meaning::Change(_, event), Outcome::Applied) = (&hint.meaning, &outcome) {
                self.applied(event);
            }
            outcomes.push(self.parked(hint, outcome).await);
        }
        outcomes
    }

    /// Measures and logs an event that the row shows now.
    fn applied(&self, event: &Envelope) {
        let view = self.name();
        let lag = self.ports.host.now().as_millis().saturating_sub(event.occurred_at.as_millis());
        END_TO_END_LAG.record_of(Part::View(view), lag);
        log_hop!(Apply, &Trail::of(event), view, "Applied");
    }

    async fn apply(&self, group: &[Hint], feeds: &Feeds) -> Vec<Outcome> {
        let key = group.iter().find_map(|hint| hint.change().map(|(key, _)| key));
        let Some(key) = key else {
            return Vec::new();
        };
        let events: Vec<Envelope> =
            group.iter().filter_map(|hint| hint.change().map(|(_, event)| event.clone())).collect();
        match feeds.of(&self.ports, self.view.name()).await {
            Ok(feeds) => {
                let project = feeds.iter().map(|ports| self.view.project(ports, key, &events));
                join_all(project).await.into_iter().reduce(both).unwrap_or_default()
            }
            Err(outcome) => vec![outcome; events.len()],
        }
    }

    /// Parks a message if its outcome says so. If parking fails, the message is delivered again.
    async fn parked(&self, hint: &Hint, outcome: Outcome) -> Outcome {
        let Outcome::Parked(reason) = &outcome else {
            return outcome;
        };
        match log::park(&*self.parking, &hint.id, &hint.body, reason).await {
            Ok(()) => outcome,
            Err(cause) => ProjectError::NotParked { reason: reason.clone(), cause }.into(),
        }
    }
}

/// The outcomes of the same events in two generations. An event is done when it is done in both.
fn both(live: Vec<Outcome>, beside: Vec<Outcome>) -> Vec<Outcome> {
    let pairs = live.into_iter().zip(beside);
    pairs.map(|(live, beside)| if rank(&beside) > rank(&live) { beside } else { live }).collect()
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Skipped => 0,
        Outcome::Duplicate => 1,
        Outcome::Applied => 2,
        // A part of the work is done, and delivering again does the rest.
        Outcome::Parked(_) => 3,
        Outcome::Retry(_) => 4,
    }
}

impl Hint {
    fn change(&self) -> Option<(&RowKey, &Envelope)> {
        match &self.meaning {
            Meaning::Change(key, event) => Some((key, event)),
            Meaning::Other | Meaning::Failed(_) => None,
        }
    }
}

/// Messages of one row form a group. Every other message is a group of its own.
fn group_of(hint: &Hint) -> (Option<RowKey>, Option<String>) {
    match &hint.meaning {
        Meaning::Change(key, _) => (Some(key.clone()), None),
        Meaning::Other | Meaning::Failed(_) => (None, Some(hint.body.clone())),
    }
}
