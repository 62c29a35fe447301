//! Checks answers and messages against their JSON Schemas.

use serde_json::Value;

/// A schema that refuses fields that it does not name. Readers ignore such fields, but we send only what we document.
pub struct ClosedSchema(jsonschema::Validator);

impl ClosedSchema {
    /// Reads a schema.
    ///
    /// # Panics
    /// When it is not a JSON Schema.
    #[must_use]
    pub fn new(schema: &Value) -> Self {
        let mut schema = schema.clone();
        close(&mut schema);
        Self(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
    }

    /// What is wrong with the value; empty when it is valid.
    #[must_use]
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let faults = self.0.iter_errors(value);
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }
}

/// Allows no object of the schema a field that it does not name. Parts of an `allOf`, which name no type, stay open.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let names_fields = keywords.get("type").is_some_and(|kind| kind == "object")
                && keywords.get("properties").is_some_and(Value::is_object);
            if names_fields && !keywords.contains_key("additionalProperties") {
                keywords.insert("additionalProperties".to_owned(), false.into());
            }
            keywords.values_mut().for_each(close);
        }
        Value::Array(parts) => parts.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn missing_invalid_and_unnamed_fields_are_faults() {
        let schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "items": { "type": "array", "items": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            },
        });
        let schema = ClosedSchema::new(&schema);
        let faults = |value: Value| schema.faults(&value).len();
        let id = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";
        assert_eq!(faults(json!({ "id": id, "items": [{ "n": 1 }] })), 0);
        assert_eq!(faults(json!({ "items": [] })), 1);
        assert_eq!(faults(json!({ "id": "7" })), 1);
        assert_eq!(faults(json!({ "id": id, "more": 1 })), 1);
        assert_eq!(faults(json!({ "id": id, "items": [{ "m": 1 }] })), 1);
    }
}
