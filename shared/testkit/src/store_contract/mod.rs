//! The specification of [`EventStore`] and [`ReplaySource`], as cases that every implementation passes.

mod cost;
mod damage;
mod intervals;
mod keys;
mod long;
mod names;
mod places;
mod races;
mod reads;
mod replays;
mod sizes;
mod snapshots;

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Commit, Engine, EventStore, Head, Ordinal, ReadError, ReadFrom, StoredCommit, StreamId,
    memory::MemoryStore, replay::ReplaySource,
};
use futures_util::FutureExt as _;

use crate::{
    CountedStore,
    cases::Cases,
    still_host,
    tally::{commit, stream},
};

/// The attributes of an item by name: numbers and text.
pub type RawItem = serde_json::Map<String, serde_json::Value>;

/// An empty store under test, with access that only a test has.
#[async_trait]
pub trait StoreSubject: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn EventStore>;

    /// The same store, as the source of a replay.
    fn replay_source(&self) -> Arc<dyn ReplaySource>;

    /// Puts an item as it is and overwrites any other, as a bug or another program could. `false` where the store
    /// cannot express such an item.
    async fn put_raw(&self, item: RawItem) -> bool;

    /// Whether a scan gives the commits of one stream in ascending order. An emulator that does not returns `false`.
    fn scans_in_order(&self) -> bool {
        true
    }
}

/// Runs every case on a store of its own, and panics with the names of the cases that failed.
pub async fn store_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = Box<dyn StoreSubject>>,
{
    let mut cases = Cases::default();
    let fresh = &fresh;
    macro_rules! cases {
        ($($module:ident::$case:ident,)+) => {$(
            // Made in a closure: the futures of all cases together are larger than the stack of a test.
            let case = || async move { $module::$case(&*fresh().await).await }.boxed_local();
            cases.run(stringify!($case), case()).await;
        )+};
    }
    cases! {
        reads::a_stream_that_was_never_written_is_empty,
        reads::a_commit_comes_back_as_it_was_written,
        reads::a_read_sees_every_append_that_was_acknowledged_s3,
        reads::reads_go_up_and_down_from_every_ordinal_past_nine_and_ten,
        reads::a_limit_bounds_a_read_and_zero_is_not_the_end,
        sizes::commits_of_one_two_and_a_hundred_events_are_whole,
        sizes::an_empty_commit_cannot_be_made,
        sizes::commits_at_every_limit_are_stored_and_larger_ones_cannot_be_made,
        sizes::versions_go_beyond_2_to_the_31,
        places::a_place_is_taken_once_and_the_loser_gets_the_winner_s1,
        places::a_stale_writer_cannot_land_inside_an_earlier_commit_s1,
        places::a_repeated_append_succeeds_and_is_stored_once_s3,
        places::the_same_key_with_another_body_is_not_the_same_append_s5,
        names::streams_whose_names_contain_separators_do_not_mix,
        names::unicode_long_and_reserved_names_are_stored,
        races::among_a_hundred_writers_one_wins_and_the_others_get_the_winner_s1,
        races::twenty_writers_all_succeed_without_a_gap_s2,
        races::a_lost_reply_ends_in_one_commit_and_success_s3,
        races::a_lost_request_and_throttling_end_in_one_commit_s3,
        keys::a_repeated_command_gets_the_first_answer_s5,
        keys::a_repeated_create_gets_the_first_answer_s5,
        keys::a_key_that_is_reused_for_another_command_is_refused_s5,
        keys::fifty_equal_commands_at_once_are_one_commit_s5,
        keys::a_key_is_remembered_by_snapshots_for_a_bounded_number_of_commits_s5,
        keys::a_key_with_the_tag_of_a_remembered_one_is_another_command_s5,
        snapshots::a_load_applies_a_snapshot_once_s11,
        snapshots::a_load_is_one_read_of_one_interval_s11,
        snapshots::any_damaged_or_missing_snapshot_changes_no_answer_s11,
        snapshots::snapshots_of_another_schema_are_ignored_s11,
        snapshots::a_snapshot_of_another_version_is_an_error,
        snapshots::a_state_too_large_to_embed_is_left_out,
        intervals::a_free_snapshot_is_in_every_first_read,
        intervals::a_snapshot_of_three_units_is_in_every_twelfth_commit,
        intervals::the_largest_snapshot_is_in_every_32nd_commit,
        intervals::a_stream_of_older_code_is_loaded_in_two_reads_and_heals_s11,
        damage::an_attribute_that_is_missing_or_of_the_wrong_type_is_an_error,
        damage::an_attribute_with_an_invalid_value_is_an_error,
        damage::an_unknown_attribute_is_ignored,
        damage::an_impossible_ordinal_is_an_error,
        damage::an_unknown_or_newer_event_is_an_error_s12,
        damage::a_gap_or_an_overlap_is_an_error_s2,
        cost::a_command_is_one_append_and_a_create_loads_nothing,
        long::a_stream_of_ten_thousand_events_and_five_megabytes,
        replays::a_scan_gives_every_commit_once_and_each_stream_in_order_s13,
        replays::a_replay_stops_and_resumes_without_a_loss,
        replays::a_replay_keeps_its_pace,
        replays::a_replay_sets_aside_what_it_cannot_decode_and_goes_on,
    }
    cases.report("store contract");
}

