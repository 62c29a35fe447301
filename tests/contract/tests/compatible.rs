//! Whether a schema may take the place of the published one: within a version fields are only added, and are optional.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What to do about a change that breaks subscribers.
pub(crate) const ADVICE: &str = "Subscribers depend on a published version. Undo the change, or make a new version of the \
     event with an upcast from the old one: see \"A new version of an event\" in CONTRIBUTING.md.";

/// Keywords that a reader sees and a validator ignores, and those that are compared in depth.
const NOT_COMPARED: [&str; 8] =
    ["$schema", "$id", "title", "description", "examples", "properties", "required", "items"];

/// How the new schema breaks readers of the old one; empty if it does not.
pub(crate) fn breaks(event: &str, old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(event, old, new, &mut found);
    found
}

fn compare(place: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    compare_keywords(place, old, new, found);
    let (before, after) = (fields(old), fields(new));
    for (name, field) in &before {
        match after.get(name) {
            Some(now) => compare(&format!("{place}.{name}"), field, now, found),
            None => found.push(format!("{place}.{name} was removed.")),
        }
    }
    let (needed, needs) = (required(old), required(new));
    for name in needed.difference(&needs).filter(|name| after.contains_key(**name)) {
        found.push(format!("{place}.{name} was always there, and may now be absent."));
    }
    for name in needs.difference(&needed) {
        found.push(format!(
            "{place}.{name} is required, but events of this version without it are stored."
        ));
    }
    if old["items"].is_object() {
        compare(&format!("{place}[]"), &old["items"], &new["items"], found);
    }
}

fn compare_keywords(place: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    let (before, after) = (keywords(old), keywords(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).copied().collect();
    for name in names.into_iter().filter(|name| before.get(*name) != after.get(*name)) {
        let show = |value: Option<&&Value>| value.map_or("nothing".to_owned(), |it| it.to_string());
        let (was, is) = (show(before.get(name)), show(after.get(name)));
        found.push(format!("{place} changed its {name} from {was} to {is}."));
    }
}

fn keywords(schema: &Value) -> std::collections::BTreeMap<&String, &Value> {
    let all = schema.as_object().into_iter().flatten();
    all.filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str())).collect()
}

fn fields(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn published() -> Value {
        json!({
            "title": "OrderPlaced",
            "type": "object",
            "required": ["customerId", "items"],
            "properties": {
                "customerId": { "type": "string", "pattern": "^c" },
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["quantity"],
                        "properties": { "quantity": { "type": "integer", "maximum": 10 } },
                    },
                },
                "note": { "type": "string" },
            },
        })
    }

    /// What is found after one change.
    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let (old, mut new) = (published(), published());
        change(&mut new);
        breaks("OrderPlaced.v1", &old, &new)
    }

    #[test]
    fn an_optional_field_and_better_words_may_be_added() {
        let nothing: [String; 0] = [];
        assert_eq!(found(|_| {}), nothing);
        assert_eq!(found(|it| it["description"] = json!("A customer placed an order.")), nothing);
        assert_eq!(found(|it| it["examples"] = json!([{}])), nothing);
        assert_eq!(found(|it| it["properties"]["gift"] = json!({ "type": "boolean" })), nothing);
    }

    #[test]
    fn a_removed_field_breaks_subscribers() {
        let removed = found(|it| {
            it["properties"].as_object_mut().unwrap().remove("note");
        });
        assert_eq!(removed, ["OrderPlaced.v1.note was removed."]);
    }

    #[test]
    fn a_field_that_becomes_optional_or_required_breaks_subscribers() {
        let optional = found(|it| it["required"] = json!(["items"]));
        assert_eq!(
            optional,
            ["OrderPlaced.v1.customerId was always there, and may now be absent."]
        );
        let required = found(|it| it["required"] = json!(["customerId", "items", "note"]));
        let sentence = "is required, but events of this version without it are stored.";
        assert_eq!(required, [format!("OrderPlaced.v1.note {sentence}")]);
        let new = found(|it| {
            it["properties"]["gift"] = json!({ "type": "boolean" });
            it["required"] = json!(["customerId", "gift", "items"]);
        });
        assert_eq!(new, [format!("OrderPlaced.v1.gift {sentence}")]);
    }

    #[test]
    fn a_field_of_another_type_or_limit_breaks_subscribers_at_any_depth() {
        let retyped = found(|it| it["properties"]["customerId"]["type"] = json!("integer"));
        assert_eq!(
            retyped,
            ["OrderPlaced.v1.customerId changed its type from \"string\" to \"integer\"."]
        );
        let raised = found(|it| {
            it["properties"]["items"]["items"]["properties"]["quantity"]["maximum"] = json!(99);
        });
        assert_eq!(raised, ["OrderPlaced.v1.items[].quantity changed its maximum from 10 to 99."]);
    }
}
