//! Checks of every moment: each write to a view and each message is compared with the event table when it happens.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use dekigoto::{Commit, Envelope, Message, Row};
use dekigoto_testkit::sim::{EventTable, Sim, ViewTable};
use serde_json::Value;
use uuid::Uuid;

use crate::{checks::views::Rows, damaged::Damaged, sends::Sends};

/// The live checks and their state.
#[derive(Clone)]
pub(crate) struct Truth {
    inner: Arc<Inner>,
    /// How often each event may go to the topic.
    pub(crate) sends: Sends,
}

struct Inner {
    sim: Sim,
    events: EventTable,
    views: ViewTable,
    memory: Mutex<Memory>,
}

/// What the checks have seen.
#[derive(Default)]
pub(crate) struct Memory {
    by_id: BTreeMap<Uuid, Envelope>,
    /// Events that the topic took, by stream and version.
    pub(crate) sent: BTreeSet<(String, u64)>,
    /// Events whose integration events the bus took.
    pub(crate) announced: BTreeSet<Uuid>,
    pub(crate) rows: Rows,
    pub(crate) damaged: Damaged,
}

impl Truth {
    pub(crate) fn new(sim: &Sim, events: &EventTable, views: &ViewTable) -> Self {
        let (sim, events, own) = (sim.clone(), events.clone(), views.clone());
        let sends = Sends::of(&events);
        let inner = Arc::new(Inner { sim, events, views: own, memory: Mutex::default() });
        let truth = Self { inner, sends };
        // Weak, because the tables hold this listener.
        let weak = Arc::downgrade(&truth.inner);
        truth.inner.events.on_commit(move |commit: &Commit| {
            if let Some(inner) = weak.upgrade() {
                let events = commit.envelopes().map(|event| (event.event_id, event));
                inner.memory.lock().unwrap().by_id.extend(events);
            }
        });
        let weak = Arc::downgrade(&truth.inner);
        views.on_write(move |rows: &[Row]| {
            if let Some(inner) = weak.upgrade() {
                let mut memory = inner.memory.lock().unwrap();
                let Inner { sim, events, views, .. } = &*inner;
                memory.rows.written(sim, events, views, rows);
                memory.damaged.written(sim, rows);
            }
        });
        truth
    }

    /// The events that the topic has taken.
    pub(crate) fn published_events(&self) -> Vec<Envelope> {
        let memory = self.memory();
        let is_sent = |event: &Envelope| {
            let stream = event.stream().unwrap().key();
            memory.sent.contains(&(stream, event.version.get()))
        };
        self.inner.events.all_events().into_iter().filter(is_sent).collect()
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.inner.memory.lock().unwrap()
    }

    /// Checks a message that the topic took, and that there was a reason to send it.
    pub(crate) fn topic_took(&self, message: &Message, role: &'static str) {
        self.domain_event_sent(message, role);
        self.sends.sent(&self.inner.sim, message);
    }

    /// Checks that a message on the topic is the stored event, byte for byte, and that the relay sent it.
    pub(crate) fn domain_event_sent(&self, message: &Message, role: &'static str) {
        let Inner { sim, events, .. } = &*self.inner;
        only_the_relay(sim, role);
        let Ok(event) = Envelope::from_message(&message.body) else {
            return sim.violation("S7", format!("no event was published: {:.100}", message.body));
        };
        let stream = event.stream().unwrap().key();
        let stored = events.events(&stream).into_iter().find(|it| it.version == event.version);
        let version = event.version;
        match stored {
            None => sim.violation("S7", format!("{stream} {version} is published, not committed")),
            Some(stored) if Message::of(&stored) != *message => {
                sim.violation("S7", format!("{stream} {version} is published with other bytes"));
            }
            Some(_) => {}
        }
        self.memory().sent.insert((stream, version.get()));
    }

    /// Checks that an integration event describes a stored event correctly.
    pub(crate) fn integration_event_sent(&self, message: &Message, role: &'static str) {
        let sim = &self.inner.sim;
        only_the_relay(sim, role);
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let id = body["id"].as_str().and_then(|id| Uuid::parse_str(id.get(..36)?).ok());
        let mut memory = self.memory();
        let Some(event) = id.and_then(|id| memory.by_id.get(&id)).cloned() else {
            drop(memory);
            return sim.violation("S7", format!("no event has the id {}", body["id"]));
        };
        memory.announced.insert(event.event_id);
        drop(memory);
        for (field, old_field) in [("customerId", "customerId"), ("trackingNumber", "trackingCode")]
        {
            let payload: Value = event.payload.read().unwrap();
            let stored = payload.get(field).or(payload.get(old_field)).cloned();
            let told = body["data"].get(field).cloned();
            if stored.is_some() && told.is_some() && stored != told {
                let what = event.event_type.clone();
                sim.violation(
                    "S12",
                    format!("{what}: {field} is {stored:?}, the bus says {told:?}"),
                );
            }
        }
    }
}

fn only_the_relay(sim: &Sim, role: &'static str) {
    if !role.starts_with("relay") {
        sim.violation("S13", format!("{role} has published"));
    }
}
