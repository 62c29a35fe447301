//! The AsyncAPI 3 document: channels, operations, messages and what is promised about their delivery.

use std::collections::BTreeSet;

use order_service::{CONTRACT, service};
use serde_json::{Map, Value, json};

use crate::catalogue::{Event, Kind, events};

/// What subscribers can rely on. Also the introduction of the document.
const PROMISES: &str = "Every event is delivered **at least once and in any order**. A duplicate has the same id. \
    `version` numbers the events of one stream from 1 without a gap, and `sequence` is the same number, zero-padded so that \
    it sorts as text; so a consumer notices duplicates, gaps and late events by itself. An event is normally published \
    within seconds. After an outage it may be published up to 14 days late, but it is published. Events are facts and never \
    change. Consumers ignore unknown fields; within a schema version fields are only added, and are optional.";

pub(crate) fn document() -> Value {
    let events = events();
    json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": "Dekigoto orders: events",
            "version": CONTRACT.version,
            "description": PROMISES,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {
            "domainEvents": topic(&events),
            "integrationEvents": bus(&events),
        },
        "operations": operations(),
        "components": {
            "messages": events.iter().map(|event| (event.key(), message(event))).collect::<Map<_, _>>(),
            "schemas": events.iter().map(|event| (event.key(), schema(event))).collect::<Map<_, _>>(),
            "securitySchemes": {
                "sigv4": {
                    "type": "httpApiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4. Accounts that the parameter SubscriberAccounts names may subscribe \
                                    queues and functions of their own, and put rules on the bus.",
                },
            },
        },
    })
}

fn servers() -> Value {
    let security = json!([{ "$ref": "#/components/securitySchemes/sigv4" }]);
    json!({
        "sns": {
            "host": "sns.{region}.amazonaws.com",
            "protocol": "sns",
            "variables": { "region": { "default": "us-east-1", "description": "The region of the stack." } },
            "security": security,
        },
        "eventbridge": {
            "host": "events.{region}.amazonaws.com",
            "protocol": "eventbridge",
            "variables": { "region": { "default": "us-east-1", "description": "The region of the stack." } },
            "security": security,
        },
    })
}

fn topic(events: &[Event]) -> Value {
    json!({
        "title": "The topic of domain events",
        "address": "{topicArn}",
        "description": "An SNS topic: output TopicArn and SSM parameter /<stack>/topic-arn. Subscribe a queue with \
                        raw delivery and a filter policy on the attribute eventType.",
        "servers": [{ "$ref": "#/servers/sns" }],
        "parameters": { "topicArn": { "description": "The ARN of the topic." } },
        "messages": messages_of(events, Event::is_domain),
        "bindings": {
            "sns": { "bindingVersion": "0.1.0", "name": "domain-events", "ordering": { "type": "standard" } },
        },
        "x-subscription": {
            "Protocol": "sqs",
            "RawMessageDelivery": true,
            "FilterPolicyScope": "MessageAttributes",
            "FilterPolicy": { "eventType": names(events, Event::is_domain) },
        },
    })
}

fn bus(events: &[Event]) -> Value {
    json!({
        "title": "The bus of integration events",
        "address": "{busName}",
        "description": "An EventBridge bus: output BusName and SSM parameter /<stack>/bus-arn. The detail of an event \
                        is a CloudEvents 1.0 event. Put a rule on the bus; x-eventbridge has a pattern to start with.",
        "servers": [{ "$ref": "#/servers/eventbridge" }],
        "parameters": { "busName": { "description": "The name of the bus." } },
        "messages": messages_of(events, |event| !event.is_domain()),
        "x-eventbridge": {
            "source": [service().announcements().source()],
            "detail-type": names(events, |event| !event.is_domain()),
        },
    })
}

fn messages_of(events: &[Event], wanted: impl Fn(&Event) -> bool) -> Map<String, Value> {
    let keys = events.iter().filter(|event| wanted(event)).map(Event::key);
    keys.map(|key| (key.clone(), json!({ "$ref": format!("#/components/messages/{key}") })))
        .collect()
}

fn names(events: &[Event], wanted: impl Fn(&Event) -> bool) -> BTreeSet<&str> {
    events.iter().filter(|event| wanted(event)).map(|event| event.name.as_str()).collect()
}

fn operations() -> Value {
    let delivery = json!({
        "guarantee": "at-least-once",
        "order": "none",
        "version": "gap-free per stream, from 1",
        "latency": "seconds; up to 14 days after an outage",
    });
    json!({
        "publishDomainEvents": {
            "action": "send",
            "title": "Publish domain events",
            "summary": "Sends each event of a stored commit to the topic.",
            "channel": { "$ref": "#/channels/domainEvents" },
            "x-delivery": delivery,
        },
        "announceIntegrationEvents": {
            "action": "send",
            "title": "Announce integration events",
            "summary": "Sends what other services are told about a stored commit to the bus.",
            "channel": { "$ref": "#/channels/integrationEvents" },
            "x-delivery": delivery,
        },
    })
}

