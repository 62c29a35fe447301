//! DynamoDB in this process: `dynoxide`, over HTTP on loopback, and a client that adds up the units it is charged.
//! The tests of the functions include this file, too.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::{
    Client,
    config::Intercept,
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
    },
    types::{
        AttributeDefinition, BillingMode, ConsumedCapacity, GlobalSecondaryIndex, KeySchemaElement,
        KeyType, Projection, ProjectionType, ReturnConsumedCapacity, ScalarAttributeType,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    interceptors::context::{
        AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    },
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::config_bag::ConfigBag;
use dekigoto_testkit::aws::config;
use tokio::net::TcpListener;

/// Adds up requests, and the units of tables and indexes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Mutex<Used>>);

/// What requests were charged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) requests: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

impl Meter {
    /// What was used since the last call.
    pub(crate) fn take(&self) -> Used {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Adds what a request was charged.
    pub(crate) fn add(&self, other: Used) {
        let mut used = self.0.lock().unwrap();
        used.requests += other.requests;
        used.read_units += other.read_units;
        used.write_units += other.write_units;
    }

    fn wrote<'a>(&self, charged: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let mut used = self.0.lock().unwrap();
        used.requests += 1.0;
        used.write_units += units(charged);
    }

    fn read<'a>(&self, charged: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let mut used = self.0.lock().unwrap();
        used.requests += 1.0;
        used.read_units += units(charged);
    }
}

fn units<'a>(charged: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    charged.into_iter().map(|it| it.capacity_units().unwrap()).sum()
}

/// The adapters do not request the consumed capacity, so the meter adds it to their requests.
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let wanted = Some(ReturnConsumedCapacity::Indexes);
        let input = context.input_mut();
        if let Some(put) = input.downcast_mut::<PutItemInput>() {
            put.return_consumed_capacity = wanted;
        } else if let Some(transaction) = input.downcast_mut::<TransactWriteItemsInput>() {
            transaction.return_consumed_capacity = wanted;
        } else if let Some(query) = input.downcast_mut::<QueryInput>() {
            query.return_consumed_capacity = wanted;
        } else if let Some(get) = input.downcast_mut::<GetItemInput>() {
            get.return_consumed_capacity = wanted;
        } else if let Some(batch) = input.downcast_mut::<BatchGetItemInput>() {
            batch.return_consumed_capacity = wanted;
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        if let Some(put) = output.downcast_ref::<PutItemOutput>() {
            self.wrote(put.consumed_capacity());
        } else if let Some(transaction) = output.downcast_ref::<TransactWriteItemsOutput>() {
            self.wrote(transaction.consumed_capacity());
        } else if let Some(query) = output.downcast_ref::<QueryOutput>() {
            self.read(query.consumed_capacity());
        } else if let Some(get) = output.downcast_ref::<GetItemOutput>() {
            self.read(get.consumed_capacity());
        } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
            self.read(batch.consumed_capacity());
        }
        Ok(())
    }
}

/// A client of a new engine, and its meter.
pub(crate) async fn start() -> (Client, Meter) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    let never = std::future::pending();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, never));
    let trust = TlsContext::builder().with_trust_store(TrustStore::empty());
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(trust.build().unwrap())
        .build_https();
    let meter = Meter::default();
    let config = aws_sdk_dynamodb::config::Builder::from(&config(&endpoint, http));
    (Client::from_conf(config.interceptor(meter.clone()).build()), meter)
}

/// A view table with the keys of the template and two indexes of that projection.
pub(crate) async fn view_table(client: &Client, name: &str, projected: &ProjectionType) {
    let names = ["pk", "sk", "ix1pk", "ix1sk", "ix2pk", "ix2sk"];
    let attribute = |name| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let index = |number: u8| {
        let projection = Projection::builder().projection_type(projected.clone()).build();
        let index = GlobalSecondaryIndex::builder().index_name(format!("index{number}"));
        let keys = keys(&format!("ix{number}"));
        index.set_key_schema(Some(keys)).projection(projection).build().unwrap()
    };
    let table = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let table = table
        .set_attribute_definitions(Some(names.map(attribute).to_vec()))
        .set_key_schema(Some(keys("")))
        .set_global_secondary_indexes(Some([1, 2].map(index).to_vec()));
    table.send().await.unwrap();
}

/// An event table with the keys of the template.
#[allow(dead_code, reason = "one of the two test programs needs it")]
pub(crate) async fn event_table(client: &Client, name: &str) {
    let attribute = |name, kind| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(kind).build().unwrap()
    };
    let attributes =
        vec![attribute("pk", ScalarAttributeType::S), attribute("sk", ScalarAttributeType::N)];
    let table = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let table = table.set_attribute_definitions(Some(attributes));
    table.set_key_schema(Some(keys(""))).send().await.unwrap();
}

fn keys(prefix: &str) -> Vec<KeySchemaElement> {
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(format!("{prefix}{name}"));
        key.key_type(kind).build().unwrap()
    };
    vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)]
}
