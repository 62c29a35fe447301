//! Alarms and outputs. `tests/alarms` shows that the alarms ring.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use dekigoto::generations::TIME_TO_HAND_ON;
use serde_json::{Value, json};

use super::{
    functions::{REBUILD, binary_of},
    model::{Resource, Template, each},
};

/// Whether an alarm reads a metric of one resource, by itself or in an expression. `tests/alarms` plays recorded series to
/// every alarm; these rules only find what has none.
fn has_alarm(template: &Template, metric: &str, dimension: &Value) -> bool {
    let reads = |read: &Value| {
        read["MetricName"] == metric
            && each(&read["Dimensions"]).into_iter().any(|it| &it["Value"] == dimension)
    };
    template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        reads(&alarm.block["Properties"])
            || each(alarm.get("/Metrics")).into_iter().any(|it| reads(&it["MetricStat"]["Metric"]))
    })
}

/// Whether a function hands its work on only when more than 80 % of its time is over. An alarm on that would ring each time.
fn works_until_its_end(function: Resource<'_>) -> bool {
    let timeout = function.get("/Timeout").as_u64().map(Duration::from_secs);
    let end = timeout.map(|timeout| (timeout, timeout.saturating_sub(TIME_TO_HAND_ON)));
    binary_of(function.name) == REBUILD && end.is_some_and(|(all, end)| end > all * 8 / 10)
}

fn queue_name(queue: &str) -> Value {
    json!({"Fn::GetAtt": format!("{queue}.QueueName")})
}

pub(super) fn dead_letter_queues_have_alarms(template: &Template) -> Vec<String> {
    let metrics = ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"];
    let unwatched = template.dead_letter_queues().into_iter().filter(|queue| {
        !metrics.iter().all(|metric| has_alarm(template, metric, &queue_name(queue.name)))
    });
    unwatched.map(|queue| format!("{} lacks an alarm", queue.name)).collect()
}

pub(super) fn lag_and_failures_have_alarms(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut wanted = vec![
        ("IteratorAge", json!({"Ref": "PublisherFunction"})),
        ("Errors", json!({"Ref": "PublisherFunction"})),
        ("DestinationDeliveryFailures", json!({"Ref": "PublisherFunction"})),
        ("5xx", json!({"Ref": "HttpApi"})),
        ("Latency", json!({"Ref": "HttpApi"})),
        ("PolledEventCount", json!({"Ref": "PublisherStreamMapping"})),
    ];
    wanted.push(("Parked", json!("rebuild")));
    wanted.push(("RebuildCommits", json!("rebuild")));
    wanted.push(("SweptCommits", json!("rebuild")));
    wanted.push(("LostCommits", json!("rebuild")));
    for function in template.functions() {
        wanted.push(("Throttles", json!({"Ref": function.name})));
        if !works_until_its_end(function) {
            wanted.push(("Duration", json!({"Ref": function.name})));
        }
        if ["policy", REBUILD].contains(&binary_of(function.name)) {
            wanted.push(("Errors", json!({"Ref": function.name})));
        }
        if let Some(view) = function.get("/Environment/Variables/VIEW").as_str() {
            wanted.push(("EndToEndLagMs", json!(view)));
            wanted.push(("Parked", json!(view)));
        }
    }
    let sources = template.mappings().filter_map(|it| template.target(it.get("/EventSourceArn")));
    for queue in sources.filter(|it| it.kind() == "AWS::SQS::Queue") {
        wanted.push(("ApproximateNumberOfMessagesVisible", queue_name(queue.name)));
    }
    for (metric, dimension) in wanted {
        if !has_alarm(template, metric, &dimension) {
            wrong.push(format!("no alarm on {metric} of {dimension}"));
        }
    }
    let counts = template.mappings().any(|it| {
        it.name == "PublisherStreamMapping"
            && it.get("/MetricsConfig/Metrics") == &json!(["EventCount"])
    });
    if !counts {
        wrong.push("the stream mapping counts no events".to_owned());
    }
    if template.document["Parameters"]["Emulated"]["Default"] != "false" {
        wrong.push("AWS gets the alarms of an emulator".to_owned());
    }
    wrong
}

