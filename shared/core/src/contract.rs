//! JSON Schemas of events, for a contract that subscribers read. Only with the feature `schema`, which no function
//! enables.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::relay::IntegrationData;

/// One kind of event in one schema version, with the JSON Schema (2020-12) of its data.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// The event's name.
    pub name: &'static str,
    /// The schema version.
    pub version: u32,
    /// The schema, complete in itself. Its descriptions are the documentation of the type and its fields.
    pub schema: Value,
}

impl EventType {
    /// A domain event whose payload is a `T` in this schema version.
    ///
    /// ```
    /// use dekigoto::contract::EventType;
    ///
    /// /// Money came in.
    /// #[derive(schemars::JsonSchema)]
    /// struct Deposited {
    ///     minor: u32,
    ///     note: Option<String>,
    /// }
    ///
    /// let event = EventType::domain::<Deposited>("Deposited", 1);
    /// assert_eq!(event.schema["description"], "Money came in.");
    /// assert_eq!(event.schema["required"], serde_json::json!(["minor"]));
    /// ```
    #[must_use]
    pub fn domain<T: JsonSchema>(name: &'static str, version: u32) -> Self {
        Self { name, version, schema: schema_of::<T>(SchemaSettings::for_deserialize) }
    }

    /// An integration event.
    #[must_use]
    pub fn integration<T: IntegrationData + JsonSchema>() -> Self {
        Self {
            name: T::TYPE,
            version: T::SCHEMA_VERSION,
            schema: schema_of::<T>(SchemaSettings::for_serialize),
        }
    }
}

fn schema_of<T: JsonSchema>(contract: fn(SchemaSettings) -> SchemaSettings) -> Value {
    let mut settings = contract(SchemaSettings::draft2020_12());
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// Removes what describes Rust and not the message: an absent field is left out and never null, and formats such as
/// `uint64` are no formats of JSON Schema.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            tidy_keywords(keywords);
            keywords.values_mut().for_each(tidy);
        }
        Value::Array(parts) => parts.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn tidy_keywords(keywords: &mut Map<String, Value>) {
    if keywords.get("default").is_some_and(Value::is_null) {
        keywords.remove("default");
    }
    if keywords.get("format").and_then(Value::as_str).is_some_and(is_of_rust) {
        keywords.remove("format");
    }
    if let Some(Value::Array(types)) = keywords.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [kind] = &types[..] {
            let kind = kind.clone();
            keywords.insert("type".to_owned(), kind);
        }
    }
}

fn is_of_rust(format: &str) -> bool {
    let digits = format.trim_start_matches("uint").trim_start_matches("int");
    format.contains("int") && digits.chars().all(|it| it.is_ascii_digit())
}