fn message(event: &Event) -> Value {
    let bodies = event.messages.iter().map(|it| serde_json::from_str::<Value>(&it.body).unwrap());
    let examples: Vec<Value> = bodies.map(|body| json!({ "payload": body })).collect();
    let data = json!({ "$ref": format!("#/components/schemas/{}", event.key()) });
    let mut message = json!({
        "name": event.name,
        "title": format!("{} version {}", event.name, event.version),
        "summary": event.description(),
        "contentType": "application/json",
        "examples": examples,
        "x-schema": event.schema_id(),
    });
    match &event.kind {
        Kind::Domain { aggregate, newest } => {
            message["headers"] = attributes(event, aggregate);
            message["payload"] = envelope(event, aggregate, &data);
            message["correlationId"] =
                json!({ "location": "$message.payload#/metadata/correlationId" });
            message["x-newest-version"] = json!(newest);
            message["x-aggregate"] = json!(aggregate);
        }
        Kind::Integration { cloud_type, announces } => {
            message["contentType"] = json!("application/cloudevents+json");
            message["payload"] = cloud_event(cloud_type, event, &data);
            message["correlationId"] = json!({ "location": "$message.payload#/correlationid" });
            message["x-announces"] = json!(announces);
        }
    }
    message
}

impl Event {
    fn is_domain(&self) -> bool {
        matches!(self.kind, Kind::Domain { .. })
    }
}

/// The schema without what makes it a document of its own.
fn schema(event: &Event) -> Value {
    let mut schema = event.schema.clone();
    drop(schema.as_object_mut().unwrap().remove("$schema"));
    schema["title"] = json!(event.name);
    schema
}

/// The attributes of a message on the topic.
fn attributes(event: &Event, aggregate: &str) -> Value {
    json!({
        "type": "object",
        "required": ["eventType", "aggregateType", "schemaVersion"],
        "properties": {
            "eventType": { "type": "string", "const": event.name, "description": "For filter policies." },
            "aggregateType": { "type": "string", "const": aggregate, "description": "For filter policies." },
            "schemaVersion": { "type": "integer", "const": event.version, "description": "A number, so that a filter can ask for a range." },
            "traceparent": { "type": "string", "description": "The W3C trace context, if the command had one." },
        },
    })
}

/// The body of a message on the topic.
fn envelope(event: &Event, aggregate: &str, data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["eventId", "eventType", "aggregateId", "aggregateType", "occurredAt", "version", "payload", "schemaVersion", "metadata"],
        "properties": {
            "eventId": { "type": "string", "format": "uuid", "description": "Unique. A duplicate has the same id." },
            "eventType": { "type": "string", "const": event.name },
            "aggregateId": { "type": "string", "description": "The stream, together with aggregateType." },
            "aggregateType": { "type": "string", "const": aggregate },
            "occurredAt": { "type": "string", "format": "date-time" },
            "version": { "type": "integer", "minimum": 1, "description": "The number of the event in its stream, without gaps." },
            "payload": data,
            "schemaVersion": { "type": "integer", "const": event.version, "description": "The version of the payload's schema." },
            "metadata": {
                "type": "object",
                "required": ["correlationId"],
                "properties": {
                    "correlationId": { "type": "string", "description": "The same in everything that one request causes." },
                    "causationId": { "type": "string", "description": "The direct cause: a request or an event." },
                    "traceparent": { "type": "string", "description": "The W3C trace context." },
                },
            },
        },
    })
}

/// The detail of an event on the bus.
fn cloud_event(cloud_type: &str, event: &Event, data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "sequence", "data"],
        "properties": {
            "specversion": { "type": "string", "const": "1.0" },
            "id": { "type": "string", "description": "Unique. A duplicate has the same id." },
            "source": { "type": "string", "const": service().announcements().source() },
            "type": { "type": "string", "const": cloud_type },
            "subject": { "type": "string", "description": "The stream: <AggregateType>/<id>." },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "type": "string", "const": "application/json" },
            "dataschema": { "type": "string", "description": format!("The address of the schema of data: its base, and {}.json.", event.key()) },
            "sequence": { "type": "string", "description": "The version in the stream, zero-padded. Source, subject and sequence together are unique." },
            "correlationid": { "type": "string" },
            "traceparent": { "type": "string", "description": "The W3C trace context." },
            "data": data,
        },
    })
}

/// A document in which nothing outside it is needed.
fn resolved(document: &Value, value: &Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(place) => {
                let pointer = place.strip_prefix('#').unwrap();
                resolved(document, document.pointer(pointer).unwrap_or_else(|| panic!("{place}")))
            }
            None => {
                fields.iter().map(|(name, it)| (name.clone(), resolved(document, it))).collect()
            }
        },
        Value::Array(parts) => parts.iter().map(|it| resolved(document, it)).collect(),
        simple @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            simple.clone()
        }
    }
}

#[test]
fn every_sample_message_matches_its_payload_and_its_headers_in_the_document() {
    let document = document();
    for event in events() {
        let message = resolved(&document, &document["components"]["messages"][event.key()]);
        let payload = dekigoto_testkit::ClosedSchema::new(&message["payload"]);
        for sample in &event.messages {
            let body: Value = serde_json::from_str(&sample.body).unwrap();
            assert!(
                payload.faults(&body).is_empty(),
                "{}: {:?}",
                event.key(),
                payload.faults(&body)
            );
            if !message["headers"].is_null() {
                let headers = dekigoto_testkit::ClosedSchema::new(&message["headers"]);
                let sent = json!(
                    sample
                        .attributes
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), json!(value)))
                        .collect::<Map<_, _>>()
                );
                assert!(headers.faults(&sent).is_empty(), "{sent}: {:?}", headers.faults(&sent));
            }
        }
    }
}

#[test]
fn the_pattern_of_the_bus_names_what_is_announced() {
    let document = document();
    let pattern = &document["channels"]["integrationEvents"]["x-eventbridge"];
    assert_eq!(pattern["source"], json!(["dekigoto.orders"]));
    for event in events().iter().filter(|event| !event.is_domain()) {
        assert!(pattern["detail-type"].as_array().unwrap().contains(&json!(event.name)));
    }
}
