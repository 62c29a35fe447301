//! Records that can never be handled: parked with their reason, each once, and in nobody's way.

use std::time::Duration;

use krafka::{Kafka, Record};

use crate::consumers::{Running, Shelf, TOPIC, broker, send, until_committed};

#[tokio::test]
async fn poison_is_parked_with_its_reason_and_holds_up_nobody_l4() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "1"), ("a", "poison"), ("a", "2")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 3).await;
    running.stop().await;
    assert_eq!(shelf.handled(), ["1", "2"]);
    assert_eq!(shelf.parking.dump(), [("poison".to_owned(), "it is poison".to_owned())]);
}

/// It comes again with the record before it.
#[tokio::test]
async fn poison_behind_a_record_that_waits_is_parked_once_l4() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "later"), ("a", "poison"), ("a", "1"), ("a", "poison")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.failures() >= 3).await;
    running.kill();
    // Also by another process, which does not know what this one has parked.
    shelf.heal();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 4).await;
    running.stop().await;
    let bodies: Vec<String> = shelf.parking.dump().into_iter().map(|(body, _)| body).collect();
    assert_eq!(bodies, ["poison", "poison"], "two records, each once");
}

#[tokio::test]
async fn a_record_that_is_no_text_is_parked_and_holds_up_nobody_l4() {
    let (broker, cluster) = broker(1).await;
    let kafka = Kafka::builder(broker.bootstrap_servers()).connect().await.unwrap();
    let producer = kafka.producer().linger(Duration::ZERO).build().await.unwrap();
    let no_text = Record::new(TOPIC, b"poison \xff\0 \xc3".to_vec()).key("a");
    let _ = producer.enqueue(no_text).await.unwrap().await.unwrap();
    send(&cluster, TOPIC, &[("a", "1")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 2).await;
    running.stop().await;
    assert_eq!(shelf.handled(), ["1"]);
    let parked = shelf.parking.dump();
    assert_eq!(parked, [("poison \u{fffd}\0 \u{fffd}".to_owned(), "it is poison".to_owned())]);
}
