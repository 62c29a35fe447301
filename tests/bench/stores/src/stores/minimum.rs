//! The lower bound: the least that any store needs from DynamoDB for a conditional append and for its position.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ScalarAttributeType},
};

use crate::{
    Failure,
    cases::Subject,
    engine::Engine,
    note::{AGGREGATE, Noted},
};

const TABLE: &str = "minimum";

/// Not a store, only a PutItem and a Query. The newest item stands for the whole state.
pub(crate) struct Minimum {
    client: Client,
}

pub(crate) async fn open(engine: &Engine) -> Result<Minimum, Failure> {
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)];
    engine.table(TABLE, &keys).await?;
    Ok(Minimum { client: engine.client.clone() })
}

/// A stream and its number of events.
pub(crate) struct Place {
    stream: String,
    events: u64,
}

impl Subject for Minimum {
    type Place = Place;

    async fn fill(&self, stream: &str, events: u64) -> Result<(), Failure> {
        // Only the newest item is ever read.
        self.append(Place { stream: stream.to_owned(), events: events - 1 }, 1).await
    }

    async fn create(&self, stream: &str) -> Result<(), Failure> {
        self.append(Place { stream: stream.to_owned(), events: 0 }, 1).await
    }

    async fn command(&self, stream: &str) -> Result<(), Failure> {
        let place = self.place(stream).await?;
        self.append(place, 1).await
    }

    async fn place(&self, stream: &str) -> Result<Place, Failure> {
        let newest = self
            .client
            .query()
            .table_name(TABLE)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("{AGGREGATE}#{stream}")))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await?;
        let sort = newest.items().first().and_then(|item| item.get("sk"));
        let events = sort.and_then(|sort| sort.as_n().ok()).map(|digits| digits.parse());
        Ok(Place { stream: stream.to_owned(), events: events.transpose()?.unwrap_or(0) })
    }

    async fn append(&self, place: Place, events: u64) -> Result<(), Failure> {
        let last = place.events + events;
        let payloads: Vec<Noted> = (place.events + 1..=last).map(Noted::new).collect();
        self.client
            .put_item()
            .table_name(TABLE)
            .item("pk", AttributeValue::S(format!("{AGGREGATE}#{}", place.stream)))
            .item("sk", AttributeValue::N(last.to_string()))
            .item("ev", AttributeValue::S(serde_json::to_string(&payloads)?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await?;
        Ok(())
    }

    async fn load(&self, stream: &str) -> Result<u64, Failure> {
        Ok(self.place(stream).await?.events)
    }
}
