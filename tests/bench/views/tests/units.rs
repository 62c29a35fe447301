//! Messages and write units of one order, all views and indexes together.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Envelope, Message, Ports,
    batch::Delivered,
    memory::{MemoryParking, MemoryStore},
    views::{AnyView, Projector},
};
use dekigoto_dynamodb::{Client, DynamoViewStore};
use dekigoto_testkit::{CountedStore, still_host};
use order_service::service;

use crate::{engine::Meter, order};

/// What one order costs.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    pub(crate) messages: usize,
    pub(crate) units: f64,
    pub(crate) reads: usize,
}

/// The events that a view's queue gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// All events of the order and of its payments.
    Everything,
    /// Those that its subscription asks for.
    Needed,
}

/// Delivers the messages of one order one by one, as when the system is idle. That is the most expensive way: events
/// that arrive together share writes.
pub(crate) async fn measure(
    client: &Client,
    meter: &Meter,
    table: &str,
    views: &[Arc<dyn AnyView>],
    heard: Heard,
) -> Cost {
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
        let is_wanted = |event: &&Envelope| wanted.contains(&event.event_type.as_str());
        // A view of other aggregates gets none of them.
        let is_concerned = events.iter().any(|event| is_wanted(&event));
        let is_heard =
            |event: &&Envelope| is_wanted(event) || (is_concerned && heard == Heard::Everything);
        for event in events.iter().filter(is_heard) {
            let message = Delivered { id: "m".to_owned(), record: Message::of(event).body };
            let report = projector.take(vec![message], || Duration::from_secs(30)).await;
            let (name, kind, tally) = (view.name(), &event.event_type, report.tally);
            let expected = usize::from(is_wanted(&event));
            assert!(
                tally.applied >= expected && report.failed.is_empty(),
                "{name} {kind}: {tally}"
            );
            cost.messages += 1;
            cost.units += meter.take().write_units;
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
