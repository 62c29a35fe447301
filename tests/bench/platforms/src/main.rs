//! `make bench`, its second part: what the adapters for SQLite, PostgreSQL and Kafka cost beside the bare statements of the
//! same clients.
//!
//! Both sides take turns, a second each, so that whatever else the machine does hits both. The ratio is that of their medians.
//! Compare ratios; the rates are those of this machine.

mod kafka;
mod postgres;
mod report;
mod sqlite;
// The aggregate of the contract suites, without what else the testkit depends on.
#[allow(dead_code, unreachable_pub)]
#[path = "../../../../shared/testkit/src/tally.rs"]
mod tally;
mod turns;

use std::process::ExitCode;

use dekigoto::{Commit, Engine, Expect, Head};

/// Writers at the same time.
const WRITERS: [usize; 2] = [1, 16];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: make bench sets it"))
}

/// The first commit of a stream that nothing else uses.
fn first_of(number: u64) -> Commit {
    tally::commit(&Head::empty(tally::stream(&format!("bench-{number}"))), "key", &[number])
}

/// A command on a new stream: it loads, decides and appends.
async fn first_command(engine: &Engine) {
    let number = turns::fresh();
    let (id, add) = (format!("command-{number}"), tally::Add(vec![number], 0));
    let context = tally::context("key");
    let done = engine.execute::<tally::Tally<1, 32>>(&id, add, &context, Expect::Anything);
    assert!(done.await.is_ok());
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut rows = sqlite::measure().await;
    rows.extend(postgres::measure(&variable("DATABASE_URL")).await);
    rows.extend(kafka::measure(&variable("KAFKA_BROKERS")).await);
    report::write("platforms-bench", &rows);
    let missed: Vec<_> = rows.iter().filter(|row| !row.holds()).collect();
    missed.iter().for_each(|row| eprintln!("over budget: {row:?}"));
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
