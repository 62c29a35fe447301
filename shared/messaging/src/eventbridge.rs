//! An event bus of EventBridge.

use async_trait::async_trait;
use aws_sdk_eventbridge::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::put_events::PutEventsError,
    primitives::DateTime,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use aws_types::SdkConfig;
use dekigoto::{Bus, Cause, Message, Refused, Source};

use crate::{cause::cause_of, lazy::Lazy};

/// What one call made of each message.
type Answers = Vec<Result<(), Refused>>;

/// A custom event bus. Ten messages are one call.
///
/// A message's attributes are not sent: rules filter on the detail itself.
#[derive(Debug)]
pub struct EventBridgeBus {
    client: Lazy<Client>,
    bus_name: String,
    source: String,
}

impl EventBridgeBus {
    /// The bus with that name or ARN. Everything sent carries `source`.
    #[must_use]
    pub fn new(config: &SdkConfig, bus_name: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            client: Lazy::new(config, Client::new),
            bus_name: bus_name.into(),
            source: source.into(),
        }
    }

    async fn put(&self, batch: &[Message]) -> Result<Put, Source> {
        let entries = batch.iter().map(|message| self.entry(message)).collect();
        let client = self.client.get();
        let sent = client.put_events().set_entries(Some(entries)).send().await;
        match sent {
            Ok(output) => answers(batch.len(), output.entries()).map(Put::Answered),
            Err(error) if is_about_size(&error) => Ok(Put::TooLong),
            Err(error) => Err(cause_of("EventBridge PutEvents", &error).into()),
        }
    }

    fn entry(&self, message: &Message) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus_name)
            .source(&self.source)
            .detail_type(&message.kind)
            .detail(&message.body)
            .time(DateTime::from_millis(message.at.as_millis()))
            .build()
    }
}

enum Put {
    Answered(Answers),
    /// All of them together are over the limit of a call, and none was taken.
    TooLong,
}

#[async_trait]
impl Bus for EventBridgeBus {
    async fn send(&self, batch: &[Message]) -> Result<Answers, Source> {
        match (self.put(batch).await?, batch) {
            (Put::Answered(answers), _) => Ok(answers),
            (Put::TooLong, [_]) => Ok(vec![Err(too_long())]),
            // One by one, a message that is too long stops no other.
            (Put::TooLong, _) => {
                let mut all = Answers::new();
                for message in batch.chunks(1) {
                    match self.put(message).await {
                        Ok(Put::Answered(answers)) => all.extend(answers),
                        Ok(Put::TooLong) => all.push(Err(too_long())),
                        // What has been sent stays sent: only this message is to be sent again.
                        Err(cause) => all.push(Err(refused(cause.to_string()))),
                    }
                }
                Ok(all)
            }
        }
    }
}

/// One answer for each message, by place: EventBridge gives no ids. Too many or too few cannot be told apart from
/// answers to something else, so then nothing counts as sent.
fn answers(messages: usize, entries: &[PutEventsResultEntry]) -> Result<Answers, Source> {
    if entries.len() != messages {
        let reason = format!("{} answers for {messages} entries", entries.len());
        let operation = "EventBridge PutEvents";
        return Err(Cause { operation, reason }.into());
    }
    Ok(entries.iter().map(answer).collect())
}

fn answer(entry: &PutEventsResultEntry) -> Result<(), Refused> {
    match (entry.error_code(), entry.event_id()) {
        (None, Some(_)) => Ok(()),
        (None, None) => Err(refused("NoAnswer".to_owned())),
        (Some(code), _) => Err(refused(code.to_owned())),
    }
}

/// Only what is wrong with the message itself is for good. A missing permission is not: it can be given.
fn refused(code: String) -> Refused {
    let for_good = ["MalformedDetail", "InvalidArgument", "ValidationException"];
    Refused { for_good: for_good.contains(&code.as_str()), code }
}

fn too_long() -> Refused {
    Refused { code: "EntriesTooLarge".to_owned(), for_good: true }
}

/// Another validation error, of the bus's name for example, is no fault of the messages.
fn is_about_size(error: &SdkError<PutEventsError>) -> bool {
    let Some(error) = error.as_service_error() else {
        return false;
    };
    let is_validation = error.code() == Some("ValidationException");
    let names_size = |text: &str| text.to_ascii_lowercase().contains("size");
    let is_too_large = error.code().is_some_and(|code| code.contains("TooLarge"));
    is_too_large || (is_validation && error.message().is_some_and(names_size))
}
