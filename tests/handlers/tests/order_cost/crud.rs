//! The five commands of an order without event sourcing: its row is read, and written back if nobody changed it meanwhile.
//! The calls are made, and charged, on the embedded engine. Where users differ, this is the cheapest way: the row holds
//! payments, shipment and the keys of its commands, so a command is one read and one write, and needs no record of its
//! own to have one effect. Before `place` nothing is read.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ProjectionType, Put, TransactWriteItem},
};
use serde_json::{Value, json};

use crate::engine;

/// How the row's change becomes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// A transaction writes the message beside the row. AWS charges two units for each item of a transaction. The stream of
    /// the outbox table brings it to the publisher, and the table forgets it by its time to live, which is free.
    FromAnOutbox,
    /// The stream of the table brings the old and the new row to the publisher, which finds out what happened.
    FromTheStream,
}

/// The indexes of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indexes {
    /// A view has them.
    None,
    /// The row is also what queries read, so it has those of our order's view: by customer and by day, with keys only.
    AsOurView,
}

/// What the commands of one order are charged. `messages` are what they publish.
pub(super) async fn commands(
    published: Published,
    indexes: Indexes,
    messages: &[String],
) -> engine::Used {
    let (client, meter) = engine::start().await;
    engine::view_table(&client, "orders", &ProjectionType::KeysOnly).await;
    engine::view_table(&client, "outbox", &ProjectionType::KeysOnly).await;
    assert_eq!(messages.len(), changes().len(), "each command publishes a message");
    let mut row = json!({});
    for (version, (change, message)) in changes().into_iter().zip(messages).enumerate() {
        if version > 0 {
            let key = item("order", "c-0", &json!({}), Indexes::None);
            let key = key.into_iter().filter(|(name, _)| ["pk", "sk"].contains(&name.as_str()));
            let read = client.get_item().table_name("orders").set_key(Some(key.collect()));
            assert!(read.consistent_read(true).send().await.unwrap().item.is_some());
        }
        row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        row["version"] = json!(version + 1);
        let body = item("order", "c-0", &row, indexes);
        let put = Put::builder().table_name("orders").set_item(Some(body));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            let before = AttributeValue::N(version.to_string());
            put.condition_expression("version = :before")
                .expression_attribute_values(":before", before)
        };
        write(&client, put.build().unwrap(), published, version, message).await;
    }
    meter.take()
}

async fn write(client: &Client, row: Put, published: Published, version: usize, message: &str) {
    match published {
        Published::FromTheStream => {
            let put = client.put_item().table_name(row.table_name).set_item(Some(row.item));
            let put = put.set_condition_expression(row.condition_expression);
            put.set_expression_attribute_values(row.expression_attribute_values)
                .send()
                .await
                .unwrap();
        }
        Published::FromAnOutbox => {
            let id = format!("message-{version}");
            let entry = item(&id, "c-0", &json!({ "message": message }), Indexes::None);
            let entry = Put::builder().table_name("outbox").set_item(Some(entry)).build().unwrap();
            let write = |put| TransactWriteItem::builder().put(put).build();
            let transaction = client.transact_write_items();
            transaction
                .set_transact_items(Some(vec![write(row), write(entry)]))
                .send()
                .await
                .unwrap();
        }
    }
}

/// What each command adds to the row.
fn changes() -> Vec<Value> {
    let at = "2026-11-23T09:00:00.000Z";
    vec![
        json!({"customerId": "c-0", "currency": "JPY", "status": "pending", "placedAt": at, "total": 3000,
               "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}], "key1": "journey-1"}),
        json!({"payments": [{"reference": "r-1", "amount": 3000, "outcome": "captured", "at": at}], "key2": "journey-2"}),
        json!({"status": "confirmed", "confirmedAt": at, "key3": "journey-3"}),
        json!({"status": "shipped", "shippedAt": at, "carrier": "DHL", "trackingNumber": "00340434161094042557",
               "key4": "journey-4"}),
        json!({"status": "delivered", "deliveredAt": at, "key5": "journey-5"}),
    ]
}

/// An item: its keys, those of the indexes, the version, and the rest as JSON.
fn item(
    id: &str,
    customer: &str,
    row: &Value,
    indexes: Indexes,
) -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = HashMap::from([
        ("pk".to_owned(), text(&format!("Order#0198c1f2-7a3b-5c4d-8e5f-60718293a4b5-{id}"))),
        ("sk".to_owned(), text("row")),
    ]);
    if let Some(version) = row["version"].as_u64() {
        item.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    }
    if indexes == Indexes::AsOurView {
        let at = text("2026-11-23T09:00:00.000Z");
        item.insert("ix1pk".to_owned(), text(&format!("customer#{customer}")));
        item.insert("ix1sk".to_owned(), at.clone());
        item.insert("ix2pk".to_owned(), text("day#2026-11-23#0"));
        item.insert("ix2sk".to_owned(), at);
    }
    item.insert("body".to_owned(), text(&row.to_string()));
    item
}
