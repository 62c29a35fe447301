//! A broker that fails: each of its errors becomes the port's.

use std::time::Duration;

use dekigoto::{Bus as _, Message, Refused, Timestamp};
use dekigoto_kafka::{Cluster, KafkaBus};
use krafka::{
    error::ErrorCode,
    testing::{ApiKey, Control, FakeBroker},
};

use crate::clock;

const TOPIC: &str = "events";

fn messages(bodies: &[&str]) -> Vec<Message> {
    let at = Timestamp::from_millis(1_795_424_400_123).unwrap();
    let message = |body: &&str| Message {
        key: "order-1".to_owned(),
        body: (*body).to_owned(),
        attributes: Vec::new(),
        kind: "OrderPlaced".to_owned(),
        at,
    };
    bodies.iter().map(message).collect()
}

/// A broker with the topic, in one partition.
async fn broker() -> FakeBroker {
    let broker = FakeBroker::start().await.unwrap();
    broker.create_topic(TOPIC, 1);
    broker
}

fn bus(broker: &FakeBroker) -> KafkaBus {
    KafkaBus::new(&Cluster::new(broker.bootstrap_servers()), TOPIC)
}

/// The answers as text: `ok` or the first word of the code, with `!` if the error is permanent.
async fn told(bus: &KafkaBus, bodies: &[&str]) -> Vec<String> {
    let told = |answer: Result<(), Refused>| match answer {
        Ok(()) => "ok".to_owned(),
        Err(refused) => {
            let word = refused.code.split(':').next().unwrap_or_default().to_owned();
            if refused.for_good { word + "!" } else { word }
        }
    };
    bus.send(&messages(bodies)).await.unwrap().into_iter().map(told).collect()
}

