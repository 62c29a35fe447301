//! The stores, each used as its documentation says.

mod dekigoto;
mod dynamo_es;
mod event_store_adapter;
mod minimum;

use crate::{
    Failure,
    cases::{self, Row},
    engine::Engine,
};

/// A store, and how it is used here.
pub(crate) struct Store {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) used: &'static str,
}

/// Ours.
pub(crate) const OURS: &str = "dekigoto";

const MINIMUM: &str = "least possible";
const DYNAMO_ES: &str = "dynamo-es";
const DYNAMO_ES_SNAPSHOTS: &str = "dynamo-es, snapshots";
const EVENT_STORE_ADAPTER: &str = "event-store-adapter-rs";

/// All stores, in the order of the report.
pub(crate) const ALL: &[Store] = &[
    Store {
        name: MINIMUM,
        version: "",
        used: "payloads and keys in one item, by one conditional PutItem; one strong Query for the newest item",
    },
    Store {
        name: OURS,
        version: "this checkout",
        used: "Engine on DynamoEventStore; a snapshot in every 32nd commit; full metadata in each commit",
    },
    Store {
        name: DYNAMO_ES,
        version: "0.5.0",
        used: "CqrsFramework on new_event_store, its default; its own two tables; no metadata",
    },
    Store {
        name: DYNAMO_ES_SNAPSHOTS,
        version: "0.5.0",
        used: "CqrsFramework on new_snapshot_store(32); its own two tables; no metadata",
    },
    Store {
        name: EVENT_STORE_ADAPTER,
        version: "5.2.0",
        used: "persist_event, and persist_event_and_snapshot at every 32nd event; its own three tables and index; \
               the default retention; it has no metadata and takes one event per call",
    },
];

/// Runs all cases on the store with that name, on its own tables.
pub(crate) async fn measure(name: &str, engine: &Engine) -> Result<Vec<Row>, Failure> {
    let meter = &engine.meter;
    match name {
        MINIMUM => cases::measure(&minimum::open(engine).await?, meter).await,
        OURS => cases::measure(&dekigoto::open(engine).await?, meter).await,
        DYNAMO_ES => cases::measure(&dynamo_es::open(engine, None).await?, meter).await,
        DYNAMO_ES_SNAPSHOTS => {
            let every = crate::note::SNAPSHOT_EVERY;
            cases::measure(&dynamo_es::open(engine, Some(every)).await?, meter).await
        }
        EVENT_STORE_ADAPTER => {
            cases::measure(&event_store_adapter::open(engine).await?, meter).await
        }
        other => Err(format!("no store is called {other}").into()),
    }
}
