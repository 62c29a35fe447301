//! L1: records whose retries Lambda used up are published again from the event store, by time window.

use std::{sync::Arc, time::Duration};

use dekigoto::{Host as _, Pointer, Timestamp, relay::Window};
use dekigoto_testkit::Down;

use super::{Outbox, placed};
use crate::support::plenty;

fn window(from: Timestamp, to: Timestamp) -> Window {
    Window { from, to, progress: None }
}

fn millis_after(moment: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis() + millis).unwrap()
}

#[tokio::test]
async fn a_window_includes_its_start_and_excludes_its_end() {
    let (shop, _) = placed(3).await;
    let at = shop.commits()[0].context().at;
    let outbox = Outbox::reliable(&shop);
    for (from, to, count) in [(0, 1, 3), (1, 2, 0), (-1, 0, 0), (0, 0, 0)] {
        let wanted = window(millis_after(at, from), millis_after(at, to));
        let done = outbox.relay.republish(&shop.store, &wanted, plenty).await;
        assert_eq!((done.next, done.stopped), (None, None));
        let pointers = outbox.retry.drain().len();
        assert_eq!((pointers, done.pointers), (count, u64::try_from(count).unwrap()));
    }
}

#[tokio::test]
async fn a_window_longer_than_an_invocation_continues_where_it_stopped() {
    let orders = 20;
    let (shop, _) = placed(orders).await;
    let at = shop.commits()[0].context().at;
    let mut outbox = Outbox::reliable(&shop);
    let mut wanted = window(at, millis_after(at, 1));
    // Each reading of the clock finds 20 s less.
    let mut calls = 0;
    loop {
        let host = dekigoto_testkit::still_host();
        let time_left = || {
            host.advance(Duration::from_secs(20));
            Duration::from_secs(60).saturating_sub(host.monotonic())
        };
        let done = outbox.relay.republish(&shop.store, &wanted, time_left).await;
        calls += 1;
        assert_eq!(done.next.is_none(), done.stopped.is_none(), "{:?}", done.stopped);
        match done.next {
            Some(next) => wanted = next,
            None => break,
        }
    }
    assert!(calls > 1, "one call was enough");
    let mut pointers: Vec<String> = outbox.retry.drain().iter().map(Pointer::text).collect();
    pointers.sort();
    pointers.dedup();
    assert_eq!(pointers.len(), orders);
    // If the retry queue is down, the call stops and returns the reason.
    outbox.relay.retry = Arc::new(Down);
    wanted.progress = None;
    let done = outbox.relay.republish(&shop.store, &wanted, plenty).await;
    assert_eq!((done.pointers, done.next.is_none()), (0, false));
    assert!(done.stopped.unwrap().contains("down"));
}
