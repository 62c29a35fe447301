//! The two tables of the template, for an embedded DynamoDB.

use serde_json::{Value, json};

/// The request that creates an event table.
#[must_use]
pub fn event_table(name: &str) -> Value {
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "N" },
        ],
        "KeySchema": keys(""),
    })
}

/// The request that creates a view table, with its two indexes that hold only keys.
#[must_use]
pub fn view_table(name: &str) -> Value {
    let names = ["pk", "sk", "ix1pk", "ix1sk", "ix2pk", "ix2sk"];
    let attribute = |name| json!({ "AttributeName": name, "AttributeType": "S" });
    let index = |number: u8| {
        json!({
            "IndexName": format!("index{number}"),
            "KeySchema": keys(&format!("ix{number}")),
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        })
    };
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": names.map(attribute),
        "KeySchema": keys(""),
        "GlobalSecondaryIndexes": [index(1), index(2)],
    })
}

fn keys(prefix: &str) -> Value {
    json!([
        { "AttributeName": format!("{prefix}pk"), "KeyType": "HASH" },
        { "AttributeName": format!("{prefix}sk"), "KeyType": "RANGE" },
    ])
}
