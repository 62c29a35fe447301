//! New tables with the keys and indexes of the template.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ReturnConsumedCapacity, ScalarAttributeType,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use dekigoto::{EventStore, RowKey, ViewStore, replay::ReplaySource};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use dekigoto_testkit::{
    ErasableViews, RawItem, RowDamage, StoreSubject, ViewSubject,
    aws::{Reply, ScriptedHttp, config},
};
use serde_json::Value;

/// A DynamoDB endpoint.
pub(crate) struct Service {
    endpoint: String,
    scans_in_order: bool,
    client: Client,
}

/// The number of tables that this process has created.
static TABLES: AtomicUsize = AtomicUsize::new(0);

impl Service {
    pub(crate) fn at(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            scans_in_order: true,
            client: Client::new(&config(endpoint, http_client())),
        }
    }

    /// The same, for an engine whose scans order number keys as text.
    pub(crate) fn with_unordered_scans(self) -> Self {
        Self { scans_in_order: false, ..self }
    }

    /// An event table.
    pub(crate) async fn event_table(&self) -> String {
        let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)];
        self.table("events", &keys, &[]).await
    }

    pub(crate) async fn event_subject(&self) -> Box<dyn StoreSubject> {
        Box::new(self.table_of_events().await)
    }

    pub(crate) async fn table_of_events(&self) -> Table {
        let table = self.event_table().await;
        let client = self.client.clone();
        Table { client, table, scans_in_order: self.scans_in_order }
    }

    pub(crate) async fn view_store(&self) -> Arc<dyn ViewStore> {
        self.erasable_views().await.0
    }

    pub(crate) async fn view_subject(&self) -> Box<dyn ViewSubject> {
        Box::new(ViewTable { client: self.client.clone(), table: self.view_table().await })
    }

    pub(crate) async fn erasable_views(&self) -> ErasableViews {
        let views = DynamoViewStore::new(self.client.clone(), self.view_table().await);
        (Arc::new(views.clone()), Arc::new(views))
    }

    async fn view_table(&self) -> String {
        let text = |name| (name, ScalarAttributeType::S);
        let keys = ["pk", "sk", "ix1pk", "ix1sk", "ix2pk", "ix2sk"].map(text);
        self.table("views", &keys, &["1", "2"]).await
    }

    /// A client of the same service, behind a scripted network.
    pub(crate) fn client_behind(&self, replies: &[Reply]) -> (Client, ScriptedHttp) {
        let network = ScriptedHttp::in_front_of(replies.iter().cloned(), http_client());
        (Client::new(&config(&self.endpoint, network.clone())), network)
    }

    async fn table(
        &self,
        kind: &str,
        attributes: &[(&str, ScalarAttributeType)],
        indexes: &[&str],
    ) -> String {
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{kind}-{}-{number}", std::process::id());
        let indexes = indexes.iter().map(|index| {
            GlobalSecondaryIndex::builder()
                .index_name(format!("index{index}"))
                .set_key_schema(Some(key_schema(&format!("ix{index}"))))
                .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                .build()
                .unwrap()
        });
        let indexes: Vec<_> = indexes.collect();
        let definitions = attributes.iter().map(|(name, kind)| {
            AttributeDefinition::builder()
                .attribute_name(*name)
                .attribute_type(kind.clone())
                .build()
                .unwrap()
        });
        let created = self
            .client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(definitions.collect()))
            .set_key_schema(Some(key_schema("")))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes));
        created.send().await.unwrap();
        name
    }
}

fn key_schema(prefix: &str) -> Vec<KeySchemaElement> {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(format!("{prefix}{name}"))
            .key_type(kind)
            .build()
            .unwrap()
    };
    vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)]
}

/// Plain HTTP on loopback, so no certificate has to be trusted.
fn http_client() -> aws_sdk_dynamodb::config::SharedHttpClient {
    let trust = TlsContext::builder().with_trust_store(TrustStore::empty());
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(trust.build().unwrap())
        .build_https()
}

pub(crate) struct Table {
    client: Client,
    table: String,
    scans_in_order: bool,
}

impl Table {
    fn event_store(&self) -> DynamoEventStore {
        DynamoEventStore::new(self.client.clone(), &*self.table)
    }

    /// Puts an item, and returns the write units that the engine charges.
    pub(crate) async fn put(&self, item: RawItem) -> usize {
        let item: HashMap<String, AttributeValue> =
            item.into_iter().map(|(name, value)| (name, attribute(value))).collect();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = put.send().await.unwrap();
        let charged = put.consumed_capacity().unwrap().capacity_units().unwrap();
        format!("{charged:.0}").parse().unwrap()
    }
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        other => panic!("an item has numbers and text, not {other}"),
    }
}

#[async_trait]
impl StoreSubject for Table {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.event_store())
    }

    fn replay_source(&self) -> Arc<dyn ReplaySource> {
        Arc::new(self.event_store())
    }

    fn scans_in_order(&self) -> bool {
        self.scans_in_order
    }

    async fn put_raw(&self, item: RawItem) -> bool {
        self.put(item).await;
        true
    }
}

struct ViewTable {
    client: Client,
    table: String,
}

#[async_trait]
impl ViewSubject for ViewTable {
    fn views(&self) -> Arc<dyn ViewStore> {
        Arc::new(DynamoViewStore::new(self.client.clone(), &*self.table))
    }

    async fn damage(&self, row: &RowKey, damage: &RowDamage) -> bool {
        let number = |text: &str| Some(AttributeValue::N(text.to_owned()));
        let (name, value) = match damage {
            RowDamage::Body(text) => {
                let Ok(text) = std::str::from_utf8(text) else { return false };
                ("body", Some(AttributeValue::S(text.to_owned())))
            }
            RowDamage::NoBody => ("body", None),
            RowDamage::BodyOfAnotherType => ("body", number("7")),
            RowDamage::NoRevision => ("rev", None),
            RowDamage::NegativeRevision => ("rev", number("-3")),
            RowDamage::RevisionOfAnotherType => ("rev", Some(AttributeValue::S("1".to_owned()))),
        };
        let change = if value.is_some() { "SET #name = :value" } else { "REMOVE #name" };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(row.partition.clone()))
            .key("sk", AttributeValue::S(row.sort.clone()))
            .update_expression(change)
            .expression_attribute_names("#name", name)
            .set_expression_attribute_values(value.map(|it| [(":value".to_owned(), it)].into()));
        update.send().await.unwrap();
        true
    }
}
