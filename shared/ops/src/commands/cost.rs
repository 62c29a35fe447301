//! `dekigoto cost`: what the stack used, from its metrics, times list prices.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    cloud::Metric,
    desk::Desk,
    failure::{Failure, Kind},
    out::{Report, Table, Tone},
    text::age,
};

/// List prices, in one file.
const PRICES: &str = include_str!("../prices.json");

/// Requests that one message of a queue takes: it is sent, received and deleted. Batches take fewer.
const REQUESTS_PER_MESSAGE: f64 = 3.0;

/// The namespace of the metrics that the service itself writes.
const NAMESPACE: &str = "Dekigoto";

const MILLION: f64 = 1_000_000.0;
const GIGABYTE: f64 = 1_073_741_824.0;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prices {
    about: String,
    million_write_units: f64,
    million_read_units: f64,
    million_invocations: f64,
    gigabyte_second: f64,
    million_topic_messages: f64,
    million_bus_events: f64,
    million_queue_requests: f64,
    million_api_requests: f64,
    gigabyte_of_logs: f64,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Used {
    write_units: f64,
    read_units: f64,
    invocations: f64,
    gigabyte_seconds: f64,
    topic_messages: f64,
    bus_events: f64,
    queue_messages: f64,
    api_requests: f64,
    log_bytes: f64,
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Item {
    what: &'static str,
    count: f64,
    dollars: f64,
}

/// What a bill is divided by, such as orders that were placed.
struct Share {
    what: String,
    count: f64,
}

/// What the stack used in a time; for each unit of the metric `per` of the service too.
pub(crate) async fn cost(
    desk: &Desk,
    over: Duration,
    per: Option<&str>,
) -> Result<Report, Failure> {
    if desk.cloud.is_one_process() {
        let what = "one process costs nothing of AWS";
        return Err(Failure::new(Kind::Unsupported, what, "name a deployed stack with `--stack`"));
    }
    let prices: Prices = serde_json::from_str(PRICES).map_err(|cause| {
        Failure::argument(format!("prices.json is wrong ({cause})"), "this is a bug")
    })?;
    let used = used(desk, over).await?;
    let items = bill(&used, &prices);
    let total: f64 = items.iter().map(|it| it.dollars).sum();
    let share = match per {
        Some(per) => Some(share(desk, over, per).await?),
        None => None,
    };
    let mut report = Report::default();
    report.field("overSeconds", over.as_secs());
    report.field("items", &items);
    report.field("dollars", total);
    report.table(table(&items, share.as_ref()));
    report.line(Tone::Plain, format!("{total:.6} dollars in {}", age(over)));
    if let Some(Share { what, count }) = &share {
        report.field("per", json!({"metric": what, "count": count, "dollars": total / count}));
        let million = total / count * MILLION;
        report.line(Tone::Plain, format!("{count:.0} {what}; {million:.2} dollars for a million"));
    }
    if used.api_requests > 0.0 {
        let per_thousand = total / used.api_requests * 1000.0;
        report.field("dollarsPerThousandRequests", per_thousand);
        report.line(Tone::Plain, format!("{per_thousand:.6} dollars for 1,000 requests"));
    } else {
        report.line(Tone::Dim, "the metrics show no request in this time");
    }
    report.line(Tone::Dim, prices.about);
    Ok(report)
}

fn table(items: &[Item], share: Option<&Share>) -> Table {
    let mut table = match share {
        Some(share) => Table::new(["used", "count", "dollars", &format!("per {}", share.what)]),
        None => Table::new(["used", "count", "dollars"]),
    };
    for Item { what, count, dollars } in items {
        let [what, sum, dollars] =
            [(*what).to_owned(), format!("{count:.0}"), format!("{dollars:.6}")];
        match share {
            Some(share) => {
                let part = format!("{:.2}", count / share.count);
                table.row(Tone::Plain, [what, sum, dollars, part]);
            }
            None => table.row(Tone::Plain, [what, sum, dollars]),
        }
    }
    table
}

/// How often something happened, by a metric of the service.
async fn share(desk: &Desk, over: Duration, per: &str) -> Result<Share, Failure> {
    let service = vec![("service", desk.stack.name.clone())];
    let counted = sums(desk, &[metric(NAMESPACE, per, service)], over).await?;
    match counted.first() {
        Some(count) if *count > 0.0 => Ok(Share { what: per.to_owned(), count: *count }),
        Some(_) | None => {
            let what = format!("the service counted no {per} in {}", age(over));
            Err(Failure::new(Kind::NotFound, what, "check its name, or look at a longer time"))
        }
    }
}

fn bill(used: &Used, prices: &Prices) -> Vec<Item> {
    let item =
        |what, count, per: f64, price: f64| Item { what, count, dollars: count / per * price };
    vec![
        item("write units", used.write_units, MILLION, prices.million_write_units),
        item("read units", used.read_units, MILLION, prices.million_read_units),
        item("invocations", used.invocations, MILLION, prices.million_invocations),
        item("gigabyte seconds", used.gigabyte_seconds, 1.0, prices.gigabyte_second),
        item("topic messages", used.topic_messages, MILLION, prices.million_topic_messages),
        item("bus events", used.bus_events, MILLION, prices.million_bus_events),
        item(
            "queue requests",
            used.queue_messages * REQUESTS_PER_MESSAGE,
            MILLION,
            prices.million_queue_requests,
        ),
        item("API requests", used.api_requests, MILLION, prices.million_api_requests),
        item("bytes of log", used.log_bytes, GIGABYTE, prices.gigabyte_of_logs),
    ]
}

async fn used(desk: &Desk, over: Duration) -> Result<Used, Failure> {
    let layout = &desk.layout;
    let (events, views) = (layout.event_table(), layout.view_table());
    let mut used = Used {
        write_units: units(desk, "ConsumedWriteCapacityUnits", events, views, over).await?,
        read_units: units(desk, "ConsumedReadCapacityUnits", events, views, over).await?,
        ..Used::default()
    };
    let mut functions = vec![layout.publisher()?];
    functions.extend(layout.output("ApiFunctionName"));
    functions.extend(layout.consumers.iter().map(|it| it.function.as_str()));
    for function in functions {
        let of = |name| metric("AWS/Lambda", name, vec![("FunctionName", function.to_owned())]);
        let group = vec![("LogGroupName", format!("/aws/lambda/{function}"))];
        let logs = metric("AWS/Logs", "IncomingBytes", group);
        let values = sums(desk, &[of("Invocations"), of("Duration"), logs], over).await?;
        let [invocations, millis, bytes] = values.try_into().unwrap_or([0.0; 3]);
        let memory = f64::from(desk.cloud.function(function).await?.megabytes) / 1024.0;
        used.invocations += invocations;
        used.gigabyte_seconds += millis / 1000.0 * memory;
        used.log_bytes += bytes;
    }
    let last = |arn: &str| arn.rsplit([':', '/']).next().unwrap_or(arn).to_owned();
    let named = |output: &str| layout.output(output).map(last).unwrap_or_default();
    let mut wanted = vec![
        metric("AWS/SNS", "NumberOfMessagesPublished", vec![("TopicName", named("TopicArn"))]),
        metric("AWS/Events", "MatchedEvents", vec![("EventBusName", named("BusName"))]),
        metric("AWS/ApiGateway", "Count", vec![("ApiId", named("ApiId"))]),
    ];
    wanted.extend(
        layout.consumers.iter().map(|it| {
            metric("AWS/SQS", "NumberOfMessagesSent", vec![("QueueName", last(&it.queue))])
        }),
    );
    let values = sums(desk, &wanted, over).await?;
    let mut values = values.into_iter();
    used.topic_messages = values.next().unwrap_or(0.0);
    used.bus_events = values.next().unwrap_or(0.0);
    used.api_requests = values.next().unwrap_or(0.0);
    used.queue_messages = values.sum();
    Ok(used)
}

/// The units of both tables, and of the indexes of the view table.
async fn units(
    desk: &Desk,
    name: &'static str,
    events: &str,
    views: &str,
    over: Duration,
) -> Result<f64, Failure> {
    let table = |table: &str| vec![("TableName", table.to_owned())];
    let mut wanted = vec![
        metric("AWS/DynamoDB", name, table(events)),
        metric("AWS/DynamoDB", name, table(views)),
    ];
    for index in ["index1", "index2"] {
        let mut dimensions = table(views);
        dimensions.push(("GlobalSecondaryIndexName", index.to_owned()));
        wanted.push(metric("AWS/DynamoDB", name, dimensions));
    }
    Ok(sums(desk, &wanted, over).await?.into_iter().sum())
}

fn metric(namespace: &'static str, name: &str, dimensions: Vec<(&'static str, String)>) -> Metric {
    Metric { namespace, name: name.to_owned(), dimensions, statistic: "Sum" }
}

async fn sums(desk: &Desk, wanted: &[Metric], over: Duration) -> Result<Vec<f64>, Failure> {
    let values = desk.cloud.metrics(wanted, desk.now(), over).await?;
    Ok(values.into_iter().map(|value| value.unwrap_or(0.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_multiplies_what_was_used_by_its_list_price() {
        let prices: Prices = serde_json::from_str(PRICES).unwrap();
        let used = Used {
            write_units: 16_000_000.0,
            queue_messages: 7_000_000.0,
            gigabyte_seconds: 1000.0,
            log_bytes: GIGABYTE,
            ..Used::default()
        };
        let items = bill(&used, &prices);
        let dollars = |what: &str| items.iter().find(|it| it.what == what).unwrap().dollars;
        assert!((dollars("write units") - 10.0).abs() < 1e-9);
        assert!((dollars("queue requests") - 8.4).abs() < 1e-9);
        assert!((dollars("bytes of log") - 0.5).abs() < 1e-9);
        assert!((dollars("gigabyte seconds") - 0.013_333_4).abs() < 1e-9);
    }
}
