//! Metrics: one JSON line a batch in CloudWatch's *embedded metric format*, on standard output among the log lines.
//! CloudWatch makes metrics of it, so no call is made.
//!
//! The code measures with [`dekigoto::measure`]. This layer of the subscriber collects the measurements of an invocation
//! and writes them when the invocation ends. Dimensions are the service, the view or the policy, and a class.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write as _,
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context};

/// The namespace of the metrics.
pub const NAMESPACE: &str = "Dekigoto";

/// Values of one metric in one line. CloudWatch takes no more.
const VALUES_PER_LINE_MAX: usize = 100;

/// Collects measurements, and writes them as metrics of a service.
pub(crate) struct Metrics<W> {
    service: String,
    writer: W,
    collected: Mutex<Collected>,
}

/// The values of each metric, by the dimensions that it has.
type Collected = BTreeMap<Group, BTreeMap<String, Values>>;

/// Dimensions besides the service, with their values; empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    part: (String, String),
    class: (String, String),
}

/// A count is a sum; times are kept one by one, for percentiles.
#[derive(Debug)]
enum Values {
    Count(i64),
    Times(Vec<i64>),
}

/// The fields of a measurement.
#[derive(Default)]
struct Measured {
    group: Group,
    metric: String,
    is_time: bool,
    value: i64,
    end: Option<i64>,
}

impl Visit for Measured {
    fn record_str(&mut self, field: &Field, value: &str) {
        let value = value.to_owned();
        match field.name() {
            "metric" => self.metric = value,
            "unit" => self.is_time = value == "Milliseconds",
            "dimension" => self.group.part.0 = value,
            "of" => self.group.part.1 = value,
            "by" => self.group.class.0 = value,
            "class" => self.group.class.1 = value,
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            "value" => self.value = value,
            "end" => self.end = Some(value),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl<W> Metrics<W> {
    pub(crate) fn new(service: &str, writer: W) -> Self {
        Self { service: service.to_owned(), writer, collected: Mutex::default() }
    }

    fn add(&self, measured: Measured) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let Measured { group, metric, is_time, value, .. } = measured;
        let empty = || if is_time { Values::Times(Vec::new()) } else { Values::Count(0) };
        match collected.entry(group).or_default().entry(metric).or_insert_with(empty) {
            Values::Count(sum) => *sum = sum.saturating_add(value),
            Values::Times(times) => times.push(value),
        }
    }
}

impl<S: Subscriber, W: for<'a> MakeWriter<'a> + 'static> Layer<S> for Metrics<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut measured = Measured::default();
        event.record(&mut measured);
        let Some(end) = measured.end else { return self.add(measured) };
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines(&self.service, end, std::mem::take(&mut *collected)) {
            // A metric that cannot be written is lost like a log line.
            let _ = writeln!(self.writer.make_writer(), "{line}");
        }
    }
}

/// One line, if the dimensions allow it: a line has one value for each dimension and each metric.
fn lines(service: &str, end: i64, collected: Collected) -> Vec<Value> {
    let mut lines: Vec<Line> = Vec::new();
    for (group, metrics) in collected {
        for chunk in chunks(metrics) {
            match lines.iter_mut().find(|line| line.takes(&group, &chunk)) {
                Some(line) => line.add(&group, chunk),
                None => {
                    let mut line = Line::default();
                    line.add(&group, chunk);
                    lines.push(line);
                }
            }
        }
    }
    lines.into_iter().map(|line| line.document(service, end)).collect()
}

/// The metrics of a group, in parts that a line can hold.
fn chunks(metrics: BTreeMap<String, Values>) -> Vec<Map<String, Value>> {
    let mut chunks = vec![Map::new()];
    for (name, values) in metrics {
        let values: Vec<Value> = match values {
            Values::Count(sum) => vec![sum.into()],
            Values::Times(times) => times.chunks(VALUES_PER_LINE_MAX).map(times_of).collect(),
        };
        for (place, value) in values.into_iter().enumerate() {
            match chunks.get_mut(place) {
                Some(chunk) => drop(chunk.insert(name.clone(), value)),
                None => chunks.push(Map::from_iter([(name.clone(), value)])),
            }
        }
    }
    chunks
}

fn times_of(times: &[i64]) -> Value {
    if let [only] = times { json!(only) } else { json!(times) }
}

/// One line of the log.
#[derive(Default)]
struct Line {
    directives: Vec<Value>,
    /// Dimensions and metrics, as they stand in the line.
    fields: Map<String, Value>,
}

