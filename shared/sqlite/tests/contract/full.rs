//! A full disk: nothing acknowledged is lost, nothing refused is stored, and all goes on when there is space again.

use dekigoto::{
    AppendError, Commit, EventStore as _, Head, Payload, ReadFrom, Row, RowKey, ViewError,
    ViewStore as _,
    outbox::{Order, Outbox as _},
};
use dekigoto_sqlite::Database;
use dekigoto_testkit::{commit, stream};

use crate::folder::Folder;

const BYTES_MAX: u64 = 400_000;

fn first_of(number: u64) -> Commit {
    let numbers: Vec<u64> = (0..100).collect();
    commit(&Head::empty(stream(&format!("s{number}"))), "key", &numbers)
}

async fn is_stored(database: &Database, commit: &Commit) -> bool {
    let read = database.events().read(commit.stream(), ReadFrom::Newest, 1).await.unwrap();
    read == [commit.clone()]
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_stores_nothing_that_was_refused_s3_s4() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open_within(&path, Some(BYTES_MAX)).unwrap();
    let commits: Vec<Commit> = (0..200).map(first_of).collect();
    let mut acknowledged = 0;
    // Ten at a time share a transaction, which SQLite undoes as a whole when the disk is full.
    for ten in commits.chunks(10) {
        let events = database.events();
        let tasks: Vec<_> = ten
            .iter()
            .map(|commit| {
                let (events, commit) = (events.clone(), commit.clone());
                tokio::spawn(async move { events.append(&commit).await })
            })
            .collect();
        for (task, commit) in tasks.into_iter().zip(ten) {
            match task.await.unwrap() {
                Ok(()) => {
                    acknowledged += 1;
                    assert!(is_stored(&database, commit).await, "acknowledged and lost");
                }
                Err(AppendError::Throttled(cause)) => {
                    let text = cause.to_string();
                    let is_known = text.contains("free space") || text.contains("undone");
                    assert!(is_known, "{text}");
                    assert!(!is_stored(&database, commit).await, "refused and stored");
                }
                Err(other) => unreachable!("{other:?}"),
            }
        }
    }
    assert!((10..190).contains(&acknowledged), "{acknowledged}");
    let body = Payload::of(&"x".repeat(100_000)).unwrap();
    let row = Row { key: RowKey::new("p", "s"), revision: 1, body, indexes: [].into() };
    let refused = database.views().write(std::slice::from_ref(&row)).await;
    assert!(matches!(refused, Err(ViewError::Unavailable(_))), "{refused:?}");
    drop(database);

    let database = Database::open(&path).unwrap();
    for commit in &commits {
        database.events().append(commit).await.unwrap();
    }
    database.views().write(&[row]).await.unwrap();
    let minute = std::time::Duration::from_secs(60);
    let entries = database.outbox().lease(1000, minute, Order::Any).await.unwrap();
    assert_eq!(entries.len(), 200);
}
