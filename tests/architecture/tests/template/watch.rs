//! Alarms and outputs.

use serde_json::{Value, json};

use super::model::{Resource, Template, each};

fn has_alarm(template: &Template, metric: &str, dimension: &Value, threshold: i64) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        alarm.get("/MetricName") == &json!(metric)
            && each(alarm.get("/Dimensions")).into_iter().any(|d| &d["Value"] == dimension)
            && alarm.get("/ComparisonOperator") == &json!("GreaterThanThreshold")
            && alarm.get("/Threshold").as_i64().is_some_and(|n| n <= threshold)
            && notifies(alarm)
    })
}

fn notifies(alarm: Resource<'_>) -> bool {
    alarm.get("/AlarmActions")
        == &json!({"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]})
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
    };
    let is_watched =
        template.of_type("AWS::CloudWatch::Alarm").any(|it| compares(it) && notifies(it));
    if is_watched { Vec::new() } else { vec!["no alarm for a missing bus".to_owned()] }
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
