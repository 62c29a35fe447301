//! Sends dead letters back, each on its own way.

#![expect(clippy::indexing_slicing, reason = "a field that a JSON value lacks reads as null")]

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    letters::{Dead, Filter, How, Reading, collect},
    list::note_cuts,
    route::{Way, way_back},
};
use crate::{
    cloud::Move,
    desk::{Consent, Desk},
    failure::{Failure, Kind},
    out::{Report, Table, Tone},
    text::plural,
};

/// Calls of the publisher for one time window. Each reads the store for most of a minute.
const CALLS_PER_WINDOW_MAX: u32 = 1000;

/// What a redrive did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    sent: usize,
    moving: usize,
    left: usize,
}

/// `dlq redrive`: says where each letter would go, and with `--yes` sends it there. A letter is deleted only after it
/// was sent, so a letter whose redrive is cut off is sent twice and never lost.
pub(crate) async fn redrive(
    desk: &Desk,
    filter: &Filter,
    per_second: u32,
) -> Result<Report, Failure> {
    let reading = collect(desk, filter).await?;
    let ways: Vec<Way> = reading.taken.iter().map(|dead| way_back(desk, dead)).collect();
    let mut report = planned(&reading, &ways);
    if reading.taken.is_empty() {
        reading.release(desk).await?;
        return Ok(report);
    }
    let checked = destinations_exist(desk, &ways).await;
    if checked.is_err() || desk.consent == Consent::Dry {
        reading.release(desk).await?;
        checked?;
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\" to send them");
        return Ok(report);
    }
    let what = format!("dlq redrive of {}", plural(reading.taken.len(), "letter"));
    let send = || send_all(desk, filter, &reading, &ways, per_second);
    let outcome =
        |it: &Done| format!("sent {}, moved by SQS {}, left {}", it.sent, it.moving, it.left);
    if let Some(done) = desk.change(what, send, outcome).await? {
        told(&mut report, &done);
    }
    Ok(report)
}

fn told(report: &mut Report, done: &Done) {
    for (name, count) in [("sent", done.sent), ("moving", done.moving), ("left", done.left)] {
        report.field(name, count);
    }
    if done.sent > 0 {
        report.line(Tone::Good, format!("sent {} back", plural(done.sent, "letter")));
    }
    if done.moving > 0 {
        report.line(Tone::Good, format!("SQS is moving {} back", plural(done.moving, "letter")));
    }
    if done.left > 0 {
        let text = format!("left {} without a way back", plural(done.left, "letter"));
        report.line(Tone::Bad, text);
        report.attention();
    }
}

fn planned(reading: &Reading, ways: &[Way]) -> Report {
    let mut groups: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (dead, way) in reading.taken.iter().zip(ways) {
        *groups.entry((&dead.queue, way.text())).or_default() += 1;
    }
    let mut report = Report::default();
    let plan = groups.iter().map(
        |((queue, way), letters)| json!({ "queue": queue, "letters": letters, "wayBack": way }),
    );
    report.field("plan", plan.collect::<Vec<Value>>());
    if groups.is_empty() {
        report.line(Tone::Good, "no dead letters to send back");
        return report;
    }
    let mut table = Table::new(["queue", "letters", "way back"]);
    for ((queue, way), letters) in groups {
        table.row(Tone::Plain, [queue.to_owned(), letters.to_string(), way]);
    }
    report.table(table);
    note_cuts(&mut report, &reading.cut);
    report
}

/// A redrive to a deleted queue must fail before anything is sent.
async fn destinations_exist(desk: &Desk, ways: &[Way]) -> Result<(), Failure> {
    let mut urls: Vec<&String> = Vec::new();
    for way in ways {
        if let Way::Queues(queues) = way {
            urls.extend(queues.iter().map(|(_, url)| url));
        }
    }
    urls.sort();
    urls.dedup();
    for url in urls {
        desk.cloud.queue(url).await?;
    }
    Ok(())
}

async fn send_all(
    desk: &Desk,
    filter: &Filter,
    reading: &Reading,
    ways: &[Way],
    per_second: u32,
) -> Result<Done, Failure> {
    reading.release_others(desk).await?;
    let mut by_queue: BTreeMap<&String, Vec<(&Dead, &Way)>> = BTreeMap::new();
    for (dead, way) in reading.taken.iter().zip(ways) {
        by_queue.entry(&dead.queue).or_default().push((dead, way));
    }
    let mut done = Done::default();
    let mut queues = by_queue.into_values();
    while let Some(letters) = queues.next() {
        let sent = send_queue(desk, filter, &letters, per_second, &mut done).await;
        if let Err(failure) = sent {
            for (dead, _) in queues.flatten() {
                desk.cloud.release(&dead.url, &dead.letter.receipt).await?;
            }
            let what = format!("{} were sent back before this: {failure}", done.sent);
            return Err(Failure::new(failure.kind, what, "then repeat the command for the rest"));
        }
    }
    Ok(done)
}

