//! Projectors that work on the same row at the same time.

use std::{path::Path, time::Duration};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    Failure, aws::Aws, cases::DAILY_SALES, events::messages, function::Function, history::Histories,
};

/// Projectors of one day's sales, and the messages that each gets at a time.
pub(crate) const WORKERS: usize = 16;
pub(crate) const MESSAGES: usize = 10;

/// Batches of each projector. Until the first have passed, projectors still look for a part of the row of their own.
const BATCHES_FIRST: usize = 4;
const BATCHES_STEADY: usize = 8;

/// The time of each call, in which another projector can write.
const LATENCY: Duration = Duration::from_millis(5);

/// What projectors did to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contention {
    /// Writes that DynamoDB refused in the first batches, of how many.
    pub(crate) refused_at_first: (usize, usize),
    /// The same in the batches after them.
    pub(crate) refused: (usize, usize),
    /// Messages that were not handled, and so come again.
    pub(crate) redelivered: usize,
    /// Write units for an event, those of refused writes not included.
    pub(crate) write_units: f64,
}

/// Lets the projectors work.
pub(crate) async fn measure(aws: &Aws, folder: &Path) -> Result<Contention, Failure> {
    let mut histories = Histories::of("contention");
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let program = folder.join("projector");
        workers.push(Function::start(&program, &aws.endpoint, DAILY_SALES).await?);
    }
    let first = work(aws, &mut workers, &mut histories, BATCHES_FIRST).await?;
    let steady = work(aws, &mut workers, &mut histories, BATCHES_STEADY).await?;
    for worker in workers {
        worker.stop()?;
    }
    Ok(Contention { refused_at_first: first.refused, ..steady })
}

async fn work(
    aws: &Aws,
    workers: &mut Vec<Function>,
    histories: &mut Histories,
    batches: usize,
) -> Result<Contention, Failure> {
    let mut given = Vec::new();
    for _ in 0..workers.len() * batches {
        given.push(messages(&histories.placed(MESSAGES).await?)?.to_string());
    }
    // A projector believes the event table, and not the messages.
    aws.store(histories)?;
    aws.charge(LATENCY);
    let mut running = JoinSet::new();
    for mut worker in workers.drain(..) {
        let events = given.split_off(given.len() - batches);
        running.spawn(async move {
            let mut failed = 0;
            for event in events {
                let answer: Value = serde_json::from_str(&worker.invoke(&event).await?)?;
                let failures = answer["batchItemFailures"].as_array();
                failed += failures.ok_or("a projector failed as a whole")?.len();
            }
            Ok::<_, Failure>((worker, failed))
        });
    }
    let mut redelivered = 0;
    while let Some(done) = running.join_next().await {
        let (worker, failed) = done??;
        workers.push(worker);
        redelivered += failed;
    }
    let calls = aws.discard();
    let refused = calls.iter().filter(|call| call.is_refused).count();
    let written = calls.iter().filter(|call| call.write_units > 0.0).count();
    let units: f64 = calls.iter().map(|call| call.write_units).sum();
    let events = u32::try_from(WORKERS * MESSAGES * batches)?;
    let refused = (refused, refused + written);
    let write_units = units / f64::from(events);
    Ok(Contention { refused_at_first: refused, refused, redelivered, write_units })
}
