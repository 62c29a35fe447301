//! A row always equals the fold of the events up to its watermark (s8).

use std::sync::Arc;

use dekigoto::{
    Envelope, Ports, RowKey, StoredCommit, ViewStore as _,
    batch::Outcome,
    memory::MemoryStore,
    views::{AnyView as _, Fold, Marked, Single, SingleView, View, WRITES_MAX},
};
use dekigoto_testkit::{Down, ViewFault, still_host};
use proptest::{prelude::*, sample::subsequence};

use crate::{
    support::{Entry, Faulty, Log},
    views::Versions,
};

fn key(id: &str) -> RowKey {
    RowKey::only("versions", id)
}

async fn project(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    let outcomes = Single::<Versions>::default().project(&world.ports(), &key("s"), events).await;
    row(world).await;
    outcomes
}

/// The row's watermark. Checks that the row holds exactly the versions up to it.
async fn row(world: &Faulty) -> u64 {
    let Some(row) = world.rows.read(&[key("s")]).await.unwrap().pop().flatten() else { return 0 };
    let row: Marked<Vec<u64>> = row.body.read().unwrap();
    let mark = row.watermarks["Tally"];
    assert_eq!(row.row, (1..=mark).collect::<Vec<_>>(), "the row is not the fold of its events");
    mark
}

fn is_retry(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Retry(_)))
}

#[tokio::test]
async fn ten_events_of_one_stream_take_one_read_of_each_store_and_one_write_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 10).await;
    assert_eq!(project(&world, &events).await, vec![Outcome::Applied; 10]);
    assert_eq!(world.views.take(), (1, 1));
    assert_eq!(world.counted.take(), (0, 1, 10));
    assert_eq!(row(&world).await, 10);
}

#[tokio::test]
async fn a_duplicate_costs_a_read_and_no_write_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    project(&world, &events).await;
    assert_eq!(project(&world, &events).await, vec![Outcome::Duplicate; 3]);
    assert_eq!(world.views.take(), (2, 1), "one more read, no more writes");
}

#[tokio::test]
async fn outcomes_are_in_the_order_of_delivery_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    project(&world, &events[..1]).await;
    let mixed = [events[2].clone(), events[0].clone(), events[1].clone()];
    let expected = [Outcome::Applied, Outcome::Duplicate, Outcome::Applied];
    assert_eq!(project(&world, &mixed).await, expected);
}

#[tokio::test]
async fn events_of_lost_messages_are_read_from_the_store_l2() {
    let world = Faulty::new([]);
    let events = world.added("s", 5).await;
    assert_eq!(project(&world, &events[4..]).await, [Outcome::Applied]);
    assert_eq!(row(&world).await, 5);
    assert_eq!(project(&world, &events[..4]).await, vec![Outcome::Duplicate; 4]);
}

#[tokio::test]
async fn a_gap_too_long_for_one_delivery_is_closed_by_later_ones_l2() {
    let world = Faulty::new([]);
    let newest = world.added("s", 2300).await.pop().unwrap();
    let mut before = 0;
    for _ in 0..3 {
        project(&world, std::slice::from_ref(&newest)).await;
        assert!(row(&world).await > before, "a delivery made no progress");
        before = row(&world).await;
    }
    assert_eq!(before, 2300);
}

#[tokio::test]
async fn messages_are_retried_while_the_store_is_down() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    let ports = Ports { store: Arc::new(Down), ..world.ports() };
    for events in [&events[..1], &events[2..]] {
        let outcomes = Single::<Versions>::default().project(&ports, &key("s"), events).await;
        assert!(is_retry(&outcomes));
    }
    assert_eq!(row(&world).await, 0);
}

#[tokio::test]
async fn a_gap_in_a_corrupt_history_is_parked_with_its_reason_l4() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    let damaged = MemoryStore::new();
    for item in world.store.dump() {
        damaged.put_raw(StoredCommit { ev: "[]".to_owned(), ..item });
    }
    let ports = Ports { store: Arc::new(damaged), ..world.ports() };
    let outcomes = Single::<Versions>::default().project(&ports, &key("s"), &events[2..]).await;
    assert!(matches!(&outcomes[..], [Outcome::Parked(why)] if why.contains("no events")));
    assert_eq!(row(&world).await, 0);
}

#[tokio::test]
async fn every_message_is_retried_while_the_view_store_is_down() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    let ports = Ports { views: Arc::new(Down), ..world.ports() };
    assert!(is_retry(&Single::<Versions>::default().project(&ports, &key("s"), &events).await));
}

#[tokio::test]
async fn a_conflict_reads_the_row_and_folds_again_s8() {
    let world = Faulty::new([ViewFault::Conflicts, ViewFault::Conflicts]);
    let events = world.added("s", 3).await;
    assert_eq!(project(&world, &events).await, vec![Outcome::Applied; 3]);
    assert_eq!(world.views.take(), (3, 3));
}

#[tokio::test]
async fn a_row_that_always_conflicts_is_retried_s16() {
    let always = std::iter::repeat_n(ViewFault::Conflicts, 1000);
    let world = Faulty::new(always);
    let host = Arc::new(still_host());
    let ports = Ports { host: host.clone(), ..world.ports() };
    let events = world.added("s", 2).await;
    assert!(is_retry(&Single::<Versions>::default().project(&ports, &key("s"), &events).await));
    assert_eq!(world.views.take().1, usize::try_from(WRITES_MAX).unwrap());
    assert!(host.slept() > std::time::Duration::ZERO, "repeated without waiting");
}