/// Sends the letters of one queue. After a failure, those that are left are visible again.
async fn send_queue(
    desk: &Desk,
    filter: &Filter,
    letters: &[(&Dead, &Way)],
    per_second: u32,
    done: &mut Done,
) -> Result<(), Failure> {
    if !may_be_moved(filter, letters) {
        return send_each(desk, letters, per_second, done).await;
    }
    if is_moved(desk, letters, per_second).await? {
        done.moving += letters.len();
        return Ok(());
    }
    // The letters were made visible for SQS, so they must be received again.
    let queue = letters.first().map(|(dead, _)| dead.queue.clone());
    let again = collect(desk, &Filter { queue, ..filter.clone() }).await?;
    let ways: Vec<Way> = again.taken.iter().map(|dead| way_back(desk, dead)).collect();
    let letters: Vec<(&Dead, &Way)> = again.taken.iter().zip(&ways).collect();
    send_each(desk, &letters, per_second, done).await
}

async fn send_each(
    desk: &Desk,
    letters: &[(&Dead, &Way)],
    per_second: u32,
    done: &mut Done,
) -> Result<(), Failure> {
    for (place, (dead, way)) in letters.iter().enumerate() {
        match send(desk, dead, way, per_second).await {
            Ok(true) => done.sent += 1,
            Ok(false) => done.left += 1,
            Err(failure) => {
                for (dead, _) in letters.iter().skip(place) {
                    desk.cloud.release(&dead.url, &dead.letter.receipt).await?;
                }
                return Err(failure);
            }
        }
    }
    Ok(())
}

/// The move task of SQS moves all letters of a queue. It serves only queues that SQS itself filled.
fn may_be_moved(filter: &Filter, letters: &[(&Dead, &Way)]) -> bool {
    let is_moved = |(dead, way): &(&Dead, &Way)| {
        let is_one_queue = matches!(way, Way::Queues(queues) if queues.len() == 1);
        dead.how == How::TriedTooOften && is_one_queue
    };
    filter.is_whole_queue() && letters.iter().all(is_moved)
}

/// Starts the move task. Returns false if SQS does not offer it here.
async fn is_moved(
    desk: &Desk,
    letters: &[(&Dead, &Way)],
    per_second: u32,
) -> Result<bool, Failure> {
    let Some((first, Way::Queues(queues))) = letters.first() else { return Ok(false) };
    let Some((_, to)) = queues.first() else { return Ok(false) };
    let (from, to) = (desk.cloud.queue(&first.url).await?.arn, desk.cloud.queue(to).await?.arn);
    // SQS moves only visible letters.
    for (dead, _) in letters {
        desk.cloud.release(&dead.url, &dead.letter.receipt).await?;
    }
    Ok(desk.cloud.move_all(&from, &to, per_second).await? == Move::Started)
}

/// Sends one letter back and deletes it. Returns false if it has no way back.
async fn send(desk: &Desk, dead: &Dead, way: &Way, per_second: u32) -> Result<bool, Failure> {
    match way {
        Way::None(_) => {
            desk.cloud.release(&dead.url, &dead.letter.receipt).await?;
            return Ok(false);
        }
        Way::Queues(queues) => {
            for (_, url) in queues {
                desk.cloud.send(url, &dead.letter.body).await?;
            }
        }
        Way::Publisher { function, note } => drop(publish_again(desk, function, note).await?),
        Way::Stored { function, bucket, key } => {
            let kept = desk.cloud.object(bucket, key).await?;
            // Without the batch: the commits are in the event table, and an invocation takes 6 MB.
            let note = json!({ "DDBStreamBatchInfo": kept["DDBStreamBatchInfo"] });
            publish_again(desk, function, &note).await?;
        }
    }
    desk.cloud.delete(&dead.url, &dead.letter.receipt).await?;
    desk.ports.host.sleep(Duration::from_secs(1) / per_second.max(1)).await;
    Ok(true)
}

/// Invokes the publisher until it has read the whole store. Returns how many commits it publishes again.
pub(crate) async fn publish_again(
    desk: &Desk,
    function: &str,
    first: &Value,
) -> Result<u64, Failure> {
    let mut payload = first.clone();
    let mut pointers = 0;
    for call in 1..=CALLS_PER_WINDOW_MAX {
        let answer = desk.cloud.invoke(function, &payload).await?;
        pointers += answer["pointers"].as_u64().unwrap_or(0);
        desk.screen.line(&format!("call {call}: {pointers} commits to publish again so far"));
        let next = &answer["next"];
        if next.is_null() {
            return Ok(pointers);
        }
        if payload["republish"] == *next {
            let stopped = answer["stopped"].as_str().unwrap_or("it made no progress");
            let what = format!("the publisher stopped: {stopped}");
            return Err(Failure::new(Kind::Refused, what, "mend it and repeat the command"));
        }
        payload = json!({ "republish": next });
    }
    let what = format!("the publisher was called {CALLS_PER_WINDOW_MAX} times and is not done");
    Err(Failure::new(Kind::Refused, what, "repeat the command with a shorter time window"))
}
