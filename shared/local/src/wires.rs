//! Connects the relay with the views and policies: in this process, or by a cluster.

use std::sync::Arc;

use dekigoto::{Bus, MessageHandler, outbox::Order};
use dekigoto_http::Service;

use crate::{
    buses::Buses,
    inbox::{Inbox, SampleBus},
    topic::{Subscriber, Topic},
};

/// What carries messages.
pub(crate) enum Wires {
    Memory(Topic),
    #[cfg(feature = "kafka")]
    Kafka(crate::kafka::Topics),
}

impl Wires {
    /// The wires of a service.
    #[cfg_attr(not(feature = "kafka"), expect(unused_variables, reason = "Kafka needs the name"))]
    pub(crate) fn of(service: &Service, buses: &Buses, inbox: &Inbox) -> Self {
        match buses {
            Buses::Memory => Self::Memory(Topic::new(inbox.clone())),
            #[cfg(feature = "kafka")]
            Buses::Kafka(cluster) => {
                let topics = crate::kafka::Topics::of(cluster, service.announcements().source());
                topics.watch(inbox.clone());
                Self::Kafka(topics)
            }
        }
    }

    /// Hands the messages of these events to a view or policy. What is due goes to the subscriber that it returns.
    pub(crate) fn connect(
        &mut self,
        events: Vec<&'static str>,
        handler: impl MessageHandler + Clone + 'static,
    ) -> Subscriber {
        match self {
            Self::Memory(topic) => topic.subscribe(events, handler),
            #[cfg(feature = "kafka")]
            Self::Kafka(topics) => {
                topics.consume(handler.clone());
                Subscriber::start(events, handler)
            }
        }
    }

    /// In which order the relay publishes. A log keeps the order of a stream.
    pub(crate) fn order(&self) -> Order {
        match self {
            Self::Memory(_) => Order::Any,
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => Order::PerStream,
        }
    }

    /// The topic of domain events, and the bus of integration events.
    pub(crate) fn targets(self, inbox: &Inbox) -> (Arc<dyn Bus>, Arc<dyn Bus>) {
        match self {
            Self::Memory(topic) => (Arc::new(topic), Arc::new(SampleBus(inbox.clone()))),
            #[cfg(feature = "kafka")]
            Self::Kafka(topics) => (Arc::new(topics.topic()), Arc::new(topics.bus())),
        }
    }
}
