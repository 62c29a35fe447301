//! Replays of a whole store.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Commit, Corrupt, Host as _, Source,
    replay::{Pace, Progress, ReplayError, ReplayPosition, ReplaySink, SegmentProgress, replay},
};

use super::{StoreSubject, append_some, raw};
use crate::{still_host, tally::stream};

const STREAMS: u64 = 7;
const COMMITS: u64 = 11;

async fn fill(subject: &dyn StoreSubject) {
    for number in 0..STREAMS {
        let stream = stream(&format!("stream-{number}"));
        append_some(&*subject.store(), &stream, COMMITS).await;
    }
}

/// Ordinals by stream, in the order in which they came.
type Seen = BTreeMap<String, Vec<u64>>;

fn see(seen: &mut Seen, commits: &[Commit]) {
    for commit in commits {
        let ordinals = seen.entry(commit.stream().key()).or_default();
        ordinals.push(commit.ordinal().get());
    }
}

#[track_caller]
fn assert_complete(subject: &dyn StoreSubject, seen: &Seen) {
    assert_eq!(seen.len(), usize::try_from(STREAMS).unwrap());
    for (stream, ordinals) in seen {
        let all: Vec<u64> = (1..=COMMITS).collect();
        let mut ordinals = ordinals.clone();
        if !subject.scans_in_order() {
            ordinals.sort_unstable();
        }
        assert_eq!(ordinals, all, "{stream}");
    }
}

/// In any number of segments and with pages of any size, resumed after each page from a position that was saved.
pub(super) async fn a_scan_gives_every_commit_once_and_each_stream_in_order_s13(
    subject: &dyn StoreSubject,
) {
    fill(subject).await;
    let source = subject.replay_source();
    for (of_segments, limit) in [(1, 1000), (1, 3), (4, 1), (5, 100)] {
        let mut seen = Seen::new();
        for segment in 0..of_segments {
            let mut after: Option<ReplayPosition> = None;
            let mut pages = 0;
            loop {
                pages += 1;
                assert!(pages <= 2 * STREAMS * COMMITS, "the scan does not end");
                let page = source.scan(segment, of_segments, after.as_ref(), limit);
                let page = page.await.unwrap();
                assert!(page.commits.len() <= usize::try_from(limit).unwrap());
                see(&mut seen, &page.commits);
                let Some(next) = page.next else { break };
                let saved = serde_json::to_string(&next).unwrap();
                after = Some(serde_json::from_str(&saved).unwrap());
            }
        }
        assert_complete(subject, &seen);
    }
}

/// Records what it gets, and fails at one page.
#[derive(Default)]
struct Sink {
    seen: Mutex<Seen>,
    saved: Mutex<Option<String>>,
    pages_until_failure: Mutex<Option<usize>>,
    set_aside: Mutex<Vec<(String, Option<u64>)>>,
}

#[async_trait]
impl ReplaySink for Sink {
    async fn apply(&self, commits: Vec<Commit>) -> Result<(), Source> {
        if let Some(pages) = self.pages_until_failure.lock().unwrap().as_mut() {
            *pages = pages.checked_sub(1).ok_or("the sink is full")?;
        }
        let mut seen = self.seen.lock().unwrap();
        see(&mut seen, &commits);
        let applied = seen.values().map(Vec::len).sum::<usize>();
        let all = usize::try_from(STREAMS * COMMITS)?;
        if applied > 3 * all { Err("the replay does not end".into()) } else { Ok(()) }
    }

    async fn set_aside(&self, corrupt: &Corrupt) -> Result<(), Source> {
        self.set_aside.lock().unwrap().push((corrupt.stream.clone(), corrupt.ordinal));
        Ok(())
    }

    async fn save(&self, progress: &Progress) -> Result<(), Source> {
        *self.saved.lock().unwrap() = Some(serde_json::to_string(progress)?);
        Ok(())
    }
}

const UNPACED: Pace = Pace { commits_per_page: 4, commits_per_second_max: None };

