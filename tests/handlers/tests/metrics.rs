//! The metrics of one order, and what every log line of a record carries.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    journey::{Journey, TRACEPARENT, queue_batch},
    log::Log,
    support::{Functions, ORDER_SUMMARY, sample},
};

async fn journey(level: LevelFilter) -> (Vec<Value>, String) {
    let log = Log::at(level);
    Journey::of_one_order().await;
    let text = log.text();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), text)
}

fn sum(lines: &[Value], metric: &str, dimension: &str, of: &str) -> i64 {
    let lines = lines.iter().filter(|line| line[dimension] == of);
    lines.filter_map(|line| line[metric].as_i64()).sum()
}

#[tokio::test]
async fn the_metrics_of_an_order_add_up() {
    let (lines, text) = journey(LevelFilter::INFO).await;
    assert!(lines.iter().all(|line| line["_aws"].is_object()), "no steady-state line: {text}");
    assert_eq!(sum(&lines, "Applied", "view", "order-summary"), 5, "each event of the order");
    assert_eq!(sum(&lines, "Applied", "view", "daily-sales"), 1);
    let published = lines.iter().filter(|line| line["PublishLagMs"].is_i64()).count();
    assert_eq!(published, 9, "each commit is published once");
    let decided = sum(&lines, "Decisions", "service", "shop");
    let accepted = sum(&lines, "CommandAccepted", "service", "shop");
    assert_eq!((accepted, decided >= accepted), (9, true), "a commit is a command");
    assert_eq!(sum(&lines, "OrdersPlaced", "service", "shop"), 1);
    assert_eq!(sum(&lines, "AmountCaptured", "currency", "JPY"), 3000);
}

#[tokio::test]
async fn no_line_of_any_level_holds_a_payload_a_customer_or_a_caller_s17() {
    let (mut lines, _) = journey(LevelFilter::TRACE).await;
    // Its digits may be those of an amount.
    lines.iter_mut().for_each(|line| line["timestamp"] = Value::Null);
    let text = format!("{lines:?}");
    for word in ["c-42", "p-1", "r-1", "1500", "DHL", "00340434161094042557", "arn:aws", "journey-"]
    {
        assert!(!text.contains(word), "{word} is in the log: {text}");
    }
}

#[tokio::test]
async fn dimensions_of_metrics_are_words_of_short_lists_s16_s17() {
    let (lines, text) = journey(LevelFilter::INFO).await;
    let mut dimensions = BTreeSet::new();
    for line in &lines {
        for set in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for names in set["Dimensions"].as_array().unwrap() {
                dimensions
                    .extend(names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()));
            }
        }
    }
    let known = ["service", "view", "policy", "reason", "currency"];
    assert!(dimensions.iter().all(|name| known.contains(name)), "{dimensions:?}");
    assert!(!text.contains("Order#"), "a metric names a stream: {text}");
}

#[tokio::test]
async fn each_hop_of_a_record_logs_its_stream_version_correlation_and_trace() {
    let (lines, text) = journey(LevelFilter::DEBUG).await;
    for message in ["Committed", "Published", "Applied", "Handled"] {
        let hops: Vec<_> = lines.iter().filter(|line| line["message"] == message).collect();
        assert!(!hops.is_empty(), "no line says {message}: {text}");
        for line in hops {
            assert!(line["stream"].as_str().is_some_and(|it| it.contains('#')), "{line}");
            assert!(line["version"].is_u64() && line["correlationId"].is_string(), "{line}");
            assert_eq!(line["traceparent"], TRACEPARENT, "{line}");
        }
    }
}

#[tokio::test]
async fn a_record_that_fails_is_logged_and_counted_by_its_trail_and_class() {
    let (world, log) = (Functions::default(), Log::start());
    let mut batch = sample("projector-raw.json");
    batch["Records"].as_array_mut().unwrap().truncate(1);
    let forged = world.projector(ORDER_SUMMARY, &batch).await;
    assert_eq!(forged, Ok(Vec::new()), "it is parked");
    world.projector(ORDER_SUMMARY, &queue_batch(&["4111-1111"])).await.unwrap();
    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warned.len(), 2, "{text}");
    assert_eq!(warned[0]["version"], 1, "{text}");
    assert_eq!(warned[0]["correlationId"], "BvZ0XgKnliAEJmg=");
    assert!(!text.contains("4111") && !text.contains("c-42"), "{text}");
    let classes: Vec<_> =
        lines.iter().filter(|line| line["Parked"] == 1).map(|line| &line["reason"]).collect();
    assert_eq!(classes, [&json!("not-stored"), &json!("unreadable")], "{text}");
}
