//! The progress of a replay, whose segments run in parallel.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Commit, Corrupt, Host as _, Source,
    replay::{Pace, Progress, ReplaySink, SegmentProgress, replay},
};
use dekigoto_testkit::VirtualHost;

use crate::support::Faulty;

/// A sink that takes longer to save an earlier progress than a later one.
struct SlowSink {
    host: VirtualHost,
    saves: AtomicU64,
    saved: Mutex<Vec<Progress>>,
}

#[async_trait]
impl ReplaySink for SlowSink {
    async fn apply(&self, _: Vec<Commit>) -> Result<(), Source> {
        Ok(())
    }

    async fn set_aside(&self, _: &Corrupt) -> Result<(), Source> {
        Ok(())
    }

    async fn save(&self, progress: &Progress) -> Result<(), Source> {
        let number = self.saves.fetch_add(1, Ordering::Relaxed);
        self.host.sleep(Duration::from_millis(1000_u64.saturating_sub(number * 7))).await;
        self.saved.lock().unwrap().push(progress.clone());
        Ok(())
    }
}

/// How far a segment has got.
fn place(segment: &SegmentProgress) -> (u8, Option<(&str, u64)>) {
    match segment {
        SegmentProgress::Start => (0, None),
        SegmentProgress::After(at) => (1, Some((&at.stream_key, at.ordinal))),
        SegmentProgress::Done => (2, None),
    }
}

#[tokio::test]
async fn saved_progress_never_goes_backwards() {
    let world = Faulty::new([]);
    for stream in 0..20 {
        world.added(&format!("s{stream:02}"), 3).await;
    }
    let host = VirtualHost::default();
    let sink = SlowSink { host: host.clone(), saves: AtomicU64::new(0), saved: Mutex::default() };
    let pace = Pace { commits_per_page: 2, commits_per_second_max: None };
    let start = Progress::start(4);
    let (done, _) = host.run(replay(&world.store, &host, &sink, start, pace));
    let saved = sink.saved.into_inner().unwrap();
    assert!(saved.len() > 20, "{} saves", saved.len());
    for (before, after) in saved.iter().zip(&saved[1..]) {
        for (before, after) in before.segments.iter().zip(&after.segments) {
            assert!(place(before) <= place(after), "{before:?}, then {after:?}");
        }
    }
    assert_eq!(saved.last(), Some(&done.unwrap()));
}