/// Stopped after each page, and resumed from the saved progress.
pub(super) async fn a_replay_stops_and_resumes_without_a_loss(subject: &dyn StoreSubject) {
    fill(subject).await;
    let source = subject.replay_source();
    for of_segments in [1, 3] {
        for pages in 0..8 {
            let sink = Sink { pages_until_failure: Mutex::new(Some(pages)), ..Sink::default() };
            let start = Progress::start(of_segments);
            let host = still_host();
            let stopped = replay(&*source, &host, &sink, start.clone(), UNPACED).await;
            assert!(matches!(stopped, Err(ReplayError::Sink(_))));

            *sink.pages_until_failure.lock().unwrap() = None;
            let saved = sink.saved.lock().unwrap().take();
            let resumed = saved.map_or(start, |saved| serde_json::from_str(&saved).unwrap());
            let done = replay(&*source, &host, &sink, resumed, UNPACED).await;
            assert!(done.unwrap().is_done());
            let mut seen = sink.seen.lock().unwrap().clone();
            for ordinals in seen.values_mut() {
                // What was applied but not saved comes again: delivery is at least once.
                ordinals.sort_unstable();
                ordinals.dedup();
            }
            assert_complete(subject, &seen);
        }
    }
}

/// Also, what is done is not read again.
pub(super) async fn a_replay_keeps_its_pace(subject: &dyn StoreSubject) {
    fill(subject).await;
    let source = subject.replay_source();
    let (sink, host) = (Sink::default(), still_host());
    let pace = Pace { commits_per_page: 2, commits_per_second_max: Some(10) };
    let done = replay(&*source, &host, &sink, Progress::start(2), pace).await;
    let done = done.unwrap();
    assert_complete(subject, &sink.seen.lock().unwrap());
    let at_least = Duration::from_millis(STREAMS * COMMITS * 100);
    assert!(host.monotonic() >= at_least, "{:?}", host.slept());

    assert_eq!(done.segments, [SegmentProgress::Done, SegmentProgress::Done]);
    let again = Sink::default();
    replay(&*source, &host, &again, done, pace).await.unwrap();
    assert_eq!(again.seen.lock().unwrap().len(), 0);
}

/// It names the item, counts it, and goes on: one corrupt item does not hide the items behind it.
pub(super) async fn a_replay_sets_aside_what_it_cannot_decode_and_goes_on(
    subject: &dyn StoreSubject,
) {
    fill(subject).await;
    let source = subject.replay_source();
    let good = append_some(&*subject.store(), &stream("poison"), 3).await;
    for (pk, sk) in [("Tally#poison", 2), ("no separator", 1)] {
        let mut item = raw(&good[1]);
        item.insert("pk".to_owned(), pk.into());
        item.insert("sk".to_owned(), sk.into());
        item.insert("ev".to_owned(), "nothing".into());
        assert!(subject.put_raw(item).await);
        let (sink, host) = (Sink::default(), still_host());
        let done = replay(&*source, &host, &sink, Progress::start(2), UNPACED).await.unwrap();
        let set_aside = sink.set_aside.lock().unwrap().clone();
        assert!(set_aside.contains(&(pk.to_owned(), Some(sk))), "{pk}: {set_aside:?}");
        assert_eq!(done.set_aside, u64::try_from(set_aside.len()).unwrap());
        assert!(done.is_done());
        let saved = sink.saved.lock().unwrap().clone().unwrap();
        assert_eq!(serde_json::from_str::<Progress>(&saved).unwrap(), done);
        // What is no item of that stream is not missing: the two good commits of it are there, and every other stream.
        let mut seen = sink.seen.lock().unwrap().clone();
        let poison = seen.remove("Tally#poison").unwrap();
        assert_eq!(poison, if pk == "Tally#poison" { vec![1, 3] } else { vec![1, 2, 3] });
        assert_eq!(seen.len(), usize::try_from(STREAMS).unwrap());
        assert!(subject.put_raw(raw(&good[1])).await);
    }
}
