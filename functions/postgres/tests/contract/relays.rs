//! The outbox of PostgreSQL and two topics of Kafka keep the contract of a relay together.

use dekigoto_testkit::{RelaySubject, relay_contract};

use crate::{broker::Topic, server, stack::variable};

#[tokio::test]
#[ignore = "needs the servers of DATABASE_URL and KAFKA_BROKERS: make platforms"]
async fn postgres_and_kafka_keep_the_relay_contract_together() {
    let brokers = variable("KAFKA_BROKERS");
    relay_contract(async || RelaySubject {
        outbox: server::outbox().await,
        topic: Topic::fresh(&brokers).await,
        bus: Topic::fresh(&brokers).await,
    })
    .await;
}
