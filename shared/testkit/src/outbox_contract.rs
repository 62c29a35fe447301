//! The specification of [`Outbox`], as cases that every implementation passes, and of a relay on it.

mod leases;
mod pace;
mod parked;
mod relays;
mod sharing;

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Commit, EventStore, Head, ParkedRecords, Pointer,
    memory::{MemoryOutbox, MemoryParking, MemoryStore},
    outbox::{EntryId, Leased, Order, Outbox},
};

pub(crate) use relays::{drain, relay as relay_to};

use crate::{
    cases::Cases,
    still_host,
    tally::{commit, stream},
};

/// An empty event store with its outbox and its parking place.
pub trait OutboxSubject: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn EventStore>;

    /// Its outbox.
    fn outbox(&self) -> Arc<dyn Outbox>;

    /// Where a relay parks what cannot be published.
    fn parking(&self) -> Arc<dyn ParkedRecords>;
}

/// Everything parked: each text with its reason.
pub(crate) async fn parked(subject: &dyn OutboxSubject) -> Vec<(String, String)> {
    let parked = subject.parking().list(0, 1000).await.unwrap();
    parked.into_iter().map(|it| (it.body, it.reason)).collect()
}

/// Runs every case on a subject of its own, and panics with the names of the cases that failed.
pub async fn outbox_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = Box<dyn OutboxSubject>>,
{
    let mut cases = Cases::default();
    macro_rules! cases {
        ($($module:ident::$case:ident,)+) => {
            $(cases.run(stringify!($case), async { $module::$case(&*fresh().await).await }).await;)+
        };
    }
    cases! {
        leases::an_outbox_without_commits_has_no_entries,
        leases::every_commit_has_one_entry_and_a_refused_one_has_none_s7,
        leases::a_limit_bounds_a_lease_and_zero_counts_as_one,
        leases::what_waits_is_counted_until_it_is_done,
        leases::the_oldest_entries_are_leased_first,
        leases::nobody_else_gets_a_leased_entry,
        leases::an_entry_is_due_again_when_its_lease_ends_l1,
        leases::an_entry_that_is_done_never_comes_again,
        leases::an_entry_that_was_put_back_waits,
        leases::a_pointer_that_was_put_names_only_its_targets,
        leases::any_name_of_a_stream_comes_back,
        leases::each_entry_is_leased_by_one_of_many_relays,
        leases::writers_at_the_same_time_lose_no_entry_l1,
        leases::in_order_only_the_oldest_entry_of_each_stream_is_leased,
        leases::in_order_a_waiting_entry_holds_up_its_own_stream_only,
        leases::in_order_a_pointer_that_was_put_goes_before_later_commits,
        parked::records_are_listed_oldest_first_and_page_by_page,
        parked::a_discarded_record_is_gone_and_the_others_stay,
        parked::a_text_is_parked_once_under_its_key,
        relays::a_relay_publishes_each_commit_once_when_nothing_fails_s15,
        relays::what_one_target_refuses_goes_to_that_target_only,
        relays::a_relay_that_dies_publishes_again_and_loses_nothing_l1,
        relays::what_is_refused_for_good_is_parked_with_its_reason_l4,
        relays::what_fails_too_often_is_parked_with_its_last_reason_l4,
        relays::what_is_published_or_parked_is_deleted_although_another_entry_cannot_be_put_back,
        relays::what_cannot_be_parked_stays_in_the_outbox,
        relays::in_order_the_commits_of_a_stream_are_published_in_order_despite_failures,
        pace::a_lease_outlasts_the_round_that_took_it,
        pace::what_fails_again_waits_longer_and_at_most_six_minutes,
        sharing::an_entry_stays_leased_until_both_targets_have_its_messages_l1,
        sharing::many_relays_publish_the_commits_of_each_stream_in_order,
    }
    cases.report("outbox contract");
}

/// The in-memory store with its outbox, as a subject.
#[must_use]
pub fn memory_outbox() -> Box<dyn OutboxSubject> {
    let store = MemoryStore::new();
    let outbox = MemoryOutbox::of(&store, Arc::new(still_host()));
    Box::new(MemorySubject { store, outbox, parking: MemoryParking::default() })
}

struct MemorySubject {
    store: MemoryStore,
    outbox: MemoryOutbox,
    parking: MemoryParking,
}

impl OutboxSubject for MemorySubject {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.outbox.clone())
    }

    fn parking(&self) -> Arc<dyn ParkedRecords> {
        Arc::new(self.parking.clone())
    }
}

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3600);

/// Appends this many commits to a stream.
pub(crate) async fn append(subject: &dyn OutboxSubject, id: &str, commits: u64) -> Vec<Commit> {
    let store = subject.store();
    crate::store_contract::append_some(&*store, &stream(id), commits).await
}

/// The first commit of a stream, with its number as its event.
fn first_of(id: &str, number: u64) -> Commit {
    commit(&Head::empty(stream(id)), "key", &[number])
}

async fn lease(outbox: &dyn Outbox, order: Order) -> Vec<Leased> {
    outbox.lease(1000, LONG, order).await.unwrap()
}

fn pointers(leased: &[Leased]) -> Vec<Pointer> {
    leased.iter().map(|entry| serde_json::from_str(&entry.pointer).unwrap()).collect()
}

/// Stream and ordinal of each entry, such as `a1`.
fn names(leased: &[Leased]) -> Vec<String> {
    let name = |it: &Pointer| format!("{}{}", it.stream.aggregate_id(), it.ordinal);
    pointers(leased).iter().map(name).collect()
}

fn ids(leased: &[Leased]) -> Vec<EntryId> {
    leased.iter().map(|entry| entry.id).collect()
}
