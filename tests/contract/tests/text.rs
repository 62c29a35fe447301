//! JSON as text that is the same in every build and easy to read.

use serde_json::{Map, Value};

/// These names come first, in this order. All others follow in the order of the alphabet.
const FIRST: [&str; 30] = [
    "asyncapi",
    "$schema",
    "$id",
    "id",
    "title",
    "name",
    "info",
    "description",
    "summary",
    "type",
    "const",
    "format",
    "required",
    "properties",
    "eventId",
    "eventType",
    "aggregateId",
    "aggregateType",
    "version",
    "orderId",
    "paymentId",
    "customerId",
    "occurredAt",
    "specversion",
    "source",
    "subject",
    "time",
    "servers",
    "channels",
    "operations",
];
/// These come last.
const LAST: [&str; 4] = ["components", "metadata", "data", "examples"];

/// The value as JSON, indented.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap() + "\n"
}

/// The value as one line of JSON.
pub(crate) fn line(value: &Value) -> String {
    serde_json::to_string(&sorted(value)).unwrap() + "\n"
}

fn rank(name: &str) -> (usize, usize) {
    let place = |list: &[&str]| list.iter().position(|it| *it == name);
    match (place(&FIRST), place(&LAST)) {
        (Some(first), _) => (0, first),
        (None, None) => (1, 0),
        (None, Some(last)) => (2, last),
    }
}

/// A value whose objects serialize in the order of [`rank`]. A [`Map`] keeps an order only with a feature of
/// `serde_json` that another crate of the build may or may not enable.
struct Sorted<'a>(&'a Value);

fn sorted(value: &Value) -> Sorted<'_> {
    Sorted(value)
}

impl serde::Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => serializer.collect_map(by_rank(fields)),
            Value::Array(parts) => serializer.collect_seq(parts.iter().map(Sorted)),
            simple @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                simple.serialize(serializer)
            }
        }
    }
}

fn by_rank(fields: &Map<String, Value>) -> Vec<(&String, Sorted<'_>)> {
    let mut names: Vec<_> = fields.iter().map(|(name, value)| (name, Sorted(value))).collect();
    names.sort_by_key(|(name, _)| (rank(name), *name));
    names
}

#[test]
fn the_order_of_names_does_not_depend_on_the_order_of_the_map() {
    let value =
        serde_json::json!({ "examples": [], "b": 1, "a": { "z": 1, "title": 2 }, "$id": "x" });
    assert_eq!(
        line(&value),
        "{\"$id\":\"x\",\"a\":{\"title\":2,\"z\":1},\"b\":1,\"examples\":[]}\n"
    );
}
