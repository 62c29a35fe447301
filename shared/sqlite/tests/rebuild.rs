//! What a rebuild takes: its speed beside scanning alone, and its memory. Ignored, because it takes minutes:
//!
//! ```sh
//! COMMITS=1000000 cargo test -p dekigoto-sqlite --test rebuild -- --ignored --nocapture
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::print_stdout,
    reason = "a measurement reads the clock, prints, and fails by panicking"
)]

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use dekigoto::{
    Commit, Envelope, Head, Ports, Source, StoredCommit,
    batch::Delivered,
    generations::{
        Despite, Generation, Plan, RebuildQueue, Rebuilder, Segment, Step, in_generation,
        progress_of, take,
    },
    memory::{ManualHost, MemoryParking},
    replay::ReplaySource,
    views::{AnyView, Extent, Fold, Single, SingleView, View},
};
use dekigoto_sqlite::Database;
use dekigoto_testkit::{Event, Tally, commit, stream};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

/// Commits of one stream.
const PER_STREAM: u64 = 5;
const SEGMENTS: u32 = 8;
const COMMITS_DEFAULT: u64 = 20_000;
/// What a rebuild may hold: a page for each segment, and what the allocator keeps.
const GROWTH_MB_MAX: u64 = 32;

/// The sum of each tally.
struct Sums;

impl View for Sums {
    type Row = u64;
    type Folds = (Tally,);
    const NAME: &'static str = "sums";
}

impl Fold<Tally> for Sums {
    fn fold(row: &mut u64, Event::Added(added): &Event, _: &Envelope) {
        *row += added.number;
    }
}

impl SingleView for Sums {}

struct Again;

#[async_trait::async_trait]
impl RebuildQueue for Again {
    async fn put(&self, _: &Segment) -> Result<(), Source> {
        Ok(())
    }
}

fn insert(path: &PathBuf, commits: u64) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("pragma synchronous = off; begin").unwrap();
    let statement = "insert into commits (seg, pk, sk, v, at, ev, key, fp, act, cor, cau, tp)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut statement = connection.prepare(statement).unwrap();
    for number in 0..commits / PER_STREAM {
        let mut head = Head::empty(stream(&format!("tally-{number}")));
        for place in 0..PER_STREAM {
            let commit = commit(&head, &format!("key-{place}"), &[place]);
            let it = StoredCommit::from(&commit);
            let segment = Sha256::digest(it.pk.as_bytes())[0];
            let fp = serde_json::to_value(&it.fp).unwrap();
            let values = params![
                segment,
                it.pk,
                it.sk,
                it.v,
                it.at,
                it.ev,
                it.key,
                fp.as_str(),
                it.act,
                it.cor,
                it.cau,
                it.tp
            ];
            statement.execute(values).unwrap();
            head = commit.head();
        }
    }
    connection.execute_batch("commit").unwrap();
}

/// Resident memory of this process.
fn megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

async fn scan_alone(history: &dyn ReplaySource) -> u64 {
    let segments = (0..SEGMENTS).map(|segment| async move {
        let (mut after, mut commits) = (None, 0);
        loop {
            let page = history.scan(segment, SEGMENTS, after.as_ref(), 500).await.unwrap();
            commits +=
                page.commits.iter().map(Commit::envelopes).map(Iterator::count).sum::<usize>();
            match page.next {
                Some(next) => after = Some(next),
                None => return commits,
            }
        }
    });
    let commits = futures_util::future::join_all(segments).await;
    u64::try_from(commits.into_iter().sum::<usize>()).unwrap()
}

#[tokio::test]
#[ignore = "a measurement of minutes"]
async fn the_memory_of_a_rebuild_is_flat_and_its_speed_is_told_beside_scanning_alone() {
    let commits = std::env::var("COMMITS").ok().map_or(COMMITS_DEFAULT, |it| it.parse().unwrap());
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rebuild-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("rebuild.db");
    let database = Database::open(&path).unwrap();
    insert(&path, commits);
    let (host, view): (_, Arc<dyn AnyView>) =
        (ManualHost::new(), Arc::new(Single::<Sums>::default()));
    let ports = Ports {
        store: Arc::new(database.events()),
        views: Arc::new(database.views()),
        host: Arc::new(host.clone()),
    };
    let history = Arc::new(database.events());

    let started = Instant::now();
    assert_eq!(scan_alone(&*history).await, commits);
    let alone = started.elapsed();

    let plan = Plan { segments: SEGMENTS, commits_per_second_max: None };
    take(&*ports.views, "sums", Step::Begin(plan), "2026-11-25T12:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let second = Generation::FIRST.next();
    let rebuilder = Rebuilder {
        views: vec![Arc::clone(&view)],
        history: history.clone(),
        ports: ports.clone(),
        queue: Arc::new(Again),
        parking: Arc::new(MemoryParking::default()),
    };
    let messages = Segment::all("sums", second, SEGMENTS)
        .map(|it| Delivered { id: it.segment.to_string(), record: it.text() });
    let views = database.views();
    let watch = tokio::spawn(async move {
        let mut samples: Vec<(u64, u64)> = Vec::new();
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let progress = progress_of(&views, "sums", second, SEGMENTS).await.unwrap();
            samples.push((progress.commits, megabytes()));
            if progress.is_done() {
                return samples;
            }
        }
    });
    let started = Instant::now();
    let report = rebuilder.take(messages.collect(), &|| Duration::from_secs(36_000)).await;
    let rebuild = started.elapsed();
    assert!(report.failed.is_empty(), "{report:?}");
    let samples = watch.await.unwrap();
    take(
        &*ports.views,
        "sums",
        Step::Switch(Despite::Nothing),
        "2026-11-25T13:00:00Z".parse().unwrap(),
    )
    .await
    .unwrap();
    let views = in_generation(Arc::clone(&ports.views), "sums", second);
    let checked =
        view.verify(&Ports { views, ..ports }, &*history, Extent::Sample(500)).await.unwrap();
    assert_eq!((checked.differences.len(), checked.waiting), (0, 0));

    for tenth in 1..=10 {
        let sample = samples.iter().find(|(seen, _)| *seen >= commits * tenth / 10);
        if let Some((seen, megabytes)) = sample {
            println!("{seen:>9} commits: {megabytes} MB resident");
        }
    }
    let rate = |time: Duration| commits * 1000 / u64::try_from(time.as_millis().max(1)).unwrap();
    let percent = alone.as_millis() * 100 / rebuild.as_millis().max(1);
    println!(
        "{commits} commits: scanning alone {} a second, the rebuild {} a second: {percent} % of it",
        rate(alone),
        rate(rebuild)
    );
    fs::remove_dir_all(&folder).unwrap();
    let early = samples.iter().find(|(seen, _)| *seen >= commits / 10).map_or(0, |(_, it)| *it);
    let most = samples.iter().map(|(_, it)| *it).max().unwrap();
    assert!(most <= early + GROWTH_MB_MAX, "from {early} MB to {most} MB");
}
