//! Messages and write units of one order, all views and indexes together.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto::{
    Message, Ports,
    batch::Delivered,
    memory::{MemoryParking, MemoryStore},
    views::{AnyView, Projector, Single},
};
use dekigoto_dynamodb::{Client, DynamoViewStore};
use dekigoto_testkit::{CountedStore, still_host};
use order_service::service;

use crate::{before::Before, engine, engine::Meter, order};

/// Write units of one order, from design section 11.
const UNITS_MAX: f64 = 16.0;

/// Messages of one order to our projections, from design section 11.
const MESSAGES_MAX: usize = 7;

/// What one order costs.
#[derive(Debug, Default)]
struct Cost {
    messages: usize,
    units: f64,
    reads: usize,
}

/// Delivers the messages of one order one by one, as when the system is idle. That is the most expensive way: events
/// that arrive together share writes.
async fn measure(client: &Client, meter: &Meter, table: &str, views: &[Arc<dyn AnyView>]) -> Cost {
    let store = MemoryStore::new();
    let events = order::of_five_commands(&store, orders::samples::order_id()).await;
    let store = Arc::new(CountedStore::new(Arc::new(store)));
    let ports = Ports {
        store: store.clone(),
        views: Arc::new(DynamoViewStore::new(client.clone(), table)),
        host: Arc::new(still_host()),
    };
    let mut cost = Cost::default();
    for view in views {
        let wanted = service().events_for(&**view);
        let projector =
            Projector::of(view.clone(), ports.clone(), Arc::new(MemoryParking::default()));
        let before = (cost.messages, cost.units);
        for event in events.iter().filter(|event| wanted.contains(&event.event_type.as_str())) {
            let message = Delivered { id: "m".to_owned(), record: Message::of(event).body };
            let report = projector.take(vec![message], || Duration::from_secs(30)).await;
            assert_eq!(
                report.tally.applied,
                1,
                "{} {}: {}",
                view.name(),
                event.event_type,
                report.tally
            );
            cost.messages += 1;
            cost.units += meter.take();
        }
        let (messages, units) = (cost.messages - before.0, cost.units - before.1);
        println!("  {}: {messages} messages, {units} write units", view.name());
    }
    (_, cost.reads, _) = store.take();
    println!(
        "{table}: {} messages, {} write units, {} reads of the event table",
        cost.messages, cost.units, cost.reads
    );
    cost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_costs_at_most_7_messages_and_16_write_units() {
    let (client, meter) = engine::start().await;
    engine::view_table(&client, "before", &ProjectionType::All).await;
    engine::view_table(&client, "now", &ProjectionType::KeysOnly).await;
    let views = service().views().to_vec();
    let before: Arc<dyn AnyView> = Arc::new(Single::<Before>::default());
    let old: Vec<_> = views
        .iter()
        .map(|view| if view.name() == before.name() { before.clone() } else { view.clone() })
        .collect();
    let before = measure(&client, &meter, "before", &old).await;
    let now = measure(&client, &meter, "now", &views).await;
    assert!(now.messages <= MESSAGES_MAX && now.units <= UNITS_MAX, "{before:?}, {now:?}");
    // No message is believed without a look into the store (infra/adr/0007): one read for each.
    assert_eq!(now.reads, now.messages);
}
