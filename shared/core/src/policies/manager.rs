//! Takes the messages of a policy's queue: events, and due processes.

use std::{sync::Arc, time::Duration};

use super::{AnyPolicy, DueProcess};
use crate::{
    Envelope, Parking, Ports, Trail,
    batch::{Delivered, Outcome, Report, take_queue},
    log,
    measure::{DEADLINE_LATE, Part},
    trail::log_hop,
};

/// Runs the processes of one policy.
#[derive(Clone)]
pub struct ProcessManager {
    policy: Arc<dyn AnyPolicy>,
    ports: Ports,
    parking: Arc<dyn Parking>,
}

/// A message and what it means for the policy.
#[derive(Clone, Debug)]
struct Hint {
    /// Of the delivery.
    id: String,
    body: String,
    meaning: Meaning,
}

#[derive(Clone, Debug)]
enum Meaning {
    /// Skip it.
    Other,
    /// Feed this event to this process.
    Event(String, Box<Envelope>),
    /// This process may have reached its deadline.
    Due(DueProcess),
    /// Wait: newer code wrote the event.
    Later(String),
    /// Park the message.
    Unreadable(String),
}

impl ProcessManager {
    /// The process manager of a policy. Messages that can never be handled are parked in `parking`, with their reasons.
    #[must_use]
    pub fn of(policy: Arc<dyn AnyPolicy>, ports: Ports, parking: Arc<dyn Parking>) -> Self {
        Self { policy, ports, parking }
    }

    /// The policy's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.policy.name()
    }

    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Where messages are parked that can never be handled.
    #[must_use]
    pub fn parking(&self) -> &dyn Parking {
        &*self.parking
    }

    /// Handles a batch of message bodies. Every message ends as applied, duplicate, skipped, retried or parked. Processes
    /// run side by side; the messages of one process are handled one after the other.
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
        take_queue(host, hints.collect(), group_of, time_left, |group| self.step(group)).await
    }

    fn meaning(&self, body: &str) -> Meaning {
        if let Some(due) = DueProcess::from_message(body) {
            return if due.policy == self.name() {
                Meaning::Due(due)
            } else {
                Meaning::Unreadable("the deadline belongs to another policy".to_owned())
            };
        }
        let event = match Envelope::from_message(body) {
            Ok(event) => event,
            Err(cause) => return Meaning::Unreadable(cause.to_string()),
        };
        match self.policy.process_of(&event) {
            Ok(Some(process)) => Meaning::Event(process, Box::new(event)),
            Ok(None) => Meaning::Other,
            Err(cause) if cause.is_of_newer_code() => Meaning::Later(cause.to_string()),
            Err(cause) => Meaning::Unreadable(cause.to_string()),
        }
    }

    /// Handles the messages of one process.
    async fn step(&self, group: Vec<Hint>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(group.len());
        for hint in &group {
            let outcome = match &hint.meaning {
                Meaning::Other => Outcome::Skipped,
                Meaning::Event(_, event) => {
                    let outcome = self.policy.on_event(&self.ports, event).await;
                    if outcome == Outcome::Applied {
                        log_hop!(Handle, &Trail::of(event), policy = self.name(), "Handled");
                    }
                    outcome
                }
                Meaning::Due(due) => {
                    let outcome = self.policy.on_deadline(&self.ports, due).await;
                    if outcome == Outcome::Applied {
                        let now = self.ports.host.now().as_millis();
                        let lateness = now.saturating_sub(due.due_at.as_millis());
                        DEADLINE_LATE.record_of(Part::Policy(self.name()), lateness);
                    }
                    outcome
                }
                Meaning::Later(reason) => Outcome::Retry(reason.clone()),
                Meaning::Unreadable(reason) => Outcome::Parked(reason.clone()),
            };
            outcomes.push(self.parked(hint, outcome).await);
        }
        outcomes
    }

    /// Parks a message if its outcome says so. If parking fails, the message is delivered again.
    async fn parked(&self, hint: &Hint, outcome: Outcome) -> Outcome {
        let Outcome::Parked(reason) = &outcome else {
            return outcome;
        };
        match log::park(&*self.parking, &hint.id, &hint.body, reason).await {
            Ok(()) => outcome,
            Err(cause) => Outcome::Retry(format!("{reason}; parking failed: {cause}")),
        }
    }
}

/// Messages of one process form a group. Every other message is a group of its own.
fn group_of(hint: &Hint) -> (Option<String>, Option<String>) {
    match &hint.meaning {
        Meaning::Event(process, _) => (Some(process.clone()), None),
        Meaning::Due(due) => (Some(due.process.clone()), None),
        Meaning::Other | Meaning::Later(_) | Meaning::Unreadable(_) => {
            (None, Some(hint.body.clone()))
        }
    }
}
