//! The topic of one process: it hands each message to every view that wants it, and accepts it when all have applied it.
//!
//! So a message stays in the outbox until every view has it, and a process that is killed loses none. On AWS a queue for
//! each view does this.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    Bus, Message, Refused, Source,
    batch::{Delivered, Report},
    views::Projector,
};
use futures_util::future::join_all;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use crate::{inbox::Inbox, show};

/// Messages in one batch of a projector, as `BatchSize` in the template.
const BATCH: usize = 99;

/// Time of one batch. Shorter than the relay waits for an answer, so that the reason of a failure arrives.
const BATCH_TIME: Duration = Duration::from_secs(5);

const _: () = assert!(BATCH_TIME.as_millis() < dekigoto::relay::CALL_TIME_MAX.as_millis());

/// The topic, with its views and a sample subscriber.
pub(crate) struct Topic {
    subscribers: Vec<Subscriber>,
    inbox: Inbox,
}

/// A view and the events that it wants.
struct Subscriber {
    view: &'static str,
    events: Vec<&'static str>,
    messages: UnboundedSender<Handed>,
}

/// A message on its way to a view.
struct Handed {
    body: String,
    /// Takes the reason if the view did not apply the message.
    answer: oneshot::Sender<Result<(), String>>,
}

impl Topic {
    /// A topic without views.
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self { subscribers: Vec::new(), inbox }
    }

    /// Hands the messages of these events to a projector. Must be called inside a tokio runtime.
    pub(crate) fn subscribe(&mut self, events: Vec<&'static str>, projector: Projector) {
        let (messages, handed) = unbounded_channel();
        self.subscribers.push(Subscriber { view: projector.name(), events, messages });
        tokio::spawn(run(projector, handed));
    }

    /// Hands one message to every view that wants it, and waits for their answers.
    async fn deliver(&self, message: &Message) -> Result<(), Refused> {
        let wants = |it: &&Subscriber| it.events.contains(&message.kind.as_str());
        let answers = self.subscribers.iter().filter(wants).map(|it| it.apply(&message.body));
        join_all(answers).await.into_iter().collect()
    }
}

impl Subscriber {
    async fn apply(&self, body: &str) -> Result<(), Refused> {
        let (answer, answered) = oneshot::channel();
        // Fails only when the projector ended; then the answer below fails too.
        let _ = self.messages.send(Handed { body: body.to_owned(), answer });
        let outcome = answered.await.unwrap_or_else(|_| Err("its projector ended".to_owned()));
        let view = self.view;
        outcome
            .map_err(|reason| Refused { code: format!("view {view}: {reason}"), for_good: false })
    }
}

#[async_trait]
impl Bus for Topic {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        batch.iter().for_each(|message| self.inbox.put("topic", message));
        Ok(join_all(batch.iter().map(|message| self.deliver(message))).await)
    }
}

/// Applies the messages of one view, batch by batch.
async fn run(projector: Projector, mut handed: UnboundedReceiver<Handed>) {
    let mut batch = Vec::new();
    while handed.recv_many(&mut batch, BATCH).await > 0 {
        let numbered = batch.iter().enumerate();
        let delivered = numbered
            .map(|(place, it): (usize, &Handed)| Delivered {
                id: place.to_string(),
                record: it.body.clone(),
            })
            .collect();
        let report = projector.take(delivered, || BATCH_TIME).await;
        show::projected(projector.name(), &report);
        for (place, it) in batch.drain(..).enumerate() {
            let id = place.to_string();
            let failed = report.failed.contains(&id);
            let outcome = if failed { Err(reason_of(&report, &id)) } else { Ok(()) };
            // The relay may have stopped waiting. It delivers the message again.
            let _ = it.answer.send(outcome);
        }
    }
}

fn reason_of(report: &Report, id: &str) -> String {
    let known = report.reasons.iter().find(|(it, _)| it == id);
    known.map_or_else(String::new, |(_, reason)| reason.clone())
}