impl Line {
    fn takes(&self, group: &Group, metrics: &Map<String, Value>) -> bool {
        let is_free = |(name, value): &(String, String)| {
            self.fields.get(name).is_none_or(|there| there == value.as_str())
        };
        is_free(&group.part)
            && is_free(&group.class)
            && !metrics.keys().any(|name| self.fields.contains_key(name))
    }

    fn add(&mut self, group: &Group, metrics: Map<String, Value>) {
        let mut dimensions = vec!["service"];
        for (name, value) in [&group.part, &group.class] {
            if !name.is_empty() {
                self.fields.insert(name.clone(), json!(value));
            }
        }
        if !group.part.0.is_empty() {
            dimensions.push(&group.part.0);
        }
        let mut sets = vec![dimensions.clone()];
        if !group.class.0.is_empty() {
            dimensions.push(&group.class.0);
            sets.push(dimensions);
        }
        let names: Vec<Value> = metrics.keys().map(|name| json!({ "Name": name })).collect();
        self.directives.push(json!({"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": names}));
        self.fields.extend(metrics);
    }

    fn document(self, service: &str, end: i64) -> Value {
        let mut document = Map::new();
        document.insert(
            "_aws".to_owned(),
            json!({"Timestamp": end, "CloudWatchMetrics": self.directives}),
        );
        document.insert("service".to_owned(), json!(service));
        document.extend(self.fields);
        document.into()
    }
}

#[cfg(test)]
mod tests {
    use dekigoto::{
        Timestamp,
        measure::{self, APPLIED, CONFLICTS, END_TO_END_LAG, PARKED, Part},
    };
    use tracing_subscriber::{filter::LevelFilter, util::SubscriberInitExt as _};

    use super::*;
    use crate::{capture::Written, telemetry::subscriber};

    const VIEW: Part = Part::View("order-summary");

    fn written(level: LevelFilter, measure: impl FnOnce()) -> Vec<Value> {
        let written = Written::nothing();
        let writer = written.clone();
        let guard = subscriber("shop", level, move || writer.clone()).set_default();
        measure();
        drop(guard);
        let text = written.text();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn end() {
        measure::end(Timestamp::from_millis(1_700_000_000_000).unwrap());
    }

    #[test]
    fn a_batch_is_one_line_in_the_embedded_metric_format() {
        let lines = written(LevelFilter::ERROR, || {
            APPLIED.record_of(VIEW, 2);
            END_TO_END_LAG.record_of(VIEW, 40);
            END_TO_END_LAG.record_of(VIEW, 90);
            CONFLICTS.record(1);
            end();
            end();
        });
        assert_eq!(
            lines,
            [json!({
                "_aws": {"Timestamp": 1_700_000_000_000_i64, "CloudWatchMetrics": [
                    {"Namespace": "Dekigoto", "Dimensions": [["service"]], "Metrics": [{"Name": "Conflicts"}]},
                    {"Namespace": "Dekigoto", "Dimensions": [["service", "view"]],
                     "Metrics": [{"Name": "Applied"}, {"Name": "EndToEndLagMs"}]},
                ]},
                "service": "shop", "view": "order-summary",
                "Applied": 2, "EndToEndLagMs": [40, 90], "Conflicts": 1,
            })]
        );
    }

    #[test]
    fn a_class_counts_for_the_whole_too_and_each_class_has_its_line() {
        let lines = written(LevelFilter::INFO, || {
            PARKED.record_by(VIEW, ("reason", "unreadable"), 1);
            PARKED.record_by(VIEW, ("reason", "not-stored"), 2);
            end();
        });
        let parked: Vec<_> = lines.iter().map(|line| (&line["reason"], &line["Parked"])).collect();
        assert_eq!(parked, [(&json!("not-stored"), &json!(2)), (&json!("unreadable"), &json!(1))]);
        let sets = json!([["service", "view"], ["service", "view", "reason"]]);
        assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], sets);
    }

    #[test]
    fn a_metric_has_at_most_100_values_in_a_line_and_none_is_lost_s16() {
        let lines = written(LevelFilter::INFO, || {
            for lag in 0..250 {
                END_TO_END_LAG.record_of(VIEW, lag);
            }
            end();
        });
        let lengths: Vec<_> =
            lines.iter().map(|line| line["EndToEndLagMs"].as_array().unwrap().len()).collect();
        assert_eq!(lengths, [100, 100, 50]);
    }
}
