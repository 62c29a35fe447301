//! A damaged item is an error that names stream and ordinal. It is never skipped or read as a default.

use dekigoto::{AppendError, Corrupt, Head, LoadError, ReadError, ReadFrom, SchemaError};
use serde_json::{Value, json};

use super::{RawItem, StoreSubject, append_some, commit, engine, raw, read_all};
use crate::tally::{Tally, stream};

/// Puts the item in place of the second of three commits, and checks that reads, loads and appends report it.
async fn check_reported(subject: &dyn StoreSubject, id: &str, item: RawItem, what: &str) {
    append_some(&*subject.store(), &stream(id), 3).await;
    if !subject.put_raw(item).await {
        return;
    }
    let is_second = |corrupt: &Corrupt| {
        assert_eq!(corrupt.stream, stream(id).key(), "{what}");
        assert_eq!(corrupt.ordinal, Some(2), "{what}: {corrupt}");
    };
    for from in [ReadFrom::Newest, ReadFrom::Up(dekigoto::Ordinal::FIRST)] {
        match subject.store().read(&stream(id), from, 10).await {
            Err(ReadError::Corrupt(corrupt)) => is_second(&corrupt),
            other => panic!("{what}: {other:?}"),
        }
    }
    match engine(subject.store()).load::<Tally>(&id.to_owned()).await {
        Err(LoadError::Read(ReadError::Corrupt(corrupt))) => is_second(&corrupt),
        other => panic!("{what}: {other:?}"),
    }
    let first = commit(&Head::empty(stream(id)), "key-1", &[1]);
    let taken = commit(&first.head(), "another", &[1]);
    let taken = subject.store().append(&taken).await;
    assert!(matches!(taken, Err(AppendError::Broken(_))), "{what}: {taken:?}");
}

/// The item of a second commit.
fn second_of(id: &str) -> RawItem {
    let first = commit(&Head::empty(stream(id)), "key-1", &[1]);
    raw(&commit(&first.head(), "key-2", &[2]))
}

/// Checks each attribute in turn.
pub(super) async fn an_attribute_that_is_missing_or_of_the_wrong_type_is_an_error(
    subject: &dyn StoreSubject,
) {
    let optional = ["cau", "tp", "sn"];
    let mut names: Vec<String> = second_of("x").keys().cloned().collect();
    names.push("sn".to_owned());
    for name in names.iter().filter(|name| !["pk", "sk"].contains(&name.as_str())) {
        if !optional.contains(&name.as_str()) {
            let id = format!("missing-{name}");
            let mut item = second_of(&id);
            item.remove(name);
            check_reported(subject, &id, item, &id).await;
        }
        let id = format!("wrong-{name}");
        let mut item = second_of(&id);
        let wrong: Value = match item.get(name) {
            Some(Value::Number(_)) => json!("12"),
            _ => json!(12),
        };
        item.insert(name.clone(), wrong);
        check_reported(subject, &id, item, &id).await;
    }
}

/// The type is correct, but the value is not.
pub(super) async fn an_attribute_with_an_invalid_value_is_an_error(subject: &dyn StoreSubject) {
    let event = r#"{"i":"0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11","t":"Added","s":1,"p":{}}"#;
    let cases = [
        ("ev", json!("")),
        ("ev", json!("not json")),
        ("ev", json!("[]")),
        ("ev", json!("{}")),
        ("ev", json!(format!("[{event}"))),
        ("ev", json!(format!("[{event},null]"))),
        ("ev", json!(event.replace("\"t\":\"Added\",", ""))),
        ("ev", json!(format!("[{}]", event.replace("0198f3a4", "x")))),
        ("v", json!(0)),
        ("v", json!(1)),
        ("v", json!(-2)),
        ("key", json!("")),
        ("key", json!("a b")),
        ("key", json!("k".repeat(256))),
        ("at", json!(i64::MAX)),
        ("at", json!(i64::MIN)),
    ];
    for (place, (name, value)) in cases.into_iter().enumerate() {
        let id = format!("nothing-{place}");
        let mut item = second_of(&id);
        item.insert(name.to_owned(), value.clone());
        check_reported(subject, &id, item, &format!("{name} = {value}")).await;
    }
}

