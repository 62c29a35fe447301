//! A service that only subscribes keeps a view from messages alone: it has neither the publisher's code nor its store.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Envelope, Message, Ports, RowKey,
    batch::Delivered,
    event_schema,
    memory::{MemoryParking, MemoryStore, MemoryViews},
    views::{Across, AcrossView, Fold, Projector, Published, View},
};
use dekigoto_testkit::still_host;
use serde::{Deserialize, Serialize};

use crate::support::Faulty;

/// The publisher's `Added`: its place in the stream.
#[derive(Serialize, Deserialize)]
struct Added(u64);

enum TallyEvent {
    Added(Added),
}

event_schema! { TallyEvent { Added as "Added": 1 } }

struct Tally;

impl Published for Tally {
    type Event = TallyEvent;

    const TYPE: &'static str = "Tally";
}

/// Adds up the places of all events.
struct Heard;

impl View for Heard {
    type Row = u64;
    type Folds = (Tally,);

    const NAME: &'static str = "heard";
}

impl AcrossView for Heard {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

impl Fold<Tally> for Heard {
    fn row_key(_: &TallyEvent, _: &Envelope) -> Option<RowKey> {
        Some(RowKey::only(Self::NAME, "all"))
    }

    fn fold(row: &mut u64, event: &TallyEvent, _: &Envelope) {
        match event {
            TallyEvent::Added(Added(place)) => *row += place,
        }
    }
}

#[tokio::test]
async fn a_subscriber_folds_each_message_once_without_the_publishers_store_s15() {
    let publisher = Faulty::new([]);
    let mut events = publisher.added("a", 3).await;
    events.extend(publisher.added("b", 2).await);
    events.reverse();
    events.push(events[0].clone());

    let views = MemoryViews::new();
    let ports = Ports {
        store: Arc::new(MemoryStore::new()),
        views: Arc::new(views.clone()),
        host: Arc::new(still_host()),
    };
    let view = Arc::new(Across::<Heard>::of_another_service());
    let subscriber = Projector::of(view, ports, Arc::new(MemoryParking::default()));
    let messages = events.iter().enumerate().map(|(place, event)| Delivered {
        id: format!("message-{place}"),
        record: Message::of(event).body,
    });
    let report = subscriber.take(messages.collect(), || Duration::from_secs(30)).await;

    assert_eq!((report.tally.applied, report.tally.duplicate, report.tally.total()), (5, 1, 6));
    let row = Across::<Heard>::read(&views, &RowKey::only("heard", "all")).await.unwrap();
    assert_eq!(row, Some(3 + 1));
}
