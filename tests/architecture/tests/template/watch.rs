//! Alarms and outputs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    functions::binary_of,
    model::{Resource, Template, each},
};

fn has_alarm(template: &Template, metric: &str, dimension: &Value, threshold: i64) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        alarm.get("/MetricName") == &json!(metric)
            && each(alarm.get("/Dimensions")).into_iter().any(|d| &d["Value"] == dimension)
            && alarm.get("/ComparisonOperator") == &json!("GreaterThanThreshold")
            && alarm.get("/Threshold").as_i64().is_some_and(|n| n <= threshold)
            && notifies(alarm)
    })
}

/// Whether it tells when it begins to ring and when it ends.
fn notifies(alarm: Resource<'_>) -> bool {
    let topic =
        json!({"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]});
    ["/AlarmActions", "/OKActions"].iter().all(|actions| alarm.get(actions) == &topic)
}

fn queue_name(queue: &str) -> Value {
    json!({"Fn::GetAtt": format!("{queue}.QueueName")})
}

pub(super) fn dead_letter_queues_have_alarms(template: &Template) -> Vec<String> {
    let unwatched = template.dead_letter_queues().into_iter().filter(|queue| {
        !has_alarm(template, "ApproximateNumberOfMessagesVisible", &queue_name(queue.name), 0)
    });
    unwatched.map(|queue| format!("{} has no alarm", queue.name)).collect()
}

pub(super) fn lag_and_failures_have_alarms(template: &Template) -> Vec<String> {
    let publisher = json!({"Ref": "PublisherFunction"});
    let api = json!({"Ref": "HttpApi"});
    let mut wrong = Vec::new();
    for (metric, dimension, threshold) in [
        ("IteratorAge", &publisher, 60_000),
        ("Errors", &publisher, 0),
        ("DestinationDeliveryFailures", &publisher, 0),
        ("5xx", &api, 5),
    ] {
        if !has_alarm(template, metric, dimension, threshold) {
            wrong.push(format!("no alarm on {metric}"));
        }
    }
    for policy in template.functions().filter(|it| binary_of(it.name) == "policy") {
        if !has_alarm(template, "Errors", &json!({"Ref": policy.name}), 0) {
            wrong.push(format!("no alarm on errors of {}", policy.name));
        }
    }
    for queue in
        template.mappings().filter_map(|mapping| template.target(mapping.get("/EventSourceArn")))
    {
        let watched =
            has_alarm(template, "ApproximateAgeOfOldestMessage", &queue_name(queue.name), 300);
        if queue.kind() == "AWS::SQS::Queue" && !watched {
            wrong.push(format!("{} has no alarm on the age of its messages", queue.name));
        }
    }
    wrong
}

/// PutEvents to a deleted bus succeeds. Only the metric of matched events shows that the bus exists.
pub(super) fn a_missing_bus_has_an_alarm(template: &Template) -> Vec<String> {
    let compares = |alarm: Resource<'_>| {
        let metrics = each(alarm.get("/Metrics"));
        let reads = |name: &str, of: Value| {
            metrics.iter().any(|metric| {
                let metric = &metric["MetricStat"]["Metric"];
                metric["MetricName"] == name && metric["Dimensions"][0]["Value"] == of
            })
        };
        reads("NumberOfMessagesPublished", json!({"Fn::GetAtt": "Topic.TopicName"}))
            && reads("MatchedEvents", json!({"Ref": "Bus"}))
            && metrics.iter().any(|metric| metric["Expression"].is_string())
    };
    // The alarm exists only with a topic, so its action has no condition. Only the archive makes a rule for every event.
    let both = json!({"Fn::And": [{"Condition": "HasAlarmTopic"}, {"Condition": "KeepsArchive"}]});
    let notifies = |alarm: Resource<'_>| {
        alarm.block["Condition"] == "WatchesBus"
            && template.document["Conditions"]["WatchesBus"] == both
            && alarm.get("/AlarmActions") == &json!([{"Ref": "AlarmTopicArn"}])
            && alarm.get("/OKActions") == alarm.get("/AlarmActions")
    };
    let is_watched =
        template.of_type("AWS::CloudWatch::Alarm").any(|it| compares(it) && notifies(it));
    if is_watched { Vec::new() } else { vec!["no alarm for a missing bus".to_owned()] }
}

const RUNBOOK: &str = include_str!("../../../../infra/runbook.md");

/// What every section of the runbook says.
const PARTS: [&str; 4] = ["**What it means.**", "**Look.**", "**Mend.**", "**Mended when**"];

/// The sections of the runbook, by the anchors of their headings.
fn sections() -> BTreeMap<String, &'static str> {
    let sections = RUNBOOK.split("\n## ").skip(1);
    sections
        .map(|section| {
            let heading = section.lines().next().unwrap_or_default();
            (heading.to_lowercase().replace(' ', "-"), section)
        })
        .collect()
}

/// Every alarm names a section of the runbook, every section has its parts, and none is left over.
pub(super) fn alarms_have_a_section_in_the_runbook(template: &Template) -> Vec<String> {
    let sections = sections();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for alarm in template.of_type("AWS::CloudWatch::Alarm") {
        let description = alarm.get("/AlarmDescription");
        let text = description.as_str().or_else(|| description["Fn::Sub"].as_str());
        let anchor = text.unwrap_or_default().split_once("see infra/runbook.md#").map(|(_, it)| it);
        match anchor.filter(|anchor| sections.contains_key(*anchor)) {
            Some(anchor) => drop(named.insert(anchor.to_owned())),
            None => wrong.push(format!("{} names no section of the runbook", alarm.name)),
        }
    }
    for (anchor, section) in &sections {
        if !named.contains(anchor) {
            wrong.push(format!("no alarm names the section {anchor}"));
        }
        let missing = PARTS.iter().filter(|part| !section.contains(**part));
        wrong.extend(missing.map(|part| format!("the section {anchor} lacks {part}")));
    }
    wrong
}

pub(super) fn outputs_are_complete(template: &Template) -> Vec<String> {
    let outputs = &template.document["Outputs"];
    let mut wanted: Vec<String> =
        ["ApiUrl", "TopicArn", "BusName", "EventTableName", "ViewTableName"]
            .map(str::to_owned)
            .into();
    wanted.extend(template.queues().map(|queue| format!("{}Url", queue.name)));
    wanted.extend(template.functions().map(|function| format!("{}Name", function.name)));
    wanted
        .into_iter()
        .filter(|name| outputs[name]["Value"].is_null())
        .map(|name| format!("no output {name}"))
        .collect()
}
