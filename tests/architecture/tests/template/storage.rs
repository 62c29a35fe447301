//! Storage: tables, encryption at rest, and the layout of the template.

use serde_json::{Value, json};

use super::model::{Template, each};

/// What nobody may do to events. PutItem stays: appending is a PutItem under a condition.
const CHANGES: [&str; 6] = [
    "BatchWriteItem",
    "DeleteItem",
    "PartiQLDelete",
    "PartiQLInsert",
    "PartiQLUpdate",
    "UpdateItem",
];

const KEY_ORDER: &[&str] = &[
    "Type",
    "Condition",
    "DependsOn",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Properties",
];

/// Reads the text, because a parsed block has no order. Every block, also in a loop, starts with its type.
pub(super) fn blocks_have_their_keys_in_order(_: &Template) -> Vec<String> {
    keys_are_in_order(&Template::text(), &Template::written())
}

/// The same for the text of any template, and its document before the loops are expanded.
pub(super) fn keys_are_in_order(text: &str, written: &Value) -> Vec<String> {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let mut wrong = Vec::new();
    let mut blocks = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" Type: AWS::")) {
        blocks += 1;
        let indent = indent_of(line);
        let block =
            lines[at..].iter().take_while(|line| line.is_empty() || indent_of(line) >= indent);
        let keys = block.filter(|line| !line.is_empty() && indent_of(line) == indent);
        let places: Vec<_> = keys
            .filter_map(|line| line.trim().split(':').next())
            .map(|key| KEY_ORDER.iter().position(|known| *known == key))
            .collect();
        if places.contains(&None) || !places.is_sorted() || indent_of(lines[at - 1]) >= indent {
            wrong.push(format!(
                "{} keys must be some of {KEY_ORDER:?}, in this order",
                lines[at - 1].trim()
            ));
        }
    }
    let all = written.to_string().matches("\"Type\":\"AWS::").count();
    if blocks != all {
        wrong.push(format!("{blocks} of {all} blocks have a line for their type"));
    }
    wrong
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

pub(super) fn tables_are_protected(template: &Template) -> Vec<String> {
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
        must(
            table.block["DeletionPolicy"] == "RetainExceptOnCreate",
            "is deleted with the stack, or left behind by a first deployment that fails",
        );
        must(table.block["UpdateReplacePolicy"] == "Retain", "is deleted when it is replaced");
        must(table.get("/BillingMode") == &json!("PAY_PER_REQUEST"), "has a fixed capacity");
    }
    wrong
}

pub(super) fn the_event_table_streams_new_images(template: &Template) -> Vec<String> {
    let view = template
        .document
        .pointer("/Resources/EventTable/Properties/StreamSpecification/StreamViewType");
    let mut wrong = Vec::new();
    if view != Some(&json!("NEW_AND_OLD_IMAGES")) {
        wrong.push(format!("stream view is {view:?}"));
    }
    let policy = "/Resources/EventTable/Properties/ResourcePolicy/Fn::If";
    let policy = template.document.pointer(policy).unwrap_or(&Value::Null);
    let statement = &policy[1]["PolicyDocument"]["Statement"][0];
    let but = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${BreakGlassRole}";
    let denies_all_but_one = policy[0] == "OnAws"
        && statement["Effect"] == "Deny"
        && statement["Principal"] == "*"
        && statement["Condition"]
            == json!({"ArnNotEquals": {"aws:PrincipalArn": {"Fn::Sub": but}}});
    if !denies_all_but_one {
        wrong.push(
            "the table's policy does not deny changes to all but the break-glass role".to_owned(),
        );
    }
    for action in CHANGES {
        let action = format!("dynamodb:{action}");
        if !each(&statement["Action"]).into_iter().any(|it| *it == action) {
            wrong.push(format!("the table's policy does not deny {action}"));
        }
    }
    wrong
}

/// A copy of a row in an index would cost a write for each change of the row.
pub(super) fn indexes_hold_only_keys(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for table in template.of_type("AWS::DynamoDB::Table") {
        for index in table.get("/GlobalSecondaryIndexes").as_array().into_iter().flatten() {
            if index["Projection"]["ProjectionType"] != "KEYS_ONLY" {
                wrong.push(format!("{}: {} copies rows", table.name, index["IndexName"]));
            }
        }
    }
    wrong
}

pub(super) fn queues_and_topics_are_encrypted(template: &Template) -> Vec<String> {
    let queues =
        template.queues().filter(|queue| queue.get("/SqsManagedSseEnabled") != &json!(true));
    let topics =
        template.of_type("AWS::SNS::Topic").filter(|topic| topic.get("/KmsMasterKeyId").is_null());
    queues.chain(topics).map(|resource| format!("{} is not encrypted", resource.name)).collect()
}
