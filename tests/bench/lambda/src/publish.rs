//! A relay by hand: the payloads of a table's stream go to a topic and to a bus, ten in one call.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_types::SdkConfig;
use futures_util::future::{try_join, try_join_all};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

use crate::text;

/// The most messages of one call.
const CALL_MESSAGES_MAX: usize = 10;

pub(crate) struct Targets {
    topic: aws_sdk_sns::Client,
    bus: aws_sdk_eventbridge::Client,
}

impl Targets {
    pub(crate) fn new(aws: &SdkConfig) -> Self {
        Self { topic: aws_sdk_sns::Client::new(aws), bus: aws_sdk_eventbridge::Client::new(aws) }
    }

    /// Publishes the records side by side.
    pub(crate) async fn publish(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        let records = event.payload.get("Records").and_then(Value::as_array);
        let records = records.map(Vec::as_slice).unwrap_or_default();
        let payloads: Vec<_> =
            records.iter().map(|it| text(it, "/dynamodb/NewImage/ev/S")).collect();
        let calls = payloads.chunks(CALL_MESSAGES_MAX);
        try_join_all(calls.map(|some| try_join(self.tell(some), self.put(some)))).await?;
        Ok(json!({ "batchItemFailures": [] }))
    }

    async fn tell(&self, payloads: &[&str]) -> Result<(), Error> {
        let kind = MessageAttributeValue::builder().data_type("String").string_value("Event");
        let kind = kind.build()?;
        let mut call = self.topic.publish_batch().topic_arn("arn:aws:sns:eu-central-1:1:bare");
        for (place, payload) in payloads.iter().enumerate() {
            let entry = PublishBatchRequestEntry::builder().id(place.to_string());
            let entry = entry.message(*payload).message_attributes("eventType", kind.clone());
            call = call.publish_batch_request_entries(entry.build()?);
        }
        call.send().await?;
        Ok(())
    }

    async fn put(&self, payloads: &[&str]) -> Result<(), Error> {
        let mut call = self.bus.put_events();
        for payload in payloads {
            let entry = PutEventsRequestEntry::builder().event_bus_name("bus").source("bare");
            call = call.entries(entry.detail_type("Event").detail(*payload).build());
        }
        call.send().await?;
        Ok(())
    }
}