/// PutEvents to a deleted bus succeeds. Only the metric of matched events shows that the bus exists.
pub(super) fn a_missing_bus_has_an_alarm(template: &Template) -> Vec<String> {
    // Only the archive makes a rule for every event.
    let both = json!({"Fn::And": [{"Condition": "OnAws"}, {"Condition": "KeepsArchive"}]});
    let is_watched = template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        let metrics = each(alarm.get("/Metrics"));
        let reads =
            |name: &str| metrics.iter().any(|it| it["MetricStat"]["Metric"]["MetricName"] == name);
        reads("NumberOfMessagesPublished")
            && reads("MatchedEvents")
            && alarm.block["Condition"] == "WatchesBus"
            && template.document["Conditions"]["WatchesBus"] == both
            && !alarm.get("/AlarmActions").is_null()
    });
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
        .filter(|(anchor, _)| anchor != "drills")
        .collect()
}

/// Every alarm names a section of the runbook, every section has its parts, and none is left over.
pub(super) fn alarms_have_a_section_in_the_runbook(template: &Template) -> Vec<String> {
    let sections = sections();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    let composites = template.of_type("AWS::CloudWatch::CompositeAlarm");
    for alarm in template.of_type("AWS::CloudWatch::Alarm").chain(composites) {
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

/// What each widget of the dashboard is about: its title begins so.
const WIDGETS: [&str; 8] = [
    "Promise",
    "API by route",
    "Lag per hop",
    "Throughput beside its ceiling",
    "Outcomes",
    "Dead letters",
    "DynamoDB",
    "Dollars for 1,000 orders",
];

/// Where the names of the service's own metrics are.
const MEASURES: [&str; 2] = [
    include_str!("../../../../shared/core/src/measure.rs"),
    include_str!("../../../../shared/service/src/measures.rs"),
];

/// The dashboard has each widget, and its metrics exist: one that nobody writes would look like a quiet service.
pub(super) fn the_dashboard_is_whole(template: &Template) -> Vec<String> {
    let dashboard = template.of_type("AWS::CloudWatch::Dashboard").next();
    let body = dashboard.and_then(|it| it.get("/DashboardBody/Fn::Sub").as_str());
    // A number in CloudFormation is text here.
    let body = body.unwrap_or_default().replace("${ThrottlingRateLimit}", "1");
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let widgets = each(&body["widgets"]);
    let titles: Vec<_> =
        widgets.iter().filter_map(|it| it["properties"]["title"].as_str()).collect();
    let is_missing = |wanted: &&&str| !titles.iter().any(|title| title.starts_with(**wanted));
    let missing = WIDGETS.iter().filter(is_missing).map(|it| format!("no widget shows {it}"));
    let rows = widgets.iter().flat_map(|it| each(&it["properties"]["metrics"]));
    let unknown = rows.flat_map(own_metrics).filter(|name| {
        let quoted = format!("\"{name}\"");
        !MEASURES.iter().any(|code| code.contains(&quoted))
    });
    missing.chain(unknown.map(|name| format!("nobody writes the metric {name}"))).collect()
}

/// The metrics of the service itself in one row of a widget.
fn own_metrics(row: &Value) -> Vec<String> {
    if row[0] == "Dekigoto" || row[0] == "." {
        return row[1].as_str().map(str::to_owned).into_iter().collect();
    }
    let search = row[0]["expression"].as_str().filter(|it| it.contains("{Dekigoto,"));
    let named = search.unwrap_or_default().split("MetricName=\"").skip(1);
    named.filter_map(|rest| Some(rest.split('"').next()?.to_owned())).collect()
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
