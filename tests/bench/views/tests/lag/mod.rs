//! The lag from a commit to its view, and what the windows of the stream and of the queues cost and save. REFERENCE.md shows
//! the tables; `WRITE_LAG=1 cargo test -p view-costs lag` writes them.

mod mapping;
mod stages;
mod tables;

use std::{fmt::Write as _, time::Duration};

use dekigoto::views::EVENTS_PER_WRITE_MAX;

use stages::{Invoked, Orders, TOPIC_TO_QUEUE, project, publish};
use tables::{compare, seconds, setting};

/// Orders a second, and how many are simulated: at least two seconds of them.
const RATES: [(f64, usize); 4] = [(1.0, 100), (10.0, 300), (100.0, 1_000), (1_000.0, 2_000)];

/// Windows in seconds.
const WINDOWS: [u64; 3] = [0, 1, 5];

/// A view with a row of its own for each order, and one whose row all orders of a day share.
const VIEWS: [&str; 2] = ["order-summary", "daily-sales"];

#[tokio::test]
async fn the_reference_shows_the_lag_from_a_commit_to_its_view() {
    let (mut stream, mut queue, mut sum) = (String::new(), String::new(), String::new());
    let of_stream = Duration::from_secs(setting("StreamWindow"));
    let of_views = setting("ViewWindow");
    for (rate, count) in RATES {
        let orders = Orders::placed(count, rate).await;
        for window in WINDOWS {
            let published = publish(&orders, Duration::from_secs(window));
            let lag = quantiles(&orders.times, &published.done);
            let invocations = share(number(published.invocations), count);
            let _ = writeln!(stream, "| {rate} | {window} | {lag} | {invocations} |");
        }
        let published = publish(&orders, of_stream);
        let queued: Vec<_> = published.done.iter().map(|sent| *sent + TOPIC_TO_QUEUE).collect();
        for view in VIEWS {
            for window in WINDOWS {
                let wait = Duration::from_secs(window);
                let shown = project(&orders, view, &queued, wait, EVENTS_PER_WRITE_MAX);
                let lag = quantiles(&queued, &shown.done);
                let invocations = share(number(shown.invocations), count);
                let units = share(shown.write_units, count);
                let _ = writeln!(
                    queue,
                    "| {view} | {rate} | {window} | {lag} | {units} | {invocations} |"
                );
                if window == of_views {
                    let hops = hops(&orders, &published, &queued, &shown);
                    let _ = writeln!(sum, "| {view} | {rate} | {hops} |");
                }
            }
        }
    }
    compare(
        "lag-stream",
        "| orders a second | window of the stream, s | commit to topic, p50 | p99 | invocations an order |",
        &stream,
    );
    compare(
        "lag-queue",
        "| view | orders a second | window of the queue, s | queue to row, p50 | p99 | write units an order | invocations an order |",
        &queue,
    );
    compare(
        "lag-sum",
        "| view | orders a second | poll and window of the stream | publish call | topic to queue | window of the queue | calls of the view | all, p50 | all, p99 |",
        &sum,
    );
}

/// Each hop in the mean, and their sum for the order in the middle and for the 99th of a hundred.
fn hops(orders: &Orders, published: &Invoked, queued: &[Duration], shown: &Invoked) -> String {
    let means = [
        mean(&orders.times, &published.began),
        mean(&published.began, &published.done),
        mean(&published.done, queued),
        mean(queued, &shown.began),
        mean(&shown.began, &shown.done),
    ];
    format!("{} | {}", means.map(seconds).join(" | "), quantiles(&orders.times, &shown.done))
}

fn mean(from: &[Duration], to: &[Duration]) -> Duration {
    let all: Duration = from.iter().zip(to).map(|(from, to)| *to - *from).sum();
    all / u32::try_from(from.len()).unwrap()
}

fn quantiles(from: &[Duration], to: &[Duration]) -> String {
    let mut lags: Vec<_> = from.iter().zip(to).map(|(from, to)| *to - *from).collect();
    lags.sort_unstable();
    let at = |per_cent: usize| seconds(lags[(lags.len() - 1) * per_cent / 100]);
    format!("{} | {}", at(50), at(99))
}

fn share(all: f64, orders: usize) -> String {
    format!("{:.2}", all / number(orders))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
