//! L4, S12: a commit that a target refuses for good is parked for that target. An event that only newer code
//! understands waits for the deployment.

use std::sync::Arc;

use dekigoto::{Pointer, Target};
use dekigoto_testkit::ScriptedBus;

use super::{Outbox, down, placed, records, refusing};
use crate::support::Shop;

#[tokio::test]
async fn a_commit_that_a_target_refuses_for_good_is_parked_at_once_l4() {
    let (shop, records) = placed(3).await;
    let second = &shop.commits()[1];
    let outbox =
        Outbox::new(&shop, refusing(second.stream().aggregate_id(), true), ScriptedBus::reliable());
    let report = outbox.take(records).await;
    assert_eq!((report.tally.applied, report.tally.parked), (2, 1));
    let parked = outbox.parking.dump();
    assert_eq!(parked[0].0, Pointer::to(second).only([Target::Topic]).text());
    assert!(parked[0].1.contains("NotToday"), "{parked:?}");
    assert_eq!((outbox.topic.calls().len(), outbox.retry.drain().len()), (1, 0));
}

/// Places two orders and stores one as newer code would: its event has another name or schema version.
async fn of_newer_code(from: &str, to: &str) -> Shop {
    let (shop, _) = placed(2).await;
    let mut item = shop.store.dump().remove(0);
    item.ev = item.ev.replace(from, to);
    shop.store.put_raw(item);
    shop
}

#[tokio::test]
async fn an_event_of_newer_code_reaches_the_topic_and_waits_for_the_bus_s12() {
    for (from, to) in [("\"s\":1", "\"s\":99"), ("OrderPlaced", "OrderReserved")] {
        let shop = of_newer_code(from, to).await;
        let outbox = Outbox::reliable(&shop);
        assert_eq!(outbox.take(records(&shop)).await.tally.applied, 2);
        assert_eq!((outbox.topic.taken().len(), outbox.bus.taken().len()), (2, 1));
        let pointer = Pointer::to(&shop.commits()[0]).only([Target::Bus]);
        assert_eq!(outbox.retry.drain(), std::slice::from_ref(&pointer));
        // During the deployment the pointer stays in the queue, and no target gets the event again.
        for _ in 0..20 {
            assert_eq!(outbox.retry(&[&pointer.text()]).await.failed, ["m0"]);
        }
        assert!(outbox.retry.drain().is_empty() && outbox.parking.dump().is_empty());
        assert_eq!((outbox.topic.taken().len(), outbox.bus.taken().len()), (2, 1));
        // L5: after the deployment, the new code announces it.
        let mut item = shop.store.dump().remove(0);
        item.ev = item.ev.replace(to, from);
        shop.store.put_raw(item);
        assert_eq!(outbox.retry(&[&pointer.text()]).await.tally.applied, 1);
        assert_eq!((outbox.topic.taken().len(), outbox.bus.taken().len()), (2, 2));
    }
}

#[tokio::test]
async fn an_aggregate_of_newer_code_also_waits_s12() {
    let (shop, _) = placed(1).await;
    let mut item = shop.store.dump().remove(0);
    item.pk = item.pk.replace("Order#", "Return#");
    shop.store.put_raw(item);
    let outbox = Outbox::reliable(&shop);
    outbox.take(records(&shop)).await;
    let waiting = outbox.retry.drain();
    assert_eq!((waiting.len(), outbox.parking.dump().len()), (1, 0));
    assert_eq!(waiting[0].targets, [Target::Bus].into());
}

#[tokio::test]
async fn an_event_that_does_not_match_its_schema_is_parked_for_the_bus_l4() {
    let shop = of_newer_code("currency", "currant").await;
    let outbox = Outbox::reliable(&shop);
    assert_eq!(outbox.take(records(&shop)).await.tally.parked, 1);
    let [(body, reason)] = &outbox.parking.dump()[..] else { panic!("one is parked") };
    assert_eq!(*body, Pointer::to(&shop.commits()[0]).only([Target::Bus]).text());
    assert!(reason.contains("bus") && reason.contains("does not match its schema"), "{reason}");
    assert_eq!((outbox.topic.taken().len(), outbox.bus.taken().len()), (2, 1));
}

#[tokio::test]
async fn a_permanent_refusal_by_one_target_does_not_stop_retries_at_the_other_l1() {
    for (refuser, other) in [(Target::Topic, Target::Bus), (Target::Bus, Target::Topic)] {
        let (shop, records) = placed(1).await;
        let between = |refuses: Arc<ScriptedBus>, other: Arc<ScriptedBus>| match refuser {
            Target::Topic => Outbox::new(&shop, refuses, other),
            Target::Bus => Outbox::new(&shop, other, refuses),
        };
        let outbox = between(refusing("", true), down());
        outbox.take(records).await;
        // Each target is retried on its own: the refusal is parked, and the outage waits in the retry queue.
        let pointer = Pointer::to(&shop.commits()[0]);
        assert_eq!(outbox.retry.drain(), [pointer.only([other])]);
        let [(body, reason)] = &outbox.parking.dump()[..] else { panic!("one is parked") };
        assert_eq!(*body, pointer.only([refuser]).text());
        assert!(reason.contains("NotToday"), "{reason}");
        let up = ScriptedBus::reliable();
        let outbox = between(refusing("", true), Arc::clone(&up));
        assert_eq!(outbox.retry(&[&pointer.only([other]).text()]).await.tally.applied, 1);
        assert_eq!((up.taken().len(), outbox.parking.dump().len()), (1, 0));
    }
}
