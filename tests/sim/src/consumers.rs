//! The functions behind the stream and the queues, wired like `functions/publisher` and `functions/projector`.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    QueueBatch,
    batch::{Delivered, Report},
    relay::{Relay, StreamRecord},
    replay::ReplaySource,
    views::Projector,
};
use dekigoto_testkit::sim::{Consumer, Letter, Machine, TimeLeft};

use crate::{
    bugs::Wiring,
    crowd,
    rollout::Rollout,
    sends::{Sends, Taken},
};

/// The publisher, and what it has sent.
#[derive(Clone)]
pub(crate) struct Relayed {
    pub(crate) relay: Relay,
    pub(crate) wiring: Wiring,
    pub(crate) sends: Sends,
}

/// The publisher, behind the stream and in the hands of an operator, who lets it publish a part of the history again.
#[derive(Clone)]
pub(crate) struct Relaying(pub(crate) Relayed, pub(crate) Arc<dyn ReplaySource>);

/// The publisher, behind its retry queue.
#[derive(Clone)]
pub(crate) struct Retrying(pub(crate) Relayed);

/// A projector, behind its view's queue.
#[derive(Clone)]
pub(crate) struct Projecting {
    pub(crate) projector: Projector,
    /// What the machine runs until the deployment is over.
    pub(crate) old: Option<(Projector, Rollout)>,
    pub(crate) wiring: Wiring,
    pub(crate) machine: Machine,
}

#[async_trait]
impl Consumer<StreamRecord> for Relaying {
    async fn take(&self, batch: Vec<Delivered<StreamRecord>>, time_left: TimeLeft) -> Report {
        let Relayed { relay, wiring, sends } = &self.0;
        let taken = Taken::of_stream(&batch);
        let work = wiring.relayed(relay, batch, wiring.time_left(time_left));
        sends.over(taken, true, work).await
    }
}

#[async_trait]
impl Consumer<Letter> for Retrying {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let Relayed { relay, wiring, sends } = &self.0;
        let taken = Taken::of_queue(&batch);
        let left = wiring.time_left(time_left.clone());
        let take = |messages| relay.take_retries(messages, left);
        let (host, parking) = (&*relay.host, &*relay.parking);
        let work = wiring.opened(batch).handle(host, parking, || time_left(), take);
        sends.over(taken, false, work).await
    }
}

#[async_trait]
impl Consumer<Letter> for Projecting {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let Self { projector, old, wiring, machine } = self;
        let time_left = wiring.view_time_left(time_left);
        let old = old.as_ref().filter(|(_, rollout)| !rollout.is_over());
        let projector = old.map_or(projector, |(old, _)| old);
        let (host, parking) = (&*projector.ports().host, projector.parking());
        let ids: Vec<String> = batch.iter().map(|message| message.id.clone()).collect();
        let take = |messages| {
            let (mishandled, messages) = wiring.mishandled(messages);
            async {
                let report = wiring.projected(projector, messages, &time_left).await;
                if let Some((_, rollout)) = old {
                    rollout.look_at(&report);
                }
                mishandled.add_to(report, parking).await
            }
        };
        let began = machine.sim().now();
        let report = wiring.opened(batch).handle(host, parking, &time_left, take).await;
        crowd::look_at_time(machine, ids.len(), machine.sim().now().saturating_sub(began));
        wiring.report(report, &ids)
    }
}

/// The messages with their deliveries, as `dekigoto-lambda` reads them.
pub(crate) fn opened(batch: Vec<Delivered<Letter>>) -> QueueBatch {
    let mut opened = QueueBatch::default();
    for Delivered { id, record } in batch {
        opened.add(Delivered { id, record: record.body }, Some(record.receives));
    }
    opened
}
