//! `dekigoto status`: each hop from the event table to the views, and whether events flow.

use std::time::Duration;

use serde_json::json;

use crate::{
    cloud::{Mapping, Metric},
    commands::pause::overdue,
    desk::Desk,
    failure::Failure,
    out::{Report, Table, Tone},
    text::{age, plural},
};

/// The time over which rates are shown.
const OVER: Duration = Duration::from_secs(300);

/// One hop.
struct Hop {
    name: String,
    waiting: Option<u64>,
    in_flight: Option<u64>,
    dead: u64,
    mappings: Vec<Mapping>,
    oldest: Option<f64>,
    invocations: Option<f64>,
}

impl Hop {
    fn is_broken(&self) -> bool {
        self.dead > 0 || self.mappings.iter().any(|it| !it.is_on() || is_problem(it))
    }

    /// The state of what feeds the function.
    fn state(&self) -> String {
        let bad = self.mappings.iter().find(|it| !it.is_on() || is_problem(it));
        match bad {
            Some(it) if !it.is_on() => format!("{}: nothing is delivered", it.state),
            Some(it) => it.last_result.clone(),
            None if self.mappings.is_empty() => "no mapping".to_owned(),
            None => "on".to_owned(),
        }
    }
}

fn is_problem(mapping: &Mapping) -> bool {
    mapping.last_result.starts_with("PROBLEM")
}

pub(crate) async fn status(desk: &Desk) -> Result<Report, Failure> {
    let mut hops = vec![publisher(desk).await?];
    for consumer in &desk.layout.consumers {
        let queue = desk.cloud.queue(&consumer.queue).await?;
        let dead = desk.cloud.queue(&consumer.dead).await?;
        let wanted = [oldest(&consumer.queue), invocations(&consumer.function)];
        let [oldest, invocations] = metrics(desk, wanted).await?;
        hops.push(Hop {
            name: consumer.name.clone(),
            waiting: Some(queue.visible),
            in_flight: Some(queue.in_flight),
            dead: dead.visible + dead.in_flight,
            mappings: desk.cloud.mappings(&desk.layout.called(&consumer.function)).await?,
            oldest,
            invocations,
        });
    }
    let mut report = Report::default();
    told(&mut report, &hops);
    others(desk, &mut report).await?;
    alarms(desk, &mut report).await?;
    for entry in overdue(desk).await? {
        report.attention();
        report.line(Tone::Bad, format!("a pause is over its time: {entry}"));
    }
    if !report.needs_attention() {
        report.line(Tone::Good, "events flow");
    }
    Ok(report)
}

async fn publisher(desk: &Desk) -> Result<Hop, Failure> {
    let function = desk.layout.publisher()?;
    let retry = desk.cloud.queue(desk.layout.retry_queue()?).await?;
    let mut dead = 0;
    for output in ["PublisherDlqUrl", "PublisherStreamDlqUrl"] {
        if let Some(url) = desk.layout.output(output) {
            let queue = desk.cloud.queue(url).await?;
            dead += queue.visible + queue.in_flight;
        }
    }
    let lag = Metric {
        namespace: "AWS/Lambda",
        name: "IteratorAge".to_owned(),
        dimensions: vec![("FunctionName", function.to_owned())],
        statistic: "Maximum",
    };
    let [lag, invocations] = metrics(desk, [lag, invocations(function)]).await?;
    Ok(Hop {
        name: "publisher".to_owned(),
        waiting: Some(retry.visible),
        in_flight: Some(retry.in_flight),
        dead,
        mappings: desk.cloud.mappings(&desk.layout.called(function)).await?,
        oldest: lag.map(|millis| millis / 1000.0),
        invocations,
    })
}

fn told(report: &mut Report, hops: &[Hop]) {
    let mut table =
        Table::new(["hop", "waiting", "in flight", "oldest", "dead", "calls in 5 min", "delivery"]);
    let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |it| it.to_string());
    for hop in hops {
        let tone = if hop.is_broken() { Tone::Bad } else { Tone::Plain };
        let oldest = hop
            .oldest
            .map_or_else(|| "-".to_owned(), |it| age(Duration::from_secs_f64(it.max(0.0))));
        let calls = hop.invocations.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}"));
        table.row(
            tone,
            [
                hop.name.clone(),
                number(hop.waiting),
                number(hop.in_flight),
                oldest,
                hop.dead.to_string(),
                calls,
                hop.state(),
            ],
        );
        if hop.is_broken() {
            report.attention();
        }
    }
    report.table(table);
    let hops = hops.iter().map(|hop| {
        json!({
            "name": hop.name, "waiting": hop.waiting, "inFlight": hop.in_flight, "dead": hop.dead,
            "oldestSeconds": hop.oldest, "invocations": hop.invocations, "delivery": hop.state(),
        })
    });
    report.field("hops", hops.collect::<Vec<_>>());
}

/// The dead-letter queue that belongs to no hop.
async fn others(desk: &Desk, report: &mut Report) -> Result<(), Failure> {
    let Some(url) = desk.layout.output("SubscriptionDlqUrl") else { return Ok(()) };
    let queue = desk.cloud.queue(url).await?;
    let dead = usize::try_from(queue.visible + queue.in_flight).unwrap_or(usize::MAX);
    report.field("subscriptionDead", dead);
    if dead > 0 {
        report.attention();
        report.line(Tone::Bad, format!("subscription: {}", plural(dead, "dead letter")));
    }
    Ok(())
}

async fn alarms(desk: &Desk, report: &mut Report) -> Result<(), Failure> {
    let alarms = desk.cloud.alarms(&desk.stack.name).await?;
    let ringing: Vec<_> = alarms.iter().filter(|alarm| alarm.state == "ALARM").collect();
    report.field("alarms", ringing.iter().map(|it| it.name.clone()).collect::<Vec<_>>());
    for alarm in ringing {
        report.attention();
        report.line(Tone::Bad, format!("alarm {}: {}", alarm.name, alarm.description));
    }
    Ok(())
}

fn oldest(queue: &str) -> Metric {
    let name = queue.rsplit('/').next().unwrap_or(queue);
    Metric {
        namespace: "AWS/SQS",
        name: "ApproximateAgeOfOldestMessage".to_owned(),
        dimensions: vec![("QueueName", name.to_owned())],
        statistic: "Maximum",
    }
}

fn invocations(function: &str) -> Metric {
    Metric {
        namespace: "AWS/Lambda",
        name: "Invocations".to_owned(),
        dimensions: vec![("FunctionName", function.to_owned())],
        statistic: "Sum",
    }
}

async fn metrics(desk: &Desk, wanted: [Metric; 2]) -> Result<[Option<f64>; 2], Failure> {
    let values = desk.cloud.metrics(&wanted, desk.now(), OVER).await?;
    let mut values = values.into_iter();
    Ok([values.next().flatten(), values.next().flatten()])
}