/// The in-memory store as a subject.
#[must_use]
pub fn memory_store() -> Box<dyn StoreSubject> {
    Box::new(MemorySubject(MemoryStore::new()))
}

struct MemorySubject(MemoryStore);

#[async_trait]
impl StoreSubject for MemorySubject {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.0.clone())
    }

    fn replay_source(&self) -> Arc<dyn ReplaySource> {
        Arc::new(self.0.clone())
    }

    async fn put_raw(&self, item: RawItem) -> bool {
        let item = serde_json::from_value::<StoredCommit>(item.into());
        let is_typed = item.is_ok();
        item.into_iter().for_each(|item| self.0.put_raw(item));
        is_typed
    }
}

/// The attributes of a commit.
fn raw(commit: &Commit) -> RawItem {
    let item = serde_json::to_value(StoredCommit::from(commit)).unwrap();
    item.as_object().unwrap().clone()
}

fn engine(store: Arc<dyn EventStore>) -> Engine {
    Engine::new(store, Arc::new(still_host()))
}

/// An engine, and the store that counts its calls.
fn counted_engine(subject: &dyn StoreSubject) -> (Arc<CountedStore>, Engine) {
    let counted = Arc::new(CountedStore::new(subject.store()));
    let store: Arc<dyn EventStore> = counted.clone();
    (counted, engine(store))
}

/// Appends commits of one event each, `1`, `2` and so on, and returns them.
pub(crate) async fn append_some(
    store: &dyn EventStore,
    stream: &StreamId,
    commits: u64,
) -> Vec<Commit> {
    let mut head = Head::empty(stream.clone());
    let mut appended = Vec::new();
    for number in 1..=commits {
        let next = commit(&head, &format!("key-{number}"), &[number]);
        store.append(&next).await.unwrap();
        head = next.head();
        appended.push(next);
    }
    appended
}

/// One read of the stream of the tally with that id.
async fn read(
    subject: &dyn StoreSubject,
    id: &str,
    from: ReadFrom,
    limit: u32,
) -> Result<Vec<Commit>, ReadError> {
    subject.store().read(&stream(id), from, limit).await
}

/// All commits of a stream, from the first, in as many reads as it takes.
async fn read_all(store: &dyn EventStore, stream: &StreamId) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    loop {
        let next = commits.last().map_or(Ordinal::FIRST, |last| last.ordinal().plus(1));
        let page = store.read(stream, ReadFrom::Up(next), 1000).await.unwrap();
        let Some(first) = page.first() else {
            return commits;
        };
        assert_eq!(first.ordinal(), next, "the read continues at another ordinal");
        commits.extend(page);
    }
}

/// Checks S1 and S2: ordinals and versions are 1, 2, 3 and so on.
#[track_caller]
fn assert_gapless(commits: &[Commit]) {
    let mut version = 1;
    for (commit, ordinal) in commits.iter().zip(1..) {
        assert_eq!(commit.ordinal().get(), ordinal, "ordinals have a gap");
        assert_eq!(commit.first_version().get(), version, "versions have a gap");
        version = commit.last_version().get() + 1;
    }
}
