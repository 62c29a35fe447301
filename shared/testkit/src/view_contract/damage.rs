//! A damaged row is a row: it hides no other row, its view is told that nothing can be read, and the next write mends it.

use dekigoto::{Index, Row, RowKey, ViewError, ViewStore};
use serde_json::{Map, Value};

use super::{RowDamage, ViewSubject, all_of, row};

/// Bodies that are no JSON, or are not there.
const BODIES: [RowDamage; 7] = [
    RowDamage::Body(b""),
    RowDamage::Body(b"{"),
    RowDamage::Body(br#"{"a":1} {"b":2}"#),
    RowDamage::Body("出来事 \u{1}".as_bytes()),
    RowDamage::Body(b"{\"a\":\"\xff\"}"),
    RowDamage::NoBody,
    RowDamage::BodyOfAnotherType,
];

const REVISIONS: [RowDamage; 3] =
    [RowDamage::NoRevision, RowDamage::NegativeRevision, RowDamage::RevisionOfAnotherType];

/// Three rows of one list; the second one is damaged afterwards.
async fn three_rows(views: &dyn ViewStore, partition: &str) -> [Row; 3] {
    let rows = ["a", "b", "c"].map(|sort| {
        let indexes = [(Index(1), RowKey::new(format!("by {partition}"), sort))].into();
        Row { indexes, ..row(partition, sort, 1, sort) }
    });
    for row in &rows {
        views.write(std::slice::from_ref(row)).await.unwrap();
    }
    rows
}

/// The rows as they are read alone, together, listed, and listed by an index; all must be the same.
async fn seen(views: &dyn ViewStore, rows: &[Row; 3]) -> Vec<Row> {
    let keys: Vec<RowKey> = rows.iter().map(|row| row.key.clone()).collect();
    let read: Vec<Row> = views.read(&keys).await.unwrap().into_iter().flatten().collect();
    for (key, row) in keys.iter().zip(&read) {
        assert_eq!(views.read(std::slice::from_ref(key)).await.unwrap(), [Some(row.clone())]);
    }
    for index in [None, Some(Index(1))] {
        let partition = &rows[0].key.partition;
        let mut query = all_of(partition);
        if index.is_some() {
            query = all_of(&format!("by {partition}"));
            query.index = index;
        }
        assert_eq!(views.list(&query).await.unwrap().rows, read, "{index:?}");
    }
    read
}

pub(super) async fn a_row_with_a_damaged_body_is_read_and_the_next_write_mends_it_s8(
    subject: &dyn ViewSubject,
) {
    let views = &*subject.views();
    for (place, damage) in BODIES.iter().enumerate() {
        let rows = three_rows(views, &format!("p{place}")).await;
        if !subject.damage(&rows[1].key, damage).await {
            continue;
        }
        let seen = seen(views, &rows).await;
        let body = seen[1].body.clone();
        assert!(body.read::<Map<String, Value>>().is_err(), "{damage:?}: {}", body.as_str());
        assert_eq!(seen, [rows[0].clone(), Row { body, ..rows[1].clone() }, rows[2].clone()]);
        mended(views, Row { revision: 2, ..rows[1].clone() }).await;
    }
}

pub(super) async fn a_row_with_a_damaged_revision_is_read_and_the_first_one_replaces_it_s8(
    subject: &dyn ViewSubject,
) {
    let views = &*subject.views();
    for (place, damage) in REVISIONS.iter().enumerate() {
        let rows = three_rows(views, &format!("p{place}")).await;
        if !subject.damage(&rows[1].key, damage).await {
            continue;
        }
        let seen = seen(views, &rows).await;
        let damaged = Row { revision: 0, ..rows[1].clone() };
        assert_eq!(seen, [rows[0].clone(), damaged, rows[2].clone()], "{damage:?}");
        let late = views.write(&[Row { revision: 2, ..rows[1].clone() }]).await;
        assert!(matches!(late, Err(ViewError::Conflict)), "{damage:?}: {late:?}");
        mended(views, rows[1].clone()).await;
    }
}

/// Writes the row, alone or together with another one. A second writer of the same revision is refused.
async fn mended(views: &dyn ViewStore, row: Row) {
    let beside = super::row(&row.key.partition, "beside", 1, "x");
    views.write(&[row.clone(), beside]).await.unwrap();
    let again = views.write(std::slice::from_ref(&row)).await;
    assert!(matches!(again, Err(ViewError::Conflict)), "{again:?}");
    assert_eq!(views.read(std::slice::from_ref(&row.key)).await.unwrap(), [Some(row)]);
}
