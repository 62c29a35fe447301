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

/// The result for each message of a call.
type Answers = Vec<Result<(), Refused>>;

/// A custom event bus. One call sends up to ten messages.
///
/// The attributes of messages are not sent, because rules filter on the detail.
#[derive(Debug)]
pub struct EventBridgeBus {
    client: Lazy<Client>,
    bus_name: String,
    source: String,
}

impl EventBridgeBus {
    /// The bus with this name or ARN. Every event is sent with `source`.
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
    /// The batch is over the size limit of a call. Nothing was sent.
    TooLong,
}

#[async_trait]
impl Bus for EventBridgeBus {
    async fn send(&self, batch: &[Message]) -> Result<Answers, Source> {
        match (self.put(batch).await?, batch) {
            (Put::Answered(answers), _) => Ok(answers),
            (Put::TooLong, [_]) => Ok(vec![Err(too_long())]),
            // One by one, so that a message that is too long does not block the others.
            (Put::TooLong, _) => {
                let mut all = Answers::new();
                for message in batch.chunks(1) {
                    match self.put(message).await {
                        Ok(Put::Answered(answers)) => all.extend(answers),
                        Ok(Put::TooLong) => all.push(Err(too_long())),
                        // Earlier messages were sent. Only this one must be sent again.
                        Err(cause) => all.push(Err(refused(cause.to_string()))),
                    }
                }
                Ok(all)
            }
        }
    }
}

/// One answer for each message, by position, because EventBridge returns no ids. If the number of answers is wrong,
/// they cannot be matched, and no message counts as sent.
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

/// Only errors in the message itself are permanent. A missing permission can still be granted.
fn refused(code: String) -> Refused {
    let for_good = ["MalformedDetail", "InvalidArgument", "ValidationException"];
    Refused { for_good: for_good.contains(&code.as_str()), code }
}

fn too_long() -> Refused {
    Refused { code: "EntriesTooLarge".to_owned(), for_good: true }
}

/// Other validation errors, for example of the name of the bus, are not about the messages.
fn is_about_size(error: &SdkError<PutEventsError>) -> bool {
    let Some(error) = error.as_service_error() else {
        return false;
    };
    let is_validation = error.code() == Some("ValidationException");
    let names_size = |text: &str| text.to_ascii_lowercase().contains("size");
    let is_too_large = error.code().is_some_and(|code| code.contains("TooLarge"));
    is_too_large || (is_validation && error.message().is_some_and(names_size))
}
