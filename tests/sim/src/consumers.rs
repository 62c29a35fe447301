//! The functions behind the stream and the queues, wired like `functions/publisher` and `functions/projector`.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    batch::{Delivered, Report},
    relay::{Relay, StreamRecord},
    replay::ReplaySource,
    views::Projector,
};
use dekigoto_testkit::sim::{Consumer, TimeLeft};

use crate::bugs::Wiring;

pub(crate) type Relayed = (Relay, Wiring);

/// The publisher, behind the stream and in the hands of an operator, who lets it publish a part of the history again.
#[derive(Clone)]
pub(crate) struct Relaying(pub(crate) Relayed, pub(crate) Arc<dyn ReplaySource>);

/// The publisher, behind its retry queue.
#[derive(Clone)]
pub(crate) struct Retrying(pub(crate) Relayed);

/// A projector, behind its view's queue.
#[derive(Clone)]
pub(crate) struct Projecting(pub(crate) Projector, pub(crate) Wiring);

#[async_trait]
impl Consumer<StreamRecord> for Relaying {
    async fn take(&self, batch: Vec<Delivered<StreamRecord>>, time_left: TimeLeft) -> Report {
        let (relay, wiring) = &self.0;
        relay.take_stream(batch, wiring.time_left(time_left)).await
    }
}

#[async_trait]
impl Consumer<String> for Retrying {
    async fn take(&self, batch: Vec<Delivered<String>>, time_left: TimeLeft) -> Report {
        let (relay, wiring) = &self.0;
        relay.take_retries(batch, wiring.time_left(time_left)).await
    }
}

#[async_trait]
impl Consumer<String> for Projecting {
    async fn take(&self, batch: Vec<Delivered<String>>, time_left: TimeLeft) -> Report {
        let Self(projector, wiring) = self;
        wiring.report(projector.take(batch, move || time_left()).await)
    }
}
