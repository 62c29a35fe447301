//! The bank account of `shared/core/examples`, with only the store changed:
//! `cargo run -p dekigoto-dynamodb --example bank_account_on_dynamodb`.
//!
//! DynamoDB runs inside this process, over HTTP on loopback. On AWS the client comes from `aws_config`, and the table
//! from your template.
use std::{error::Error, sync::Arc};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_smithy_http_client::Builder;
use dekigoto_dynamodb::{Client, DynamoEventStore};
use dekigoto_testkit::aws::config;
use tokio::net::TcpListener;

#[path = "../../core/examples/bank_account.rs"]
#[expect(dead_code, reason = "its `main` uses the store in memory")]
mod bank_account;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = embedded_dynamodb().await?;
    create_event_table(&client).await?;
    bank_account::walk(Arc::new(DynamoEventStore::new(client, "events"))).await
}

async fn embedded_dynamodb() -> Result<Client, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let database = dynoxide::Database::memory()?;
    let never = std::future::pending();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, never));
    Ok(Client::new(&config(&endpoint, Builder::new().build_http())))
}

/// The partition key is the stream, the sort key the commit's ordinal.
async fn create_event_table(client: &Client) -> Result<(), Box<dyn Error>> {
    let mut table =
        client.create_table().table_name("events").billing_mode(BillingMode::PayPerRequest);
    let keys = [
        ("pk", KeyType::Hash, ScalarAttributeType::S),
        ("sk", KeyType::Range, ScalarAttributeType::N),
    ];
    for (name, key, kind) in keys {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(key).build()?;
        let kind = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        table = table.key_schema(key).attribute_definitions(kind.build()?);
    }
    table.send().await?;
    Ok(())
}
