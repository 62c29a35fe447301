//! A topic or an event bus: it may accept a part of a batch, and deliver late, twice and in any order. It loses no
//! accepted message.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{Attribute, Bus, Message, Refused, Source, limits::BUS_BATCH_BYTES_MAX};

use super::{Fault, Luck, Machine, Queue, Sim, Site};

/// A batch for the topic.
pub static TOPIC: Site = Site { name: "topic", menu: Fault::OF_BATCH };

/// A batch for the event bus.
pub static BUS: Site = Site { name: "bus", menu: Fault::OF_BATCH };

/// The delivery of one message to one queue.
pub static FAN_OUT: Site =
    Site { name: "fan-out", menu: &[Fault::Delay, Fault::Twice, Fault::Lose] };

/// Called with each accepted message and the role of the machine that sent it.
type Listener = Box<dyn Fn(&Message, &'static str) + Send + Sync>;

/// A queue that gets messages of a topic: those of the events that its filter names.
#[derive(Clone)]
pub struct Subscription {
    /// The queue.
    pub queue: Queue,
    /// The values of the attribute `eventType` that pass the filter.
    pub events: Vec<&'static str>,
}

impl Subscription {
    fn wants(&self, message: &Message) -> bool {
        let is_wanted = |value: &Attribute| match value {
            Attribute::Text(name) => self.events.contains(&name.as_str()),
            Attribute::Number(_) => false,
        };
        message.attributes.iter().any(|(name, value)| *name == "eventType" && is_wanted(value))
    }
}

/// The topic.
#[derive(Clone)]
pub struct Topic(Arc<Inner>);

struct Inner {
    sim: Sim,
    site: &'static Site,
    subscriptions: Vec<Subscription>,
    listener: Listener,
    refused: Mutex<Vec<String>>,
    lost: Mutex<Vec<Lost>>,
}

/// A message that a queue never got.
#[derive(Clone)]
pub struct Lost {
    /// The queue.
    pub queue: Queue,
    /// The message's body.
    pub body: String,
}

impl Topic {
    /// A topic with these subscriptions.
    #[must_use]
    pub fn new(
        sim: &Sim,
        site: &'static Site,
        subscriptions: Vec<Subscription>,
        listener: impl Fn(&Message, &'static str) + Send + Sync + 'static,
    ) -> Self {
        let (sim, listener) = (sim.clone(), Box::new(listener));
        let (refused, lost) = Default::default();
        Self(Arc::new(Inner { sim, site, subscriptions, listener, refused, lost }))
    }

    /// Takes the list of lost messages.
    #[must_use]
    pub fn take_lost(&self) -> Vec<Lost> {
        std::mem::take(&mut self.0.lost.lock().unwrap())
    }

    /// The topic, called from this machine.
    #[must_use]
    pub fn port(&self, machine: &Machine) -> TopicPort {
        TopicPort { topic: self.clone(), machine: machine.clone() }
    }

    /// Accepts a batch: all of it, or a random part.
    fn take(
        &self,
        batch: &[Message],
        role: &'static str,
        luck: &mut Luck,
    ) -> Vec<Result<(), Refused>> {
        let is_partial = luck.fault == Some(Fault::Partial);
        let take = |message: &Message| {
            if is_partial && luck.dice.per_mille(500) {
                self.0.refused.lock().unwrap().push(message.body.clone());
                return Err(Refused { code: "InternalError".to_owned(), for_good: false });
            }
            if message.size_bytes() > BUS_BATCH_BYTES_MAX {
                return Err(Refused { code: "InvalidParameter".to_owned(), for_good: true });
            }
            self.accept(message, role);
            Ok(())
        };
        batch.iter().map(take).collect()
    }

    fn accept(&self, message: &Message, role: &'static str) {
        let Inner { sim, subscriptions, listener, refused, lost, .. } = &*self.0;
        let mut refused = refused.lock().unwrap();
        if let Some(place) = refused.iter().position(|body| *body == message.body) {
            refused.swap_remove(place);
            sim.mark("partial failure resent");
        }
        drop(refused);
        sim.note(&message.body);
        listener(message, role);
        for Subscription { queue, .. } in subscriptions.iter().filter(|it| it.wants(message)) {
            let mut luck = sim.luck(&FAN_OUT);
            if luck.fault == Some(Fault::Lose) {
                let lost_here = Lost { queue: queue.clone(), body: message.body.clone() };
                lost.lock().unwrap().push(lost_here);
                continue;
            }
            let times = if luck.fault == Some(Fault::Twice) { 2 } else { 1 };
            for _ in 0..times {
                let most = if luck.fault == Some(Fault::Delay) { 60_000 } else { 500 };
                let after = luck.dice.time(Duration::from_millis(5), Duration::from_millis(most));
                let (sim, queue, body) = (sim.clone(), queue.clone(), message.body.clone());
                self.0.sim.spawn(async move {
                    sim.sleep(after).await;
                    queue.put(body);
                });
            }
        }
    }
}

/// The topic, called from one machine.
#[derive(Clone)]
pub struct TopicPort {
    topic: Topic,
    machine: Machine,
}

#[async_trait]
impl Bus for TopicPort {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        let (topic, batch, role) = (self.topic.clone(), batch.to_vec(), self.machine.role());
        let take = move |luck: &mut Luck| topic.take(&batch, role, luck);
        self.machine.call(self.topic.0.site, take).await.map_err(|lost| lost.cause())
    }
}
