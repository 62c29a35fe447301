//! Views across aggregates count each event once, whatever the delivery.

use dekigoto::{
    Envelope,
    batch::Outcome,
    views::{Across, AnyView as _},
};
use dekigoto_testkit::ViewFault;
use proptest::prelude::*;

use crate::{
    support::Faulty,
    views::{Total, total_key as key},
};

async fn count(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    Across::<Total>::default().project(&world.ports(), &key(), events).await
}

async fn total(world: &Faulty) -> u64 {
    Across::<Total>::read(&world.rows, &key()).await.unwrap().unwrap_or(0)
}

#[tokio::test]
async fn a_batch_from_many_streams_takes_one_read_and_one_write() {
    let world = Faulty::new([]);
    let mut events = world.added("a", 4).await;
    events.extend(world.added("b", 3).await);
    assert_eq!(count(&world, &events).await, vec![Outcome::Applied; 7]);
    assert_eq!((world.views.take(), total(&world).await), ((1, 1), 7));
    assert_eq!(world.rows.dump().len(), 3, "the row, and a record of each stream");
}

#[tokio::test]
async fn an_event_that_is_twice_in_a_batch_is_counted_once_s15() {
    let world = Faulty::new([]);
    let event = world.added("a", 1).await.remove(0);
    let outcomes = count(&world, &[event.clone(), event]).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Duplicate]);
    assert_eq!(total(&world).await, 1);
}

#[tokio::test]
async fn an_event_is_counted_once_when_replies_are_lost() {
    for fault in [ViewFault::LosesReply, ViewFault::LosesRequest, ViewFault::Conflicts] {
        let world = Faulty::new([fault]);
        let events = world.added("a", 3).await;
        count(&world, &events).await;
        count(&world, &events).await;
        assert_eq!(total(&world).await, 3, "{fault:?}");
    }
}

#[tokio::test]
async fn two_racing_projectors_count_each_event_once() {
    let world = Faulty::new([]);
    let events = world.added("a", 6).await;
    let (one, other) =
        futures_util::future::join(count(&world, &events[..4]), count(&world, &events[2..])).await;
    let applied = [one, other].concat().iter().filter(|it| **it == Outcome::Applied).count();
    assert_eq!((applied, total(&world).await), (6, 6));
    assert!(world.views.take().1 > 2, "they did not race");
}

#[tokio::test]
async fn an_event_of_newer_code_is_retried_and_the_rest_of_the_batch_is_counted_s12() {
    let world = Faulty::new([]);
    let events = world.stream("a", &["Added", "Renamed", "Added"]).await;
    let outcomes = count(&world, &events).await;
    assert!(matches!(&outcomes[1], Outcome::Retry(reason) if reason.contains("Renamed")));
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Applied, &Outcome::Applied));
    assert_eq!(total(&world).await, 2, "a waiting event does not change the row");
    // After the deployment it is delivered again, twice.
    for _ in 0..2 {
        Across::<Total<true>>::default().project(&world.ports(), &key(), &events[1..2]).await;
    }
    assert_eq!(total(&world).await, 3);
}

#[tokio::test]
async fn a_batch_of_more_streams_than_a_transaction_holds_is_split_s16() {
    let world = Faulty::new([]);
    let mut events = Vec::new();
    for stream in 0..250 {
        events.extend(world.added(&format!("s{stream}"), 1).await);
    }
    assert_eq!(count(&world, &events).await, vec![Outcome::Applied; 250]);
    assert_eq!(total(&world).await, 250);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_event_up_to_the_newest_delivered_one_is_counted_once_under_any_delivery(
        deliveries in prop::collection::vec((0..3_usize, 0..4_usize), 0..40),
        batch in 1..8_usize,
        lost in 0..4_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = Faulty::new(vec![ViewFault::LosesReply; lost]);
            let mut streams = Vec::new();
            for id in ["a", "b", "c"] {
                streams.push(world.added(id, 4).await);
            }
            let messages: Vec<Envelope> =
                deliveries.iter().map(|(stream, place)| streams[*stream][*place].clone()).collect();
            for messages in messages.chunks(batch) {
                while count(&world, messages).await.iter().any(|it| matches!(it, Outcome::Retry(_))) {}
            }
            // Events before the newest one that was delivered are counted from the store.
            let counted = |id: usize| {
                let places = deliveries.iter().filter(|(stream, _)| *stream == id);
                places.map(|(_, place)| place + 1).max().unwrap_or(0)
            };
            let expected = (0..3).map(counted).sum::<usize>();
            assert_eq!(total(&world).await, u64::try_from(expected).unwrap());
        });
    }
}
