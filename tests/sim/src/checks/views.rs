//! S8, S13, L2: at every write, a row is the fold of the events up to its watermarks; in the end it has all events.

use std::collections::BTreeMap;

use dekigoto::{
    Envelope, Row, RowKey, Version,
    policies::{Policy as _, Processes},
    views::{Across, AcrossView, Counted, Marked, View},
};
use dekigoto_testkit::sim::{EventTable, Sim, ViewTable};
use futures_util::FutureExt as _;
use order_service::{CustomerSummaryView, DailySalesView, OrderSummaryView};
use orders::fulfilment::Fulfilment;
use serde_json::{Value, json};

use crate::{
    truth::Memory,
    vetting::{Vetting, registry},
    world::World,
};

/// The versions that a view across aggregates has counted, by stream and record.
type Records = BTreeMap<String, BTreeMap<String, Counted>>;

/// The versions that all views across aggregates have counted, by view.
#[derive(Default)]
pub(crate) struct Rows {
    counted: BTreeMap<&'static str, Records>,
}

impl Rows {
    /// Compares rows that have just been written with the event table.
    pub(crate) fn written(
        &mut self,
        sim: &Sim,
        events: &EventTable,
        views: &ViewTable,
        rows: &[Row],
    ) {
        for row in rows {
            single::<OrderSummaryView>(sim, events, row);
            single::<Processes<Fulfilment>>(sim, events, row);
            single::<Processes<Vetting>>(sim, events, row);
        }
        self.across::<CustomerSummaryView>(sim, events, views, rows);
        self.across::<DailySalesView>(sim, events, views, rows);
    }

    /// Checks that the sum of a row's parts is the fold of the counted events.
    fn across<V: AcrossView>(
        &mut self,
        sim: &Sim,
        events: &EventTable,
        views: &ViewTable,
        rows: &[Row],
    ) {
        let records = format!("{}/counted#", V::NAME);
        let counted = self.counted.entry(V::NAME).or_default();
        for row in rows {
            if let Some(stream) = row.key.partition.strip_prefix(&records) {
                let records = counted.entry(stream.to_owned()).or_default();
                records.insert(row.key.sort.clone(), row.body.read().unwrap());
            }
        }
        let is_own = |row: &&Row| row.key.partition.starts_with(&format!("{}#", V::NAME));
        for row in rows.iter().filter(is_own) {
            let key = whole(&row.key);
            let expected = fold_counted::<V>(events, counted, &key);
            let found = json!(sum::<V>(views, &key));
            if found != expected {
                let key = name(&key);
                sim.violation("S8", format!("{key}: {found}, but what it counted is {expected}"));
            }
        }
    }

    fn has_counted(&self, view: &str, stream: &str, version: Version) -> bool {
        let records = self.counted.get(view).and_then(|streams| streams.get(stream));
        records.is_some_and(|records| contains(records, version))
    }
}

fn contains(records: &BTreeMap<String, Counted>, version: Version) -> bool {
    records.values().any(|counted| counted.contains(version))
}

/// The row that a stored row is a part of.
fn whole(part: &RowKey) -> RowKey {
    let sort = part.sort.rsplit_once("#w").map_or(&*part.sort, |(sort, _)| sort);
    RowKey::new(&*part.partition, sort)
}

/// The row as readers see it.
fn sum<V: AcrossView>(views: &ViewTable, key: &RowKey) -> Option<V::Row> {
    Across::<V>::read(&views.stored(), key).now_or_never().unwrap().unwrap()
}

/// The row folded from the counted events.
fn fold_counted<V: View>(events: &EventTable, counted: &Records, key: &RowKey) -> Value {
    let mut row = V::Row::default();
    for (stream, records) in counted {
        for event in events.events(stream).iter().filter(|it| contains(records, it.version)) {
            if V::row_of(event).unwrap().as_ref() == Some(key) {
                V::apply(&mut row, event).unwrap();
            }
        }
    }
    json!(row)
}

