//! Kills a process that writes, many times, at any moment, and checks that nothing that it acknowledged is lost.
//!
//! The process is this program again, with the path of the file as its argument.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use dekigoto::{
    EventStore as _, Head, Payload, Pointer, ReadFrom, Row, RowKey, ViewStore as _,
    outbox::{Order, Outbox as _},
};
use dekigoto_sqlite::Database;
use dekigoto_testkit::{commit, stream};
use tokio::runtime::Builder;

/// How often the writer is killed.
const KILLS: u64 = 40;

/// Streams that the writer appends to in parallel.
const STREAMS: u64 = 4;

/// What the writer says on its standard output, one a line: what it is about to do, and what it acknowledges.
const COMMITTED: &str = "committed";
const PUBLISHING: &str = "publishing";
const PUBLISHED: &str = "published";
const ROW: &str = "row";

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    match std::env::args().nth(1).filter(|it| it.ends_with(".db")) {
        Some(path) => runtime.block_on(write_until_killed(Path::new(&path))),
        None => runtime.block_on(a_process_that_is_killed_loses_nothing_that_it_acknowledged_s3()),
    }
}

/// Everything that was ever said.
#[derive(Default)]
struct Said {
    commits: BTreeSet<String>,
    /// These may have been published.
    publishing: BTreeSet<String>,
    published: BTreeSet<String>,
    revision: u64,
}

async fn a_process_that_is_killed_loses_nothing_that_it_acknowledged_s3() {
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kills-{}", std::process::id()));
    let path = folder.join("it.db");
    let mut all = Said::default();
    for round in 0..KILLS {
        let mut child = start(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // A different number of lines each time, so that the kill hits another step.
        for line in lines.by_ref().take(usize::try_from(7 + round * 13 % 101).unwrap()) {
            all.note(&line.unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died.
        lines.for_each(|line| all.note(&line.unwrap()));
        check(&path, &all).await;
    }
    println!(
        "{KILLS} kills: {} commits, {} published, {} revisions of a row; nothing lost",
        all.commits.len(),
        all.published.len(),
        all.revision
    );
    assert!(all.commits.len() > 500 && !all.published.is_empty() && all.revision > 40);
    note(&all);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A row for the table of REFERENCE.md, if `make platforms` wants it.
#[expect(clippy::disallowed_methods, reason = "the environment names the file")]
fn note(all: &Said) {
    let Ok(path) = std::env::var("DEKIGOTO_KILLS") else { return };
    let row = format!(
        r#"{{"what": "a writer of a SQLite file", "kills": {KILLS}, "checked": "{} commits, {} revisions of a row", "test": "shared/sqlite/tests/kills.rs"}}"#,
        all.commits.len(),
        all.revision
    );
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{row}").unwrap();
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap()).arg(path).stdout(Stdio::piped()).spawn().unwrap()
}

impl Said {
    fn note(&mut self, line: &str) {
        let (what, of) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            COMMITTED => drop(self.commits.insert(of.to_owned())),
            PUBLISHING => drop(self.publishing.insert(of.to_owned())),
            PUBLISHED => drop(self.published.insert(of.to_owned())),
            // A line that was cut off by the kill acknowledges nothing.
            ROW => self.revision = self.revision.max(of.parse().unwrap_or(0)),
            _ => {}
        }
    }
}

/// Each acknowledged commit is stored; each stored commit is in the outbox until it is published, and no longer; the row has
/// not gone back.
async fn check(path: &Path, all: &Said) {
    let database = Database::open(path).unwrap();
    let (events, mut stored) = (database.events(), BTreeSet::new());
    for number in 0..STREAMS {
        let stream = stream(&format!("s{number}"));
        let commits = events.read(&stream, ReadFrom::Up(dekigoto::Ordinal::FIRST), 100_000).await;
        for (commit, ordinal) in commits.unwrap().iter().zip(1..) {
            assert_eq!(commit.ordinal().get(), ordinal, "a gap in {stream}");
            stored.insert(Pointer::to(commit).text());
        }
    }
    let lost: Vec<_> = all.commits.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let leased = database.outbox().lease(1_000_000, Duration::ZERO, Order::Any).await.unwrap();
    let waiting: BTreeSet<String> = leased.iter().map(|entry| entry.pointer.clone()).collect();
    assert_eq!(waiting.len(), leased.len(), "an entry is there twice");
    let gone: Vec<_> = stored
        .iter()
        .filter(|it| !waiting.contains(*it) && !all.publishing.contains(*it))
        .collect();
    assert!(gone.is_empty(), "never published, and not in the outbox: {gone:?}");
    let again: Vec<_> = all.published.intersection(&waiting).collect();
    assert!(again.is_empty(), "acknowledged as published, and in the outbox again: {again:?}");
    let row = database.views().read(&[RowKey::new("p", "s")]).await.unwrap();
    let revision = row[0].as_ref().map_or(0, |row| row.revision);
    assert!(revision >= all.revision, "the row went back from {} to {revision}", all.revision);
}

/// Appends to all streams, publishes from the outbox and writes a row, all at once, for ever.
async fn write_until_killed(path: &Path) {
    let database = Database::open(path).unwrap();
    for number in 0..STREAMS {
        tokio::spawn(append(database.clone(), format!("s{number}")));
    }
    tokio::spawn(publish(database.clone()));
    let views = database.views();
    loop {
        let key = RowKey::new("p", "s");
        let read = views.read(std::slice::from_ref(&key)).await.unwrap().remove(0);
        let revision = read.map_or(1, |row| row.revision + 1);
        let body = Payload::of(&revision).unwrap();
        views.write(&[Row { key, revision, body, indexes: [].into() }]).await.unwrap();
        say(ROW, &revision.to_string());
    }
}

async fn append(database: Database, id: String) {
    let events = database.events();
    let newest = events.read(&stream(&id), ReadFrom::Newest, 1).await.unwrap();
    let mut head = newest.first().map_or_else(|| Head::empty(stream(&id)), |last| last.head());
    loop {
        let number = head.ordinal().map_or(1, |it| it.get() + 1);
        let next = commit(&head, &format!("key-{number}"), &[number]);
        events.append(&next).await.unwrap();
        say(COMMITTED, &Pointer::to(&next).text());
        head = next.head();
    }
}

async fn publish(database: Database) {
    let outbox = database.outbox();
    loop {
        let leased = outbox.lease(5, Duration::from_secs(60), Order::PerStream).await.unwrap();
        leased.iter().for_each(|entry| say(PUBLISHING, &entry.pointer));
        let ids: Vec<_> = leased.iter().map(|entry| entry.id).collect();
        outbox.done(&ids).await.unwrap();
        leased.iter().for_each(|entry| say(PUBLISHED, &entry.pointer));
        tokio::task::yield_now().await;
    }
}

fn say(what: &str, of: &str) {
    // One write, so that a kill cannot mix two lines.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{what} {of}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
