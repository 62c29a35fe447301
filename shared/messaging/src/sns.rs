//! A topic of SNS.

use async_trait::async_trait;
use aws_sdk_sns::{
    Client,
    operation::publish_batch::{PublishBatchError, PublishBatchOutput},
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};
use aws_types::SdkConfig;
use dekigoto::{Attribute, Bus, Message, Refused, Source};

use crate::{cause::cause_of, lazy::Lazy};

/// The result for each message of a call.
type Answers = Vec<Result<(), Refused>>;

/// A standard topic. One call sends up to ten messages.
#[derive(Debug)]
pub struct SnsTopic {
    client: Lazy<Client>,
    arn: String,
}

impl SnsTopic {
    /// The topic with this ARN.
    #[must_use]
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        Self { client: Lazy::new(config, Client::new), arn: arn.into() }
    }

    async fn publish(&self, batch: &[Message]) -> Result<Published, Source> {
        let entries: Result<Vec<_>, _> = batch.iter().enumerate().map(entry).collect();
        let client = self.client.get();
        let sent = client
            .publish_batch()
            .topic_arn(&self.arn)
            .set_publish_batch_request_entries(Some(entries?))
            .send()
            .await;
        match sent {
            Ok(output) => Ok(Published::Answered(answers(batch.len(), &output))),
            Err(error) => match error.as_service_error() {
                Some(PublishBatchError::BatchRequestTooLongException(_)) => Ok(Published::TooLong),
                _ => Err(cause_of("SNS PublishBatch", &error).into()),
            },
        }
    }
}

enum Published {
    Answered(Answers),
    /// The batch is over the topic's size limit. Nothing was sent.
    TooLong,
}

#[async_trait]
impl Bus for SnsTopic {
    async fn send(&self, batch: &[Message]) -> Result<Answers, Source> {
        match (self.publish(batch).await?, batch) {
            (Published::Answered(answers), _) => Ok(answers),
            (Published::TooLong, [_]) => Ok(vec![Err(too_long())]),
            // The topic's limit is lower than ours. One by one, so that a message that is too long does not block the
            // others.
            (Published::TooLong, _) => {
                let mut all = Answers::new();
                for message in batch.chunks(1) {
                    match self.publish(message).await {
                        Ok(Published::Answered(answers)) => all.extend(answers),
                        Ok(Published::TooLong) => all.push(Err(too_long())),
                        // Earlier messages were sent. Only this one must be sent again.
                        Err(cause) => all.push(Err(failed(&cause))),
                    }
                }
                Ok(all)
            }
        }
    }
}

fn entry(
    (place, message): (usize, &Message),
) -> Result<PublishBatchRequestEntry, aws_sdk_sns::error::BuildError> {
    let mut entry =
        PublishBatchRequestEntry::builder().id(place.to_string()).message(&message.body);
    for (name, value) in &message.attributes {
        // Numeric filters do not match attributes of type String.
        let data_type = match value {
            Attribute::Text(_) => "String",
            Attribute::Number(_) => "Number",
        };
        let value = MessageAttributeValue::builder()
            .data_type(data_type)
            .string_value(value.to_string())
            .build()?;
        entry = entry.message_attributes(*name, value);
    }
    entry.build()
}

/// One answer for each message. A reply with status 200 may contain failed entries, and an entry that it does not
/// contain counts as not sent.
fn answers(messages: usize, output: &PublishBatchOutput) -> Answers {
    let mut answers = vec![Err(unanswered()); messages];
    let mut answer = |id: Option<&str>, with: Result<(), Refused>| {
        let place = id.and_then(|id| id.parse::<usize>().ok());
        if let Some(entry) = place.and_then(|place| answers.get_mut(place)) {
            *entry = with;
        }
    };
    for taken in output.successful() {
        answer(taken.id(), Ok(()));
    }
    for failed in output.failed() {
        let refused = Refused {
            code: failed.code().to_owned(),
            for_good: failed.sender_fault() && is_about_content(failed.code()),
        };
        answer(Some(failed.id()), Err(refused));
    }
    answers
}

/// SNS reports throttling and missing permissions as sender faults too, but they are temporary.
fn is_about_content(code: &str) -> bool {
    let passing = ["Throttl", "KMS", "Authorization", "InvalidSecurity", "NotFound", "Disabled"];
    !passing.iter().any(|part| code.contains(part))
}

fn unanswered() -> Refused {
    Refused { code: "NoAnswer".to_owned(), for_good: false }
}

fn too_long() -> Refused {
    Refused { code: "BatchRequestTooLong".to_owned(), for_good: true }
}

fn failed(cause: &Source) -> Refused {
    Refused { code: cause.to_string(), for_good: false }
}
