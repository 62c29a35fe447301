//! S7, L1: every commit is published to both targets, or its pointer waits in the retry queue.

mod contract;
mod drain;
mod later;
mod outage;
mod refusals;
mod window;

use std::sync::Arc;

use dekigoto::{
    Attribute, Envelope, Message, Pointer, Target,
    batch::Report,
    memory::{MemoryParking, MemoryRetryQueue},
    relay::{Relay, StreamRecord},
};
use dekigoto_testkit::{Down, ScriptedBus, World};
use order_service::service;
use serde_json::json;

use crate::support::{Ask, Shop, delivered, order, payment, plenty};

/// A relay between two buses, with its queues.
struct Outbox {
    topic: Arc<ScriptedBus>,
    bus: Arc<ScriptedBus>,
    retry: MemoryRetryQueue,
    parking: MemoryParking,
    relay: Relay,
}

impl Outbox {
    fn new(shop: &Shop, topic: Arc<ScriptedBus>, bus: Arc<ScriptedBus>) -> Self {
        // Its own queues, so that a test counts only what this relay put there.
        let own = World { store: shop.store.clone(), ..World::default() };
        let relay = own.relay(service().announcements(), topic.clone(), bus.clone());
        let World { retry, parking, .. } = own;
        Self { topic, bus, retry, parking, relay }
    }

    fn reliable(shop: &Shop) -> Self {
        Self::new(shop, ScriptedBus::reliable(), ScriptedBus::reliable())
    }

    /// S15: every record has exactly one outcome.
    async fn take(&self, records: Vec<StreamRecord>) -> Report {
        let (count, records) = (records.len(), delivered(&records));
        let report = self.relay.take_stream(records, plenty).await;
        assert_eq!(report.tally.total(), count);
        assert!(report.failed.len() <= 1, "a stream reports only its first failure");
        assert_eq!(report.failed.is_empty(), report.tally.retried == 0);
        report
    }

    async fn retry(&self, bodies: &[&str]) -> Report {
        let report = self.relay.take_retries(delivered(&strings(bodies)), plenty).await;
        assert_eq!(report.tally.total(), bodies.len());
        report
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Places this many orders. Returns the records of their streams.
async fn placed(count: usize) -> (Shop, Vec<StreamRecord>) {
    let shop = Shop::new();
    for place in 0..count {
        shop.placed(&format!("k{place}")).await;
    }
    let records = records(&shop);
    (shop, records)
}

fn records(shop: &Shop) -> Vec<StreamRecord> {
    shop.commits().into_iter().map(|commit| StreamRecord::Commit(Box::new(commit))).collect()
}

/// A record that is not a commit. It has a pointer if its key can be read.
fn unreadable(pointer: Option<Pointer>) -> StreamRecord {
    let (body, reason) = ("the record".to_owned(), "not a commit".to_owned());
    StreamRecord::Unreadable { pointer, body, reason }
}

fn ids(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| serde_json::from_str::<Envelope>(&message.body).unwrap().aggregate_id)
        .collect()
}

fn all_ids(shop: &Shop) -> Vec<String> {
    shop.events().into_iter().map(|event| event.aggregate_id).collect()
}

/// A bus that refuses every message of this aggregate.
fn refusing(id: &str, for_good: bool) -> Arc<ScriptedBus> {
    let id = id.to_owned();
    ScriptedBus::new(move |_, batch| {
        ScriptedBus::refusing(batch, for_good, |it| it.body.contains(&id))
    })
}

fn down() -> Arc<ScriptedBus> {
    ScriptedBus::new(|_, _| Err("down".into()))
}

#[tokio::test]
async fn a_thousand_events_take_a_hundred_calls_to_each_target() {
    let (shop, records) = placed(1000).await;
    let outbox = Outbox::reliable(&shop);
    assert_eq!(outbox.take(records).await.tally.applied, 1000);
    assert_eq!((outbox.topic.calls().len(), outbox.bus.calls().len()), (100, 100));
    assert_eq!(ids(&outbox.topic.taken()), all_ids(&shop));
}

#[tokio::test]
async fn published_bytes_are_the_stored_bytes_s7() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let outbox = Outbox::reliable(&shop);
    outbox.take(records(&shop)).await;
    for (message, event) in outbox.topic.taken().iter().zip(shop.events()) {
        let mut published = event.clone();
        published.metadata.withhold();
        assert_eq!(serde_json::from_str::<Envelope>(&message.body).unwrap(), published);
        assert!(message.body.contains(event.payload.as_str()));
        let attributes = [
            ("eventType", Attribute::Text(event.event_type.clone())),
            ("aggregateType", Attribute::Text(event.aggregate_type.clone())),
            ("schemaVersion", Attribute::Number(1)),
        ];
        assert_eq!(
            (&*message.attributes, &message.kind, message.at),
            (&attributes[..], &event.event_type, event.occurred_at)
        );
    }
}

