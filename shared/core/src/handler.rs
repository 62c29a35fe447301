//! What handles the messages of a queue or a log: a projector or a process manager.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Host, Parking,
    batch::{Delivered, Report},
    policies::ProcessManager,
    views::Projector,
};

/// Returns the time that a batch has left.
pub type TimeLeft<'a> = dyn Fn() -> Duration + Sync + 'a;

/// The handler of one view or policy, whatever delivers its messages: a queue, a log, or this process.
#[async_trait]
pub trait MessageHandler: Send + Sync {
    /// Its kind and name, such as `view order-summary`.
    fn title(&self) -> String;

    /// Its name among all consumers, as operators call it: `order-summary`, or `fulfilment-policy`.
    fn consumer(&self) -> String;

    /// Where messages are parked that can never be handled.
    fn parking(&self) -> &dyn Parking;

    /// The clock and timers.
    fn host(&self) -> &dyn Host;

    /// Handles a batch of message bodies. Every message ends as applied, duplicate, skipped, retried or parked.
    async fn handle(&self, messages: Vec<Delivered<String>>, time_left: &TimeLeft<'_>) -> Report;
}

#[async_trait]
impl MessageHandler for Projector {
    fn title(&self) -> String {
        format!("view {}", self.name())
    }

    fn consumer(&self) -> String {
        self.name().to_owned()
    }

    fn parking(&self) -> &dyn Parking {
        self.parking()
    }

    fn host(&self) -> &dyn Host {
        &*self.ports().host
    }

    async fn handle(&self, messages: Vec<Delivered<String>>, time_left: &TimeLeft<'_>) -> Report {
        self.take(messages, time_left).await
    }
}

#[async_trait]
impl MessageHandler for ProcessManager {
    fn title(&self) -> String {
        format!("policy {}", self.name())
    }

    fn consumer(&self) -> String {
        format!("{}-policy", self.name())
    }

    fn parking(&self) -> &dyn Parking {
        self.parking()
    }

    fn host(&self) -> &dyn Host {
        &*self.ports().host
    }

    async fn handle(&self, messages: Vec<Delivered<String>>, time_left: &TimeLeft<'_>) -> Report {
        self.take(messages, time_left).await
    }
}
