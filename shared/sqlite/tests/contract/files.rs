//! Files that are new, in use, not writable, damaged, or not ours.

use std::{fs, path::Path};

use dekigoto::{
    EventStore as _, Head, Payload, ReadError, ReadFrom, Row, RowKey, ViewStore as _,
    outbox::{Order, Outbox as _},
};
use dekigoto_sqlite::{Database, OpenError};
use dekigoto_testkit::{commit, stream};
use rusqlite::Connection;

use crate::folder::Folder;

/// The error's text.
#[track_caller]
fn refusal(path: &Path) -> String {
    Database::open(path).unwrap_err().to_string()
}

#[tokio::test]
async fn commits_rows_and_entries_are_there_after_the_file_was_closed_s3() {
    let folder = Folder::new();
    let path = folder.file("a/new/folder/it.db");
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let row = Row {
        key: RowKey::new("p", "s"),
        revision: 1,
        body: Payload::of("x").unwrap(),
        indexes: [].into(),
    };
    let database = Database::open(&path).unwrap();
    database.events().append(&first).await.unwrap();
    database.views().write(std::slice::from_ref(&row)).await.unwrap();
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(database.outbox().lease(1, hour, Order::Any).await.unwrap().len(), 1);
    drop(database);
    let database = Database::open(&path).unwrap();
    let read = database.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap();
    assert_eq!(read, [first]);
    let read = database.views().read(std::slice::from_ref(&row.key)).await.unwrap();
    assert_eq!(read, [Some(row)]);
    // Whoever had leased it has ended.
    let again = database.outbox().lease(1, hour, Order::Any).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 2));
}

#[tokio::test]
async fn a_file_that_is_open_is_refused_also_by_another_name() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    let link = folder.file("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        let refused = refusal(path);
        assert!(refused.contains("it.db is in use by another process. Stop"), "{refused}");
    }
    // The refused attempt has not taken the first one's lock away.
    assert!(refusal(&path).contains("in use"));
    drop(database);
    Database::open(&link).unwrap();
}

/// Nobody can write to `/sys`, not even an administrator.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    for path in ["/sys/it.db", "/sys/folder/it.db"] {
        let refused = refusal(Path::new(path));
        assert!(refused.contains("/sys") && refused.contains("cannot be written"), "{refused}");
        assert!(refused.contains("choose a file in another folder"), "{refused}");
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.file("it.db")).unwrap();
    let refused = refusal(&folder.file("it.db"));
    assert!(refused.contains("it.db cannot be written"), "{refused}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_not_changed() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    for text in
        ["not a database, but longer than a header of one hundred bytes".repeat(9), "short".into()]
    {
        fs::write(&path, &text).unwrap();
        let refused = refusal(&path);
        assert!(refused.contains("it.db is damaged"), "{refused}");
        assert!(refused.contains("restore a copy"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_not_changed() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    Connection::open(&path).unwrap().execute_batch("create table theirs (x)").unwrap();
    let before = fs::read(&path).unwrap();
    let refused = refusal(&path);
    assert!(
        refused.contains("of another program") && refused.contains("another file"),
        "{refused}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    drop(Database::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let refused = Database::open(&path);
    assert!(matches!(refused, Err(OpenError::Version { found: 2, known: 1, .. })), "{refused:?}");
}

#[tokio::test]
async fn damage_in_the_middle_of_a_file_is_reported_and_never_read_as_an_empty_stream() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    let mut head = Head::empty(stream("a"));
    for number in 1..=200 {
        let next = commit(&head, &format!("key-{number}"), &[number]);
        database.events().append(&next).await.unwrap();
        head = next.head();
    }
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    // The schema stands on the first page; everything after the tables' first pages is overwritten.
    let from = bytes.len() / 2;
    bytes[from..].fill(0xaa);
    fs::write(&path, &bytes).unwrap();
    let database = match Database::open(&path) {
        Ok(database) => database,
        Err(refused) => {
            assert!(refused.to_string().contains("damaged"), "{refused}");
            return;
        }
    };
    let read = database.events().read(&stream("a"), ReadFrom::Newest, 1000).await;
    match read {
        Err(ReadError::Broken(cause)) => {
            let text = cause.to_string();
            assert!(text.contains("the file is damaged: stop, and restore a copy"), "{text}");
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn only_a_file_of_ours_that_is_not_open_is_deleted() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    Database::delete(&path).unwrap();
    let database = Database::open(&path).unwrap();
    assert!(matches!(Database::delete(&path), Err(OpenError::InUse { .. })));
    drop(database);
    fs::write(folder.file("it.db-wal"), "").unwrap();
    Database::delete(&path).unwrap();
    assert!(!path.exists() && !folder.file("it.db-wal").exists());
    fs::write(&path, "damaged".repeat(99)).unwrap();
    Database::delete(&path).unwrap();
    assert!(!path.exists());
    Connection::open(&path).unwrap().execute_batch("create table theirs (x)").unwrap();
    assert!(matches!(Database::delete(&path), Err(OpenError::Foreign { .. })));
    assert!(path.exists());
}
