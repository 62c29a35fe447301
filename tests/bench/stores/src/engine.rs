//! DynamoDB in this process: `dynoxide`, over HTTP on loopback, behind the meter.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};
use aws_smithy_async::rt::sleep::TokioSleep;
use tokio::net::TcpListener;

use crate::{Failure, meter::Meter};

/// The keys of a table or an index: names and types.
pub(crate) type Keys<'a> = &'a [(&'a str, ScalarAttributeType)];

/// One engine for all stores.
pub(crate) struct Engine {
    /// A client as a user of any store would build it. It does not know about the meter.
    pub(crate) client: Client,
    pub(crate) meter: Meter,
}

pub(crate) async fn start() -> Result<Engine, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let database = dynoxide::Database::memory()?;
    let never = std::future::pending();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, never));
    let (meter, endpoint) = Meter::in_front_of(&address).await?;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .endpoint_url(endpoint)
        // One of the stores sleeps with the client's own sleeper.
        .sleep_impl(TokioSleep::new())
        .build();
    Ok(Engine { client: Client::from_conf(config), meter })
}

impl Engine {
    pub(crate) async fn table(&self, name: &str, keys: Keys<'_>) -> Result<(), Failure> {
        self.table_with_index(name, keys, None).await
    }

    /// Creates a table with a global secondary index of that projection.
    pub(crate) async fn table_with_index(
        &self,
        name: &str,
        keys: Keys<'_>,
        index: Option<(&str, Keys<'_>, ProjectionType)>,
    ) -> Result<(), Failure> {
        let mut attributes = keys.to_vec();
        let mut indexes = Vec::new();
        if let Some((name, keys, projected)) = index {
            for key in keys {
                if !attributes.contains(key) {
                    attributes.push(key.clone());
                }
            }
            let index = GlobalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(key_schema(keys)?))
                .projection(Projection::builder().projection_type(projected).build())
                .build()?;
            indexes.push(index);
        }
        let definitions = attributes.iter().map(|(name, kind)| {
            AttributeDefinition::builder()
                .attribute_name(*name)
                .attribute_type(kind.clone())
                .build()
        });
        let table = self
            .client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(definitions.collect::<Result<_, _>>()?))
            .set_key_schema(Some(key_schema(keys)?))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes));
        table.send().await?;
        Ok(())
    }
}

fn key_schema(keys: Keys<'_>) -> Result<Vec<KeySchemaElement>, Failure> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let elements = keys.iter().zip(kinds).map(|((name, _), kind)| {
        KeySchemaElement::builder().attribute_name(*name).key_type(kind).build()
    });
    Ok(elements.collect::<Result<_, _>>()?)
}
