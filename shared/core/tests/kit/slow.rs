//! A batch on a slow store ends in time, and the messages that it could not handle are delivered again. In virtual
//! time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use dekigoto::{
    Envelope, Host as _, Message, Ports, RowKey,
    batch::{Delivered, Outcome, Report, TIME_TO_STOP, take_queue},
    memory::{MemoryDeadlineQueue, MemoryParking},
    policies::Ticker,
    views::{Across, AcrossView, AnyView, Fold, Projector, Single, SingleView, View},
};
use dekigoto_testkit::{SlowStore, SlowViews, VirtualHost};

use crate::support::{Entry, Faulty, Log};

/// The time-out in the template.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Counts the events of a stream.
struct Count;

impl View for Count {
    type Row = u64;
    type Folds = (Log,);

    const NAME: &'static str = "count";
}

impl Fold<Log> for Count {
    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl SingleView for Count {}

/// Counts the events of all streams.
struct Sum;

impl View for Sum {
    type Row = u64;
    type Folds = (Log,);

    const NAME: &'static str = "sum";
}

impl Fold<Log> for Sum {
    fn row_key(_: &Entry<false>, _: &Envelope) -> Option<RowKey> {
        Some(RowKey::new("sum", "row"))
    }

    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl AcrossView for Sum {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

/// A hundred messages of a hundred streams, by message id.
async fn hundred(world: &Faulty) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    for place in 0..100 {
        let event = world.added(&format!("s{place}"), 1).await.remove(0);
        messages.insert(format!("m{place}"), Message::of(&event).body);
    }
    messages
}

/// Runs one invocation of the view in which each call to a table takes `each`. Returns how long it took.
fn invoke<V: AnyView + Default + 'static>(
    world: &Faulty,
    host: &VirtualHost,
    messages: &BTreeMap<String, String>,
    each: Duration,
) -> (Report, Duration) {
    let views = SlowViews::new(Arc::new(world.rows.clone()), host.clone(), each);
    let store = SlowStore::new(Arc::new(world.store.clone()), host.clone(), each);
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(host.clone()) };
    let projector = Projector::new::<V>(ports, Arc::new(MemoryParking::default()));
    let batch = messages.iter();
    let batch = batch.map(|(id, body)| Delivered { id: id.clone(), record: body.clone() });
    let started = host.monotonic();
    let time_left = || TIMEOUT.saturating_sub(host.monotonic() - started);
    host.run(projector.take(batch.collect(), time_left))
}

#[tokio::test]
async fn a_hundred_messages_of_a_hundred_streams_at_ten_milliseconds_a_call_take_a_fifth_of_a_second()
 {
    let each = Duration::from_millis(10);
    let world = Faulty::new([]);
    let messages = hundred(&world).await;
    let of_rows = invoke::<Single<Count>>(&world, &VirtualHost::default(), &messages, each);
    let in_sum = invoke::<Across<Sum>>(&world, &VirtualHost::default(), &messages, each);
    for (kind, calls, (report, took)) in [("rows", 300, of_rows), ("one sum", 104, in_sum)] {
        assert_eq!(report.tally.applied, 100, "{kind}: {:?}", report.reasons);
        let one_by_one = each * calls;
        println!("{kind}: {calls} calls: {took:?}, in sequence {one_by_one:?}");
        assert!(took <= Duration::from_millis(200), "{kind}: {took:?}");
    }
}

#[tokio::test]
async fn a_slow_view_table_dead_letters_no_healthy_message_l4() {
    // An invocation has time for three calls in a row: the generations, the row, and the write. The AWS client gives a call
    // up after five seconds.
    for millis in [50, 160, 300, 1_300, 1_900, 5_000, 9_500] {
        let (world, host) = (Faulty::new([]), VirtualHost::default());
        let mut left = hundred(&world).await;
        for _ in 0..100 {
            let (report, took) =
                invoke::<Single<Count>>(&world, &host, &left, Duration::from_millis(millis));
            assert!(took <= TIMEOUT - TIME_TO_STOP, "{millis} ms a call: {took:?}");
            assert_eq!(report.tally.total(), left.len());
            left.retain(|id, _| report.failed.contains(id));
        }
        assert_eq!(left.len(), 0, "{millis} ms a call: healthy messages ran out of deliveries");
        assert_eq!(world.rows.dump().len(), 100);
    }
}

#[tokio::test]
async fn a_hanging_step_is_reported_in_time_and_the_other_steps_complete_l4() {
    let host = VirtualHost::default();
    let time_left = || TIMEOUT.saturating_sub(host.monotonic());
    let step = |group: Vec<i32>| {
        let host = host.clone();
        async move {
            if group == [-1] {
                std::future::pending::<()>().await;
            }
            host.sleep(Duration::from_secs(1)).await;
            vec![Outcome::Applied]
        }
    };
    let batch = (-1..40).map(|record| Delivered { id: format!("m{record}"), record });
    let (report, took) =
        host.run(take_queue(&host, batch.collect(), |record| *record, time_left, step));
    assert_eq!(took, TIMEOUT - TIME_TO_STOP);
    assert_eq!((report.failed, report.tally.applied), (vec!["m-1".to_owned()], 40));
}

#[test]
fn a_tick_on_a_slow_view_table_ends_in_time_and_says_what_it_did_not_list_s16() {
    let world = Faulty::new([]);
    for (millis, is_complete) in [(50, true), (2_000, true), (4_900, false), (5_000, false)] {
        let (host, each) = (VirtualHost::default(), Duration::from_millis(millis));
        let views = Arc::new(SlowViews::new(Arc::new(world.rows.clone()), host.clone(), each));
        let queue = Arc::new(MemoryDeadlineQueue::default());
        let ticker = Ticker { policy: "closing", views, queue, host: Arc::new(host.clone()) };
        let clock = host.clone();
        let (ticked, took) = host.run(ticker.tick(|| TIMEOUT.saturating_sub(clock.monotonic())));
        assert!(took < TIMEOUT, "{millis} ms a list: {took:?}");
        assert_eq!(ticked.is_complete(), is_complete, "{millis} ms a list: {ticked:?}");
    }
}
