//! What is kept: tables, queues at rest, and the shape of the file itself.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::model::Template;

const KEY_ORDER: &[&str] =
    &["Type", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "Properties"];

/// Read from the text, because a parsed block has forgotten its order.
pub(super) fn blocks_have_their_keys_in_order(template: &Template) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let text = fs::read_to_string(path).expect("template.yaml is readable");
    let mut wrong = Vec::new();
    for resource in template.resources() {
        let heading = format!("\n  {}:\n", resource.name);
        let Some((_, rest)) = text.split_once(&heading) else {
            continue;
        };
        let block = rest.lines().take_while(|line| {
            line.is_empty() || line.starts_with("    ") || line.starts_with("  #")
        });
        let places: Vec<_> = block
            .filter(|line| {
                line.starts_with("    ") && !line.starts_with("     ") && !line.contains('#')
            })
            .filter_map(|line| line.trim().split(':').next())
            .map(|key| KEY_ORDER.iter().position(|known| *known == key))
            .collect();
        if places.contains(&None) || !places.is_sorted() {
            wrong.push(format!(
                "{}: keys must be some of {KEY_ORDER:?}, in this order",
                resource.name
            ));
        }
    }
    wrong
}

pub(super) fn tables_are_guarded(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    if template.document["Parameters"]["DeletionProtection"]["Default"] != "true" {
        wrong.push("DeletionProtection must be on unless it is turned off".to_owned());
    }
    for table in template.of_type("AWS::DynamoDB::Table") {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", table.name));
            }
        };
        must(
            table.get("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled")
                == &json!(true),
            "no point-in-time recovery",
        );
        must(
            table.get("/DeletionProtectionEnabled") == &json!({"Ref": "DeletionProtection"}),
            "no deletion protection",
        );
        must(table.get("/SSESpecification/SSEEnabled") == &json!(true), "not encrypted");
        must(table.block["DeletionPolicy"] == "Retain", "goes with the stack");
        must(table.block["UpdateReplacePolicy"] == "Retain", "goes with a replacement");
        must(table.get("/BillingMode") == &json!("PAY_PER_REQUEST"), "has a fixed capacity");
    }
    wrong
}

pub(super) fn the_event_table_streams_new_images(template: &Template) -> Vec<String> {
    let view = template
        .document
        .pointer("/Resources/EventTable/Properties/StreamSpecification/StreamViewType");
    if view == Some(&json!("NEW_IMAGE")) {
        Vec::new()
    } else {
        vec![format!("stream view is {view:?}")]
    }
}

pub(super) fn queues_and_topics_are_encrypted(template: &Template) -> Vec<String> {
    let queues =
        template.queues().filter(|queue| queue.get("/SqsManagedSseEnabled") != &json!(true));
    let topics =
        template.of_type("AWS::SNS::Topic").filter(|topic| topic.get("/KmsMasterKeyId").is_null());
    queues.chain(topics).map(|resource| format!("{} is not encrypted", resource.name)).collect()
}