fn log(broker: &FakeBroker) -> Vec<String> {
    let records = broker.all_records(TOPIC).unwrap();
    records.iter().map(|it| it.value_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_batch_is_one_request_for_a_partition() {
    let broker = broker().await;
    assert_eq!(told(&bus(&broker), &["1", "2", "3"]).await, ["ok", "ok", "ok"]);
    assert_eq!((broker.request_count(ApiKey::Produce), log(&broker).len()), (1, 3));
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_write_stores_the_records_once_s3() {
    let broker = broker().await;
    broker.on_once(ApiKey::Produce, |_| Control::ApplyThen(Box::new(Control::Disconnect)));
    assert_eq!(told(&bus(&broker), &["1", "2"]).await, ["ok", "ok"]);
    assert_eq!((broker.request_count(ApiKey::Produce), log(&broker)), (2, texts(&["1", "2"])));
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|it| (*it).to_owned()).collect()
}

#[tokio::test]
async fn a_leader_that_moved_is_found_again() {
    let broker = broker().await;
    broker.on_once(ApiKey::Produce, |_| Control::Error(ErrorCode::NotLeaderForPartition));
    assert_eq!(told(&bus(&broker), &["1"]).await, ["ok"]);
    assert_eq!(log(&broker), ["1"]);
}

#[tokio::test]
async fn a_broker_that_answers_late_leaves_the_records_possibly_written_in_time() {
    let broker = broker().await;
    broker.on(ApiKey::Produce, |_| Control::ApplyThen(Box::new(Control::Silence)));
    let began = clock();
    assert_eq!(told(&bus(&broker), &["1", "2"]).await, ["PossiblyWritten", "PossiblyWritten"]);
    assert!(clock() - began < dekigoto::relay::CALL_TIME_MAX, "{:?}", clock() - began);
}

#[tokio::test]
async fn a_partition_whose_leader_is_down_leaves_the_records_certainly_not_written() {
    let broker = FakeBroker::start_cluster(2).await.unwrap();
    broker.create_topic(TOPIC, 1);
    broker.set_leader(TOPIC, 0, 1);
    broker.crash(1);
    let bus = bus(&broker);
    assert_eq!(told(&bus, &["1"]).await, ["NotWritten"]);
    assert_eq!(log(&broker).len(), 0);
    broker.restart(1);
    assert_eq!(told(&bus, &["2"]).await, ["ok"]);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_an_error_of_the_whole_call() {
    let bus = KafkaBus::new(&Cluster::new("127.0.0.1:1"), TOPIC);
    let began = clock();
    let cause = bus.send(&messages(&["1"])).await.unwrap_err().to_string();
    assert!(cause.starts_with("NotWritten: the broker cannot be reached"), "{cause}");
    assert!(clock() - began < dekigoto::relay::CALL_TIME_MAX, "{:?}", clock() - began);
}

#[tokio::test]
async fn a_record_over_the_topics_limit_is_refused_for_good_and_its_neighbours_are_sent_l4() {
    let broker = broker().await;
    // The broker refuses the batch of three, and then one of its parts until that is a single record.
    broker.on_times(ApiKey::Produce, 2, |_| Control::Error(ErrorCode::MessageTooLarge));
    let answers = told(&bus(&broker), &["1", "2", "3"]).await;
    assert_eq!(answers.iter().filter(|it| *it == "TooLarge!").count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|it| *it == "ok").count(), 2, "{answers:?}");
    assert_eq!(log(&broker).len(), 2);
}

#[tokio::test]
async fn a_record_over_the_clients_limit_is_never_sent() {
    let broker = broker().await;
    let large = "x".repeat(dekigoto_kafka::REQUEST_BYTES_MAX);
    assert_eq!(told(&bus(&broker), &["1", &large, "2"]).await, ["ok", "TooLarge!", "ok"]);
    assert_eq!(log(&broker), ["1", "2"]);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_said_soon_and_is_not_the_records_fault() {
    let broker = broker().await;
    let bus = KafkaBus::new(&Cluster::new(broker.bootstrap_servers()), "nowhere");
    let began = clock();
    assert_eq!(told(&bus, &["1", "2", "3"]).await, ["NoTopic", "NoTopic", "NoTopic"]);
    assert!(clock() - began < dekigoto::relay::CALL_TIME_MAX, "{:?}", clock() - began);
    broker.create_topic("nowhere", 1);
    assert_eq!(told(&bus, &["4"]).await, ["ok"]);
}

#[tokio::test]
async fn a_missing_permission_can_still_be_granted() {
    let broker = broker().await;
    broker.on_once(ApiKey::Produce, |_| Control::Error(ErrorCode::TopicAuthorizationFailed));
    let bus = bus(&broker);
    assert_eq!(told(&bus, &["1"]).await, ["NotAllowed"]);
    assert_eq!(told(&bus, &["2"]).await, ["ok"]);
}

#[tokio::test]
async fn a_record_that_the_broker_finds_invalid_is_refused_for_good() {
    let broker = broker().await;
    broker.on_once(ApiKey::Produce, |_| Control::Error(ErrorCode::InvalidRecord));
    assert_eq!(told(&bus(&broker), &["1"]).await, ["InvalidRecord!"]);
}

#[tokio::test]
async fn a_producer_whose_identity_was_taken_is_replaced() {
    let broker = broker().await;
    let bus = bus(&broker);
    assert_eq!(told(&bus, &["1"]).await, ["ok"]);
    broker.on_times(ApiKey::Produce, 1, |_| Control::Error(ErrorCode::ProducerFenced));
    let answers = told(&bus, &["2"]).await;
    assert!(answers == ["Ended"] || answers == ["ok"], "{answers:?}");
    assert_eq!(told(&bus, &["3"]).await, ["ok"]);
}

#[tokio::test]
async fn a_throttled_broker_slows_the_sender_and_loses_nothing() {
    let broker = broker().await;
    broker.set_throttle(ApiKey::Produce, Duration::from_millis(200));
    let bus = bus(&broker);
    for body in ["1", "2", "3"] {
        assert_eq!(told(&bus, &[body]).await, ["ok"]);
    }
    assert_eq!(log(&broker), ["1", "2", "3"]);
}
