//! The sample of the judge has the order rows of today's view. `WRITE_SAMPLE=1 cargo test -p sim sample` writes them, from
//! the sample's own events.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Commit, EventStore as _, Message, Ports, Row, StoredCommit,
    batch::Delivered,
    memory::{MemoryParking, MemoryStore, MemoryViews},
    views::{Projector, View as _},
};
use dekigoto_testkit::still_host;
use futures_util::FutureExt as _;
use order_service::{OrderSummaryView, service};
use serde_json::{Value, json};

use crate::tables;

#[test]
fn the_sample_has_the_order_rows_of_todays_view() {
    let path = tables::own("src/judge_sample.json");
    let mut sample: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let today = order_rows(&sample["events"]);
    let rows = sample["rows"].as_array_mut().unwrap();
    let partition = format!("{}#", OrderSummaryView::NAME);
    let is_of_order = |row: &Value| row["pk"].as_str().unwrap().starts_with(&partition);
    let there: Vec<Value> = rows.iter().filter(|row| is_of_order(row)).cloned().collect();
    if std::env::var_os("WRITE_SAMPLE").is_some() {
        rows.retain(|row| !is_of_order(row));
        rows.extend(today);
        std::fs::write(path, sample.to_string() + "\n").unwrap();
    } else {
        assert_eq!(there, today, "WRITE_SAMPLE=1 cargo test -p sim sample writes them");
    }
}

/// The rows that the order's view makes of these commits, as the table has them.
fn order_rows(commits: &Value) -> Vec<Value> {
    let store = MemoryStore::new();
    let mut commits: Vec<StoredCommit> = serde_json::from_value(commits.clone()).unwrap();
    commits.sort_by(|one, other| (&one.pk, one.sk).cmp(&(&other.pk, other.sk)));
    let view = service().view_named(OrderSummaryView::NAME).unwrap();
    let wanted = service().events_for(&*view);
    let mut messages = Vec::new();
    for commit in commits {
        let commit = Commit::try_from(commit).unwrap();
        store.append(&commit).now_or_never().unwrap().unwrap();
        let events = commit.envelopes().filter(|it| wanted.contains(&it.event_type.as_str()));
        messages.extend(events.map(|event| Message::of(&event).body));
    }
    let delivered = |(place, record)| Delivered { id: format!("m{place}"), record };
    let messages = messages.into_iter().enumerate().map(delivered).collect();
    let views = MemoryViews::new();
    let host = Arc::new(still_host());
    let ports = Ports { store: Arc::new(store), views: Arc::new(views.clone()), host };
    let projector = Projector::of(view, ports, Arc::new(MemoryParking::default()));
    let took = projector.take(messages, || Duration::from_secs(30)).now_or_never().unwrap();
    assert!(took.failed.is_empty(), "{:?}", took.reasons);
    let item = |row: Row| json!({ "pk": row.key.partition, "sk": row.key.sort, "body": row.body.as_str() });
    views.dump().into_iter().map(item).collect()
}
