//! Commits that are published later from pointers in the retry queue, and invocations that run out of time.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Host as _, Message, Pointer, Refused, RetryQueue, Source, Target,
    memory::{ManualHost, MemoryRetryQueue},
};
use dekigoto_testkit::{Down, ScriptedBus, still_host};

use super::{Outbox, down, placed, strings, unreadable};
use crate::support::{Shop, delivered, on_account, payment};

#[tokio::test]
async fn a_pointer_publishes_the_stored_commit() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "confirm", &on_account()).await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let outbox = Outbox::reliable(&shop);
    for (commit, event) in shop.commits().iter().zip(shop.events()) {
        assert_eq!(outbox.retry(&[&Pointer::to(commit).text()]).await.tally.applied, 1);
        assert_eq!(outbox.topic.taken().pop().unwrap(), Message::of(&event));
    }
    assert_eq!(outbox.bus.taken().len(), 3);
}

#[tokio::test]
async fn an_invalid_or_dangling_pointer_is_parked_with_its_reason_l4() {
    let (shop, _) = placed(1).await;
    let there = Pointer::to(&shop.commits()[0]);
    let beyond = there.text().replace("\"ordinal\":1", "\"ordinal\":2");
    let nobody = r#"{"stream":{"aggregateType":"Order","aggregateId":"x"},"ordinal":1}"#;
    let outbox = Outbox::reliable(&shop);
    let bodies = [
        "not json",
        "{}",
        &beyond,
        nobody,
        r#"{"stream":{"aggregateType":"Order","aggregateId":""},"ordinal":1}"#,
        r#"{"stream":{"aggregateType":"Order","aggregateId":"x"},"ordinal":0}"#,
        r#"{"stream":{"aggregateType":"Order","aggregateId":"x"},"ordinal":1,"targets":[]}"#,
        r#"{"stream":{"aggregateType":"Order","aggregateId":"x"},"ordinal":1,"targets":["moon"]}"#,
        &there.text(),
    ];
    let report = outbox.retry(&bodies).await;
    assert_eq!((report.tally.parked, report.tally.applied), (8, 1));
    let mut parked: Vec<String> = outbox.parking.dump().into_iter().map(|(body, _)| body).collect();
    let mut expected = strings(&bodies[..8]);
    parked.sort();
    expected.sort();
    assert_eq!(parked, expected);
    assert!(outbox.parking.dump().iter().all(|(_, reason)| !reason.is_empty()));
}

#[tokio::test]
async fn a_pointer_is_retried_during_an_outage() {
    let (shop, _) = placed(1).await;
    let pointer = Pointer::to(&shop.commits()[0]);
    let mut store_down = Outbox::reliable(&shop);
    store_down.relay.store = Arc::new(Down);
    for (outbox, targets) in [
        (store_down, &[Target::Topic, Target::Bus][..]),
        (Outbox::new(&shop, down(), down()), &[Target::Topic, Target::Bus]),
        (Outbox::new(&shop, down(), ScriptedBus::reliable()), &[Target::Topic]),
        (Outbox::new(&shop, ScriptedBus::reliable(), down()), &[Target::Bus]),
    ] {
        let body = pointer.only(targets.iter().copied()).text();
        assert_eq!(outbox.retry(&[&body]).await.failed, ["m0"]);
        assert!(outbox.retry.drain().is_empty() && outbox.parking.dump().is_empty());
    }
    let mut no_parking = Outbox::reliable(&shop);
    no_parking.relay.parking = Arc::new(Down);
    assert_eq!(no_parking.retry(&["not json", &pointer.text()]).await.failed, ["m0"]);
}

