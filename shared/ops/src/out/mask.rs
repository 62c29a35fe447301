//! Payloads without their values. An operator sees the shape of what customers wrote, not the content.

use serde_json::Value;

/// Whether payloads are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Only the types of their values.
    Masked,
    /// As they are: the operator asked with `--payloads`.
    Whole,
}

/// The value as it may be shown.
pub(crate) fn mask(value: &Value, shown: Shown) -> Value {
    match shown {
        Shown::Whole => value.clone(),
        Shown::Masked => masked(value),
    }
}

fn masked(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => "<bool>".into(),
        Value::Number(_) => "<number>".into(),
        Value::String(text) => format!("<text of {}>", text.chars().count()).into(),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), masked(value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_masked_payload_keeps_its_fields_and_no_value_s17() {
        let payload = json!({"customerId": "c-42", "paid": true, "items": [{"unitAmount": 1500}], "note": null});
        let masked = mask(&payload, Shown::Masked);
        assert_eq!(
            masked,
            json!({"customerId": "<text of 4>", "paid": "<bool>", "items": [{"unitAmount": "<number>"}], "note": null})
        );
        assert_eq!(mask(&payload, Shown::Whole), payload);
    }
}