#[tokio::test]
async fn only_refused_messages_are_sent_again() {
    let (shop, records) = placed(10).await;
    let all = all_ids(&shop);
    let refused = [all[2].clone(), all[5].clone(), all[9].clone()];
    let first = refused.clone();
    let topic = ScriptedBus::new(move |call, batch| {
        ScriptedBus::refusing(batch, false, |it| {
            call == 0 && first.iter().any(|id| it.body.contains(id))
        })
    });
    let outbox = Outbox::new(&shop, topic, ScriptedBus::reliable());
    assert_eq!(outbox.take(records).await.tally.applied, 10);
    assert_eq!(ids(&outbox.topic.calls()[1]), refused);
    assert_eq!((outbox.topic.calls().len(), outbox.bus.calls().len()), (2, 1));
    assert!(outbox.retry.drain().is_empty() && outbox.parking.dump().is_empty());
}

#[tokio::test]
async fn without_the_retry_queue_a_failed_record_and_all_after_it_are_retried_s15() {
    let (shop, mut records) = placed(5).await;
    records.push(unreadable(None));
    let third = shop.commits()[2].stream().aggregate_id().to_owned();
    let mut outbox = Outbox::new(&shop, refusing(&third, false), ScriptedBus::reliable());
    outbox.relay.retry = Arc::new(Down);
    let report = outbox.take(records.clone()).await;
    assert_eq!(
        (report.failed, report.tally.applied, report.tally.retried),
        (vec!["m2".to_owned()], 2, 4)
    );
    assert!(outbox.parking.dump().is_empty(), "a record after the failure was also handled");
    // With the retry queue up again, nothing fails.
    outbox.relay.retry = Arc::new(outbox.retry.clone());
    assert!(outbox.take(records).await.failed.is_empty());
}

#[tokio::test]
async fn an_unreadable_record_is_parked_and_the_other_records_are_published_l4() {
    let (shop, mut records) = placed(3).await;
    records.insert(1, unreadable(None));
    let mut outbox = Outbox::reliable(&shop);
    let report = outbox.take(records.clone()).await;
    assert_eq!((report.tally.applied, report.tally.parked), (3, 1));
    let [(body, reason)] = &outbox.parking.dump()[..] else { panic!("one is parked") };
    assert_eq!(body, "the record");
    assert!(reason.contains("not a commit") && reason.contains("key is unreadable"), "{reason}");
    assert_eq!(outbox.topic.taken().len(), 3);
    // If parking fails, the record is delivered again.
    outbox.relay.parking = Arc::new(Down);
    assert_eq!(outbox.take(records).await.failed, ["m1"]);
}

#[tokio::test]
async fn an_entry_without_an_answer_is_not_published_s7() {
    let (shop, records) = placed(10).await;
    let forgetful = ScriptedBus::new(|call, _| Ok(vec![Ok(()); if call == 0 { 9 } else { 0 }]));
    let outbox = Outbox::new(&shop, ScriptedBus::reliable(), forgetful);
    outbox.take(records).await;
    assert_eq!(outbox.retry.drain(), [Pointer::to(&shop.commits()[9]).only([Target::Bus])]);
}

#[tokio::test]
async fn a_panic_in_a_bus_fails_its_record_and_the_records_after_it_l4() {
    let (shop, records) = placed(4).await;
    let third = shop.commits()[2].stream().aggregate_id().to_owned();
    let topic = ScriptedBus::new(move |_, batch| {
        assert!(!batch.iter().any(|it| it.body.contains(&third)), "poison");
        Ok(vec![Ok(()); batch.len()])
    });
    let outbox = Outbox::new(&shop, topic, ScriptedBus::reliable());
    let report = outbox.take(records).await;
    assert_eq!(
        (report.failed, report.tally.applied, report.tally.retried),
        (vec!["m2".to_owned()], 2, 2)
    );
    assert_eq!(ids(&outbox.topic.taken()), all_ids(&shop)[..2]);
}

#[tokio::test]
async fn a_valid_trace_context_is_sent_as_an_attribute() {
    let (shop, _) = placed(1).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    // A topic would refuse the whole message for an invalid attribute.
    for (stored, sent) in [(trace, Some(trace)), ("", None), ("garbage\u{7}", None)] {
        let mut item = shop.store.dump().remove(0);
        item.tp = Some(stored.to_owned());
        shop.store.put_raw(item);
        let outbox = Outbox::reliable(&shop);
        outbox.take(records(&shop)).await;
        let message = outbox.topic.taken().remove(0);
        let attribute = message.attributes.iter().find(|(name, _)| *name == "traceparent");
        let expected = sent.map(|text| ("traceparent", Attribute::Text(text.to_owned())));
        assert_eq!(attribute, expected.as_ref(), "{stored:?}");
    }
}

#[tokio::test]
async fn an_empty_batch_makes_no_calls() {
    let (shop, _) = placed(0).await;
    let outbox = Outbox::reliable(&shop);
    assert_eq!(outbox.take(Vec::new()).await, Report::default());
    assert_eq!(outbox.retry(&[]).await, Report::default());
    assert!(outbox.topic.calls().is_empty());
}

#[tokio::test]
async fn a_refused_command_is_never_published_s4() {
    let shop = Shop::new();
    let heard = Arc::new(std::sync::Mutex::new(0));
    let counter = Arc::clone(&heard);
    shop.store.on_commit(move |_| *counter.lock().unwrap() += 1);
    let mut bad = order();
    bad["items"] = json!([]);
    shop.refuses(Ask::post("/v1/orders", &bad), 422, "invalid-order").await;
    shop.placed("k").await;
    shop.placed("k").await;
    assert_eq!(*heard.lock().unwrap(), 1);
}