/// Newer code may have added it.
pub(super) async fn an_unknown_attribute_is_ignored(subject: &dyn StoreSubject) {
    let appended = append_some(&*subject.store(), &stream("more"), 3).await;
    let mut item = raw(&appended[1]);
    item.insert("new".to_owned(), json!("from the future"));
    assert!(subject.put_raw(item).await);
    assert_eq!(read_all(&*subject.store(), &stream("more")).await, appended);
}

/// Ordinals begin at 1, which a table may check itself. Only the first commit begins at version 1.
pub(super) async fn an_impossible_ordinal_is_an_error(subject: &dyn StoreSubject) {
    let appended = append_some(&*subject.store(), &stream("zero"), 2).await;
    let mut item = raw(&appended[0]);
    item.insert("sk".to_owned(), json!(0));
    if subject.put_raw(item).await {
        match subject.store().read(&stream("zero"), ReadFrom::Newest, 10).await {
            Err(ReadError::Corrupt(corrupt)) => {
                assert_eq!((corrupt.stream.as_str(), corrupt.ordinal), ("Tally#zero", Some(0)));
            }
            other => panic!("{other:?}"),
        }
    }
    for (id, ordinal, version) in [("one", 1, 2), ("two", 2, 1), ("three", 3, 2)] {
        let mut item = second_of(id);
        item.insert("sk".to_owned(), json!(ordinal));
        item.insert("v".to_owned(), json!(version));
        assert!(subject.put_raw(item).await);
        match subject.store().read(&stream(id), ReadFrom::Newest, 10).await {
            Err(ReadError::Corrupt(corrupt)) => assert_eq!(corrupt.ordinal, Some(ordinal)),
            other => panic!("ordinal {ordinal}, version {version}: {other:?}"),
        }
    }
}

/// The store reads it, because it does not know events. The load fails and names the version.
pub(super) async fn an_unknown_or_newer_event_is_an_error_s12(subject: &dyn StoreSubject) {
    for (id, event_type, schema_version) in
        [("unknown", "Removed", 1), ("newer", "Added", 2), ("oldest", "Added", 0)]
    {
        append_some(&*subject.store(), &stream(id), 2).await;
        let mut item = second_of(id);
        let events = item["ev"].as_str().unwrap();
        let events = events
            .replace("\"Added\"", &format!("\"{event_type}\""))
            .replace("\"s\":1", &format!("\"s\":{schema_version}"));
        item.insert("ev".to_owned(), events.into());
        assert!(subject.put_raw(item).await);
        match engine(subject.store()).load::<Tally>(&id.to_owned()).await {
            Err(LoadError::Schema { stream, version, cause }) => {
                assert_eq!((stream.aggregate_id(), version.get()), (id, 2));
                let is_newer = matches!(cause, SchemaError::Newer { got: 2, known: 1, .. });
                assert_eq!(is_newer, id == "newer", "{cause}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
}

/// A missing commit, and one that repeats versions of the commit before.
pub(super) async fn a_gap_or_an_overlap_is_an_error_s2(subject: &dyn StoreSubject) {
    let build = |id: &str| {
        let first = commit(&Head::empty(stream(id)), "key-1", &[1, 2]);
        let second = commit(&first.head(), "key-2", &[3, 4]);
        let third = commit(&second.head(), "key-3", &[5]);
        [first, second, third]
    };
    let with_version = |mut item: RawItem, version: u64| {
        item.insert("v".to_owned(), json!(version));
        item
    };
    let [first, _, third] = build("hole").map(|commit| raw(&commit));
    check_history(subject, "hole", vec![first, third]).await;
    let [_, second, third] = build("beginning").map(|commit| raw(&commit));
    check_history(subject, "beginning", vec![second, third]).await;
    let [first, second, third] = build("overlap").map(|commit| raw(&commit));
    let second = with_version(second, 2);
    check_history(subject, "overlap", vec![first, second, third]).await;
    let [first, second, third] = build("gap").map(|commit| raw(&commit));
    let third = with_version(third, 6);
    check_history(subject, "gap", vec![first, second, third]).await;
}

async fn check_history(subject: &dyn StoreSubject, id: &str, items: Vec<RawItem>) {
    for item in items {
        assert!(subject.put_raw(item).await);
    }
    match engine(subject.store()).load::<Tally>(&id.to_owned()).await {
        Err(LoadError::Read(ReadError::Corrupt(corrupt))) => {
            assert_eq!(corrupt.stream, stream(id).key());
            assert!(corrupt.ordinal.is_some());
        }
        other => panic!("{id}: {other:?}"),
    }
}