#[tokio::test]
async fn a_parked_stream_record_is_published_by_a_redrive_after_the_fix_l5() {
    let (shop, _) = placed(1).await;
    let (whole, pointer) = (shop.store.dump().remove(0), Pointer::to(&shop.commits()[0]));
    let outbox = Outbox::reliable(&shop);
    assert_eq!(outbox.take(vec![unreadable(Some(pointer.clone()))]).await.tally.parked, 1);
    assert_eq!(outbox.parking.dump(), [(pointer.text(), "not a commit".to_owned())]);
    // A redrive before the fix parks it again, with the reason.
    let mut broken = whole.clone();
    broken.ev = "secret".to_owned();
    shop.store.put_raw(broken);
    assert_eq!(outbox.retry(&[&pointer.text()]).await.tally.parked, 1);
    let (body, reason) = outbox.parking.dump().pop().unwrap();
    assert_eq!(body, pointer.text());
    assert!(!reason.contains("secret") && reason.contains("Order#"), "{reason}");
    shop.store.put_raw(whole);
    assert_eq!(outbox.retry(&[&body]).await.tally.applied, 1);
    assert_eq!((outbox.topic.taken().len(), outbox.bus.taken().len()), (1, 1));
}

#[tokio::test]
async fn without_time_nothing_starts_and_every_record_is_retried() {
    let (shop, records) = placed(3).await;
    let outbox = Outbox::reliable(&shop);
    let report = outbox.relay.take_stream(delivered(&records), || Duration::from_millis(499)).await;
    assert_eq!((report.failed, report.tally.retried), (vec!["m0".to_owned()], 3));
    let bodies = strings(&["a", "b"]);
    let report = outbox.relay.take_retries(delivered(&bodies), || Duration::ZERO).await;
    assert_eq!(report.failed, ["m0", "m1"]);
    assert!(outbox.topic.calls().is_empty() && outbox.parking.dump().is_empty());
}

/// A bus whose calls each take five seconds, and then succeed or fail.
fn slow(host: &ManualHost, takes: bool) -> Arc<ScriptedBus> {
    let clock = host.clone();
    ScriptedBus::new(move |_, batch| {
        futures_util::FutureExt::now_or_never(clock.sleep(Duration::from_secs(5)));
        if takes { Ok(vec![Ok(()); batch.len()]) } else { Err("timed out".into()) }
    })
}

/// A retry queue that takes 20 ms for each call.
struct SlowQueue(MemoryRetryQueue, ManualHost);

#[async_trait::async_trait]
impl RetryQueue for SlowQueue {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.1.sleep(Duration::from_millis(20)).await;
        self.0.put(pointers).await
    }
}

#[tokio::test]
async fn a_hanging_target_leaves_time_to_put_every_pointer_l1() {
    for takes in [true, false] {
        let (shop, records) = placed(100).await;
        let host = still_host();
        let mut outbox = Outbox::new(&shop, slow(&host, takes), ScriptedBus::reliable());
        outbox.relay.host = Arc::new(host.clone());
        outbox.relay.retry = Arc::new(SlowQueue(outbox.retry.clone(), host.clone()));
        let time_left = || Duration::from_secs(60).saturating_sub(host.monotonic());
        let report = outbox.relay.take_stream(delivered(&records), time_left).await;
        assert!(time_left() > Duration::ZERO, "Lambda ended the invocation");
        assert!(report.failed.is_empty(), "{:?}", report.tally);
        let published = outbox.topic.taken().len();
        assert_eq!((published + outbox.retry.drain().len(), published > 0), (100, takes));
    }
}

#[tokio::test]
async fn records_are_retried_when_no_time_is_left_to_put_their_pointers_l6() {
    let (shop, records) = placed(10).await;
    let host = still_host();
    let mut outbox = Outbox::new(&shop, slow(&host, false), ScriptedBus::reliable());
    outbox.relay.host = Arc::new(host.clone());
    let time_left = || Duration::from_millis(5_300).saturating_sub(host.monotonic());
    let report = outbox.relay.take_stream(delivered(&records), time_left).await;
    assert_eq!((report.failed, report.tally.retried), (vec!["m0".to_owned()], 10));
    assert!(outbox.retry.drain().is_empty());
}

#[tokio::test]
async fn a_pointer_to_a_missing_commit_does_not_publish_the_next_one_s7() {
    let (whole, damaged) = (Shop::new(), Shop::new());
    let id = whole.placed("k").await;
    whole.does(&id, "confirm", &on_account()).await;
    damaged.store.put_raw(whole.store.dump().remove(1));
    let outbox = Outbox::reliable(&damaged);
    let report = outbox.retry(&[&Pointer::to(&whole.commits()[0]).text()]).await;
    assert_eq!((report.tally.parked, outbox.topic.taken().len()), (1, 0));
}
