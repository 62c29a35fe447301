//! SNS and EventBridge keep the contract of a bus, and of a relay's targets.

use dekigoto_messaging::{EventBridgeBus, SnsTopic};
use dekigoto_testkit::{
    BusSubject, RelaySubject, aws::FakeBuses, bus_contract, memory_outbox, relay_contract,
};

fn topic() -> Box<dyn BusSubject> {
    FakeBuses::topic(|config| SnsTopic::new(config, "arn:aws:sns:eu-west-1:000000000000:events"))
}

fn bus() -> Box<dyn BusSubject> {
    FakeBuses::bus(|config| EventBridgeBus::new(config, "events", "orders"))
}

#[tokio::test]
async fn sns_keeps_the_bus_contract() {
    bus_contract(async || topic()).await;
}

#[tokio::test]
async fn eventbridge_keeps_the_bus_contract() {
    bus_contract(async || bus()).await;
}

#[tokio::test]
async fn sns_and_eventbridge_keep_the_relay_contract() {
    relay_contract(async || RelaySubject { outbox: memory_outbox(), topic: topic(), bus: bus() })
        .await;
}
