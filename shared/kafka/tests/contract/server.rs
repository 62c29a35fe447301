//! The same on the broker that `KAFKA_BROKERS` names. `make platforms` starts one.

use dekigoto_kafka::Cluster;
use dekigoto_testkit::{RelaySubject, bus_contract, memory_outbox, relay_contract};

use crate::{
    broker::{Topic, fresh_name},
    consumers::{Running, Shelf, send},
};

#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the environment names the broker, and a test fails by panicking"
)]
fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS names a broker: make platforms starts one")
}

#[tokio::test]
#[ignore = "needs the broker of KAFKA_BROKERS: make platforms"]
async fn a_real_broker_keeps_the_bus_contract() {
    bus_contract(async || Topic::fresh(&brokers()).await).await;
}

#[tokio::test]
#[ignore = "needs the broker of KAFKA_BROKERS: make platforms"]
async fn a_real_broker_keeps_the_relay_contract() {
    relay_contract(async || RelaySubject {
        outbox: memory_outbox(),
        topic: Topic::fresh(&brokers()).await,
        bus: Topic::fresh(&brokers()).await,
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the broker of KAFKA_BROKERS: make platforms"]
async fn a_group_of_a_real_broker_hands_over_without_loss_l1() {
    let (cluster, topic) = (Cluster::new(brokers()), fresh_name());
    cluster.create_topic(&topic, 3).await.unwrap();
    let bodies: Vec<_> = (0..10).map(|it| (format!("k{it}"), format!("{it}"))).collect();
    let batch: Vec<_> = bodies.iter().map(|(key, body)| (&**key, &**body)).collect();
    send(&cluster, &topic, &batch).await;
    let shelf = Shelf::default();
    let first = Running::start(&cluster, &topic, &shelf);
    shelf.until(|it| it.handled().len() >= 10).await;
    first.stop().await;
    send(&cluster, &topic, &[("k1", "more")]).await;
    let second = Running::start(&cluster, &topic, &shelf);
    shelf.until(|it| it.handled().contains(&"more".to_owned())).await;
    second.stop().await;
    assert_eq!(shelf.handled().len(), 11, "what was committed does not come again");
}