#[tokio::test]
async fn a_row_and_its_watermark_are_written_together_when_replies_are_lost_s8() {
    for (fault, reached) in [(ViewFault::LosesReply, 3), (ViewFault::LosesRequest, 0)] {
        let world = Faulty::new([fault]);
        let events = world.added("s", 3).await;
        assert!(is_retry(&project(&world, &events).await), "{fault:?}");
        assert_eq!(row(&world).await, reached, "{fault:?}");
        let again = project(&world, &events).await;
        let expected = if reached == 3 { Outcome::Duplicate } else { Outcome::Applied };
        assert_eq!(again, vec![expected; 3], "{fault:?}");
        assert_eq!(row(&world).await, 3, "{fault:?}");
    }
}

#[tokio::test]
async fn two_racing_projectors_converge_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 8).await;
    let (one, other) = (world.ports(), world.ports());
    let (one, other) = futures_util::future::join(
        Single::<Versions>::default().project(&one, &key("s"), &events[..5]),
        Single::<Versions>::default().project(&other, &key("s"), &events[3..]),
    )
    .await;
    assert!(!is_retry(&one) && !is_retry(&other));
    assert_eq!(row(&world).await, 8);
    assert!(world.views.take().1 > 2, "they did not race");
}

#[tokio::test]
async fn an_event_of_newer_code_and_the_events_after_it_are_retried_s12() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["Added", "Renamed", "Added", "Added"]).await;
    let outcomes = project(&world, &events[..2]).await;
    assert_eq!(outcomes[0], Outcome::Applied);
    let Outcome::Retry(reason) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert!(reason.contains("version 2") && reason.contains("Renamed"), "{reason}");
    assert!(is_retry(&project(&world, &events[2..]).await));
    assert_eq!(row(&world).await, 1, "no event is applied before the one that waits");
    // After the deployment, new code applies the waiting events.
    Single::<Versions<true>>::default().project(&world.ports(), &key("s"), &events[1..]).await;
    assert_eq!(row(&world).await, 4);
}

#[tokio::test]
async fn a_redrive_after_the_fix_gives_the_row_of_a_run_without_failure_l5() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["Added", "Renamed", "Added", "Added"]).await;
    project(&world, &events).await;
    for redriven in [&events[3..], &events[1..2], &events[2..3], &events[3..]] {
        Single::<Versions<true>>::default().project(&world.ports(), &key("s"), redriven).await;
    }
    assert_eq!(row(&world).await, 4);
}

#[tokio::test]
async fn a_gap_is_closed_up_to_the_unknown_event_l2() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["Added", "Added", "Renamed", "Added"]).await;
    assert!(is_retry(&project(&world, &events[3..]).await));
    assert_eq!(row(&world).await, 2, "the known events are in the row");
}

/// A view whose row key names an owner, taken from the event.
struct Owned;

impl View for Owned {
    type Row = u64;
    type Folds = (Log<true>,);

    const NAME: &'static str = "owned";
}

impl Fold<Log<true>> for Owned {
    fn row_key(entry: &Entry<true>, _: &Envelope) -> Option<RowKey> {
        Some(owned_by(&entry.name))
    }

    fn fold(row: &mut u64, _: &Entry<true>, envelope: &Envelope) {
        *row = envelope.version.get();
    }
}

impl SingleView for Owned {}

fn owned_by(owner: &str) -> RowKey {
    RowKey::new("owned#s", owner)
}

#[tokio::test]
async fn a_message_cannot_copy_a_stream_into_another_owners_row_s14() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "bob", "ann"]).await;
    // The message names bob; the earlier events, read from the store, name ann.
    let outcomes =
        Single::<Owned>::default().project(&world.ports(), &owned_by("bob"), &events[1..2]).await;
    assert_eq!(outcomes, [Outcome::Parked("version 1 belongs to another row".to_owned())]);
    assert_eq!(world.rows.dump(), []);
    // Ann's row does not take bob's event either, and no later event is applied.
    let outcomes =
        Single::<Owned>::default().project(&world.ports(), &owned_by("ann"), &events[2..]).await;
    assert_eq!(outcomes, [Outcome::Parked("version 2 belongs to another row".to_owned())]);
    let keys: Vec<RowKey> = world.rows.dump().into_iter().map(|row| row.key).collect();
    assert_eq!(keys, [owned_by("ann")]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Messages are lost, duplicated, reordered and batched in any way.
    #[test]
    fn any_delivery_keeps_the_row_equal_to_the_fold_s8(
        delivered in subsequence((0..12_usize).collect::<Vec<_>>(), 1..=12),
        again in prop::collection::vec(0..12_usize, 0..12),
        order in any::<u64>(),
        batch in 1..6_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = Faulty::new([ViewFault::LosesReply]);
            let events = world.added("s", 12).await;
            let mut places = delivered.clone();
            places.extend(again);
            places.sort_by_key(|place| order.rotate_left(u32::try_from(*place * 5).unwrap()) % 31);
            let messages: Vec<Envelope> = places.iter().map(|place| events[*place].clone()).collect();
            for messages in messages.chunks(batch) {
                let outcomes = project(&world, messages).await;
                if is_retry(&outcomes) {
                    project(&world, messages).await;
                }
            }
            let newest = places.iter().max().unwrap() + 1;
            assert_eq!(row(&world).await, u64::try_from(newest).unwrap());
        });
    }
}
