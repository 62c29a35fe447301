//! The topic of one process: it hands each message to every view and policy that wants it, and accepts it when all have
//! handled it.
//!
//! So a message stays in the outbox until all have it, and a process that is killed loses none. On AWS a queue for each
//! view and policy does this.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    Bus, Message, MessageHandler, Refused, Source,
    batch::{Delivered, Report},
    policies::{DeadlineQueue, DueProcess},
};
use futures_util::future::join_all;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use crate::{inbox::Inbox, show};

/// Messages in one batch, as `BatchSize` of the views in the template.
const BATCH: usize = 99;

/// Time of one batch. Shorter than the relay waits for an answer, so that the reason of a failure arrives.
const BATCH_TIME: Duration = Duration::from_secs(5);

const _: () = assert!(BATCH_TIME.as_millis() < dekigoto::relay::CALL_TIME_MAX.as_millis());

/// The topic, with its views, policies and a sample subscriber.
pub(crate) struct Topic {
    subscribers: Vec<Subscriber>,
    inbox: Inbox,
}

/// A view or policy, and the events that it wants.
#[derive(Clone)]
pub(crate) struct Subscriber {
    name: String,
    /// As operators call it: a view may have the name of its policy.
    consumer: String,
    events: Vec<&'static str>,
    messages: UnboundedSender<Handed>,
}

/// A message on its way to a view or policy.
struct Handed {
    body: String,
    /// Takes the reason if the message was not handled.
    answer: oneshot::Sender<Result<(), String>>,
}

impl Topic {
    /// A topic without subscribers.
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self { subscribers: Vec::new(), inbox }
    }

    /// Hands the messages of these events to a projector or a process manager. Must be called inside a tokio runtime.
    pub(crate) fn subscribe(
        &mut self,
        events: Vec<&'static str>,
        handler: impl MessageHandler + 'static,
    ) -> Subscriber {
        let subscriber = Subscriber::start(events, handler);
        self.subscribers.push(subscriber.clone());
        subscriber
    }

    /// Hands one message to everyone that wants it, and waits for their answers.
    async fn deliver(&self, message: &Message) -> Result<(), Refused> {
        let wants = |it: &&Subscriber| it.events.contains(&message.kind.as_str());
        let answers = self.subscribers.iter().filter(wants).map(|it| it.apply(&message.body));
        join_all(answers).await.into_iter().collect()
    }
}

impl Subscriber {
    /// Starts a projector or a process manager.
    pub(crate) fn start(events: Vec<&'static str>, handler: impl MessageHandler + 'static) -> Self {
        let (messages, handed) = unbounded_channel();
        let (name, consumer) = (handler.title(), handler.consumer());
        tokio::spawn(run(handler, handed));
        Self { name, consumer, events, messages }
    }

    /// As operators call it: `order-summary`, or `fulfilment-policy`.
    pub(crate) fn consumer(&self) -> &str {
        &self.consumer
    }

    /// Hands it a message, and waits until the message was handled.
    pub(crate) async fn apply(&self, body: &str) -> Result<(), Refused> {
        let (answer, answered) = oneshot::channel();
        // Fails only when the handler ended; then the answer below fails too.
        let _ = self.messages.send(Handed { body: body.to_owned(), answer });
        let outcome = answered.await.unwrap_or_else(|_| Err("its handler ended".to_owned()));
        let name = &self.name;
        outcome.map_err(|reason| Refused { code: format!("{name}: {reason}"), for_good: false })
    }
}

/// The due processes of a policy go to its process manager at once.
#[async_trait]
impl DeadlineQueue for Subscriber {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        let texts: Vec<String> = due.iter().map(DueProcess::text).collect();
        Ok(join_all(texts.iter().map(|text| self.apply(text))).await)
    }
}

#[async_trait]
impl Bus for Topic {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        batch.iter().for_each(|message| self.inbox.put("topic", message));
        Ok(join_all(batch.iter().map(|message| self.deliver(message))).await)
    }
}

/// Handles the messages of one view or policy, batch by batch.
async fn run(handler: impl MessageHandler, mut handed: UnboundedReceiver<Handed>) {
    let mut batch = Vec::new();
    while handed.recv_many(&mut batch, BATCH).await > 0 {
        let numbered = batch.iter().enumerate();
        let delivered = numbered
            .map(|(place, it): (usize, &Handed)| Delivered {
                id: place.to_string(),
                record: it.body.clone(),
            })
            .collect();
        let report = handler.handle(delivered, &|| BATCH_TIME).await;
        show::handled(&handler.title(), &report);
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