/// Checks a row of this view against the events up to its watermarks.
fn single<V: View>(sim: &Sim, events: &EventTable, row: &Row) {
    let Some((_, id)) = row.key.partition.split_once('#').filter(|(name, _)| *name == V::NAME)
    else {
        return;
    };
    let marked: Marked<Value> = row.body.read().unwrap();
    let mut expected = V::Row::default();
    for (aggregate, watermark) in &marked.watermarks {
        let seen = events.events(&format!("{aggregate}#{id}"));
        let seen: Vec<&Envelope> =
            seen.iter().filter(|event| event.version.get() <= *watermark).collect();
        if u64::try_from(seen.len()).unwrap() != *watermark {
            sim.violation("S8", format!("{id} is at {watermark} of {} events", seen.len()));
        }
        for event in seen {
            V::apply(&mut expected, event).unwrap();
        }
    }
    // What old code wrote is folded again before it is shown or changed.
    let (found, expected) = (marked.row, json!(expected));
    if marked.schema == V::SCHEMA && found != expected {
        sim.violation("S8", format!("{}: {found}, the store says {expected}", name(&row.key)));
    }
}

/// Checks that every view has every event in the end.
pub(crate) fn check(world: &World) {
    for (view, event) in unseen(world) {
        let stream = event.stream().unwrap().key();
        let (version, kind) = (event.version, &event.event_type);
        world.sim.violation("L2", format!("{view} has not seen {stream} {version} {kind}"));
    }
}

/// Whether the view lacks an event.
pub(crate) fn has_unseen(world: &World, view: &str) -> bool {
    unseen(world).iter().any(|(of, _)| *of == view)
}

/// What each view lacks.
fn unseen(world: &World) -> Vec<(&'static str, Envelope)> {
    let memory = world.truth.memory();
    let service = registry();
    let wanted = |view| service.events_for(&*service.view_named(view).unwrap());
    let (orders, processes) = (wanted(OrderSummaryView::NAME), wanted(Fulfilment::NAME));
    let doubts = wanted(Vetting::NAME);
    let mut unseen = Vec::new();
    for event in world.events.all_events() {
        let has_seen = [
            (OrderSummaryView::NAME, folded::<OrderSummaryView>(world, &memory, &orders, &event)),
            (Fulfilment::NAME, folded::<Processes<Fulfilment>>(world, &memory, &processes, &event)),
            (Vetting::NAME, folded::<Processes<Vetting>>(world, &memory, &doubts, &event)),
            (
                CustomerSummaryView::NAME,
                counted::<CustomerSummaryView>(world, &memory.rows, &event),
            ),
            (DailySalesView::NAME, counted::<DailySalesView>(world, &memory.rows, &event)),
        ];
        let lacking = has_seen.into_iter().filter(|(_, has_seen)| !has_seen);
        unseen.extend(lacking.map(|(view, _)| (view, event.clone())));
    }
    unseen
}

/// Whether the view has counted an event, if the event changes one of its rows.
fn counted<V: AcrossView>(world: &World, rows: &Rows, event: &Envelope) -> bool {
    let Some(key) = V::row_of(event).unwrap() else { return true };
    let stream = event.stream().unwrap().key();
    sum::<V>(&world.views, &key).is_some() && rows.has_counted(V::NAME, &stream, event.version)
}

/// Whether the view has folded an event, if it is one of those that it wants. A damaged row counts with the events that it
/// had before: any later one must have folded it again.
fn folded<V: View>(world: &World, memory: &Memory, wanted: &[&str], event: &Envelope) -> bool {
    if !wanted.contains(&event.event_type.as_str()) {
        return true;
    }
    let Ok(Some(key)) = V::row_of(event) else { return false };
    let Some(row) = world.views.row(&key) else { return false };
    let marked: Marked<Value> = memory.damaged.before(row).body.read().unwrap();
    let watermark = marked.watermarks.get(&event.aggregate_type).copied().unwrap_or(0);
    watermark >= event.version.get()
}

/// The key as violations and verifications name it.
pub(crate) fn name(key: &RowKey) -> String {
    format!("{} {}", key.partition, key.sort)
}
