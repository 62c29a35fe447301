//! Metrics of CloudWatch: the form that asks for them, and the XML that answers.

use std::time::Duration;

use dekigoto::Timestamp;

use super::xml;
use crate::cloud::Metric;

/// One query for each metric, over one period that ends now.
pub(super) fn fields(wanted: &[Metric], now: Timestamp, over: Duration) -> Vec<(String, String)> {
    let millis = i64::try_from(over.as_millis()).unwrap_or(i64::MAX);
    let start = Timestamp::from_millis(now.as_millis().saturating_sub(millis)).unwrap_or(now);
    let mut fields =
        vec![("StartTime".to_owned(), start.to_string()), ("EndTime".to_owned(), now.to_string())];
    for (place, metric) in wanted.iter().enumerate() {
        let query = format!("MetricDataQueries.member.{}", place + 1);
        let stat = format!("{query}.MetricStat");
        let mut add = |name: String, value: &str| fields.push((name, value.to_owned()));
        add(format!("{query}.Id"), &format!("m{place}"));
        add(format!("{stat}.Metric.Namespace"), metric.namespace);
        add(format!("{stat}.Metric.MetricName"), &metric.name);
        for (number, (name, value)) in metric.dimensions.iter().enumerate() {
            let dimension = format!("{stat}.Metric.Dimensions.member.{}", number + 1);
            add(format!("{dimension}.Name"), name);
            add(format!("{dimension}.Value"), value);
        }
        // One period covers all of the time, so that there is one value.
        add(format!("{stat}.Period"), &over.as_secs().max(60).to_string());
        add(format!("{stat}.Stat"), metric.statistic);
    }
    fields
}

/// The value of each metric over the time; `None` where there is no data.
pub(super) fn values(xml: &str, wanted: &[Metric]) -> Vec<Option<f64>> {
    let lists = xml::all(xml, "MetricDataResults");
    let members: Vec<&str> = lists.iter().flat_map(|list| xml::all(list, "member")).collect();
    let value = |(place, metric): (usize, &Metric)| {
        let id = format!("m{place}");
        let it = members.iter().find(|it| xml::first(it, "Id").as_deref() == Some(&id))?;
        let values = xml::all(it, "Values").into_iter().flat_map(|it| xml::all(it, "member"));
        let values = values.filter_map(|it| it.trim().parse::<f64>().ok());
        // The time may touch two periods.
        match metric.statistic {
            "Sum" => values.reduce(|sum, value| sum + value),
            _ => values.reduce(f64::max),
        }
    };
    wanted.iter().enumerate().map(value).collect()
}
