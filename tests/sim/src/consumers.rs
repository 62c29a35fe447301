//! The functions behind the stream and the queues, wired like `functions/publisher` and `functions/projector`.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    DELIVERIES_MAX,
    batch::{Delivered, Report},
    park_last,
    relay::{Relay, StreamRecord},
    replay::ReplaySource,
    views::Projector,
};
use dekigoto_testkit::sim::{Consumer, Letter, TimeLeft};

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
impl Consumer<Letter> for Retrying {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let (relay, wiring) = &self.0;
        let (messages, last) = opened(batch);
        let report = relay.take_retries(messages, wiring.time_left(time_left.clone())).await;
        park_last(&*relay.host, &*relay.parking, &last, report, || time_left()).await
    }
}

#[async_trait]
impl Consumer<Letter> for Projecting {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let Self(projector, wiring) = self;
        let (messages, last) = opened(batch);
        let report = projector.take(messages, || time_left()).await;
        let (host, parking) = (&*projector.ports().host, projector.parking());
        wiring.report(park_last(host, parking, &last, report, || time_left()).await)
    }
}

/// The messages, and those of them that the queue does not deliver again, as `dekigoto-lambda` reads them.
fn opened(batch: Vec<Delivered<Letter>>) -> (Vec<Delivered<String>>, Vec<Delivered<String>>) {
    let (mut messages, mut last) = (Vec::new(), Vec::new());
    for Delivered { id, record } in batch {
        let message = Delivered { id, record: record.body };
        if record.receives >= DELIVERIES_MAX {
            last.push(message.clone());
        }
        messages.push(message);
    }
    (messages, last)
}
