//! As much of JSON Schema 2020-12 as our schemas use. A keyword that is not known here is a violation, so that no part
//! of a schema goes unchecked.
//!
//! Stricter than the standard in one point: a field that the schema does not name is a violation. Consumers ignore such
//! a field, but we do not publish what we do not document.

use dekigoto::Timestamp;
use orders::{CustomerId, OrderId};
use serde_json::Value;

const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const NAME: &str = "^[A-Za-z0-9._:@|-]{1,64}$";
const CURRENCY: &str = "^[A-Z]{3}$";

/// What is wrong with the value; nothing when it keeps the schema.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        if !keeps(schema, keyword, rule, value, at, found) {
            found.push(format!("{at}: {keyword} {rule}"));
        }
    }
}

fn keeps(
    schema: &Value,
    keyword: &str,
    rule: &Value,
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) -> bool {
    let number = value.as_u64();
    let characters = value.as_str().map(|text| u64::try_from(text.chars().count()).unwrap());
    let elements = value.as_array().map(|list| u64::try_from(list.len()).unwrap());
    match keyword {
        "$schema" | "$id" | "title" | "description" | "examples" => true,
        "type" => has_type(rule.as_str().unwrap(), value),
        "required" => rule.as_array().unwrap().iter().all(|name| {
            value.get(name.as_str().unwrap()).is_some()
                && schema["properties"].get(name.as_str().unwrap()).is_some()
        }),
        "properties" => check_properties(rule, value, at, found),
        "items" => {
            for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                check(rule, element, &format!("{at}/{index}"), found);
            }
            true
        }
        "minimum" => number >= rule.as_u64(),
        "maximum" => number.is_some() && number <= rule.as_u64(),
        "minLength" => characters >= rule.as_u64(),
        "maxLength" => characters.is_some() && characters <= rule.as_u64(),
        "minItems" => elements >= rule.as_u64(),
        "maxItems" => elements.is_some() && elements <= rule.as_u64(),
        "pattern" => value.as_str().is_some_and(|text| matches(rule.as_str().unwrap(), text)),
        "format" => value.as_str().is_some_and(|text| has_format(rule.as_str().unwrap(), text)),
        _ => false,
    }
}

fn check_properties(rules: &Value, value: &Value, at: &str, found: &mut Vec<String>) -> bool {
    let mut all_named = true;
    for (name, value) in value.as_object().into_iter().flatten() {
        match rules.get(name) {
            Some(rule) => check(rule, value, &format!("{at}/{name}"), found),
            None => all_named = false,
        }
    }
    all_named
}

fn has_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        _ => false,
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        UUID => text.parse::<OrderId>().is_ok(),
        NAME => text.parse::<CustomerId>().is_ok(),
        CURRENCY => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
        _ => false,
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date" => text.parse::<orders::Day>().is_ok(),
        "date-time" => text.parse::<Timestamp>().is_ok_and(|at| at.to_string() == text),
        _ => false,
    }
}
