//! The ids of the outbox's entries and of parked records, over restarts and beside other programs.

use std::{fs, path::Path};

use dekigoto::{
    AppendError, EventStore as _, Head, ParkedRecords as _, Parking as _, Pointer, ReadFrom,
    RetryQueue as _,
    outbox::{EntryId, Leased, Order, Outbox as _},
};
use dekigoto_sqlite::Database;
use dekigoto_testkit::{commit, stream};
use rusqlite::Connection;

use crate::folder::Folder;

/// SQLite's size of a page in the log, with its header.
const LOGGED_PAGE: u64 = 4096 + 24;

/// The table of files that the first versions of this crate made.
const FIRST_OUTBOX: &str = "drop table outbox;
    create table outbox (
      id integer primary key autoincrement, pk text not null, sk integer not null, targets text,
      due integer not null default 0, attempts integer not null default 0
    ) strict;
    create index outbox_by_stream on outbox (pk, sk, id);";

/// The statement of those versions, and what an operator would type.
const INSERT_WITHOUT_ID: &str = "insert into outbox (pk, sk) values ('Tally#other', 1)";

async fn append(database: &Database, id: &str) {
    let first = commit(&Head::empty(stream(id)), "key", &[1]);
    database.events().append(&first).await.unwrap();
}

/// Leases entries for an hour.
async fn lease(database: &Database, limit: u32) -> Vec<Leased> {
    let hour = std::time::Duration::from_secs(3600);
    database.outbox().lease(limit, hour, Order::Any).await.unwrap()
}

fn ids(leased: &[Leased]) -> Vec<EntryId> {
    leased.iter().map(|entry| entry.id).collect()
}

/// The streams of all entries in the order in which they are published.
async fn waiting(database: &Database) -> Vec<String> {
    let pointer = |entry: &Leased| serde_json::from_str::<Pointer>(&entry.pointer).unwrap();
    let leased = lease(database, 1000).await;
    leased.iter().map(|entry| pointer(entry).stream.aggregate_id().to_owned()).collect()
}

fn execute(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

/// One each of the table, its key, the outbox and its index.
#[tokio::test]
async fn an_append_writes_four_pages() {
    const APPENDS: u64 = 200;
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    append(&database, "first").await;
    let logged = || fs::metadata(folder.file("it.db-wal")).unwrap().len() / LOGGED_PAGE;
    let before = logged();
    for number in 0..APPENDS {
        append(&database, &format!("s{number}")).await;
    }
    let pages = logged() - before;
    // A full page is split now and then.
    assert!((4 * APPENDS..4 * APPENDS + APPENDS / 2).contains(&pages), "{pages}");
}

/// Nobody holds an id over a restart; the order has to stay.
#[tokio::test]
async fn entries_are_published_in_the_order_of_their_commits_also_after_a_restart() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    for id in ["a", "b", "c", "d"] {
        append(&database, id).await;
    }
    let done = ids(&lease(&database, 2).await);
    database.outbox().done(&done).await.unwrap();
    drop(database);
    let database = Database::open(&path).unwrap();
    append(&database, "e").await;
    let pointer = Pointer::new(stream("f"), dekigoto::Ordinal::FIRST);
    assert_eq!(database.outbox().put(&[pointer]).await.unwrap(), [Ok(())]);
    append(&database, "g").await;
    assert_eq!(waiting(&database).await, ["c", "d", "e", "f", "g"]);
}

#[tokio::test]
async fn no_id_is_given_twice_while_a_file_is_open() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    drop(Database::open(&path).unwrap());
    for table in ["", FIRST_OUTBOX] {
        execute(&path, table);
        let database = Database::open(&path).unwrap();
        let mut given = Vec::new();
        for number in 0..6 {
            append(&database, &format!("{number} {}", table.len())).await;
            let pointer = Pointer::new(stream("put"), dekigoto::Ordinal::FIRST);
            database.outbox().put(&[pointer]).await.unwrap().remove(0).unwrap();
            let leased = ids(&lease(&database, 10).await);
            assert_eq!(leased.len(), 2);
            // Every second time, the outbox is empty before the next entry comes.
            database.outbox().done(&leased[number % 2..]).await.unwrap();
            given.extend(leased);
        }
        assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
    }
}

#[tokio::test]
async fn a_file_of_the_first_version_goes_on_with_this_one_and_the_other_way_round() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    drop(Database::open(&path).unwrap());
    // It has published a hundred entries, and one waits.
    execute(&path, FIRST_OUTBOX);
    execute(&path, "insert into outbox (id, pk, sk) values (100, 'Tally#old', 1)");
    execute(&path, "delete from outbox");
    execute(&path, "insert into outbox (pk, sk) values ('Tally#waits', 1)");
    let database = Database::open(&path).unwrap();
    append(&database, "a").await;
    append(&database, "b").await;
    drop(database);
    execute(&path, INSERT_WITHOUT_ID);
    let database = Database::open(&path).unwrap();
    append(&database, "c").await;
    assert_eq!(waiting(&database).await, ["waits", "a", "b", "other", "c"]);
}

/// The first version too, with a file of this one.
#[tokio::test]
async fn another_program_may_write_an_entry_without_an_id_while_a_file_is_open() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    append(&database, "a").await;
    execute(&path, INSERT_WITHOUT_ID);
    append(&database, "b").await;
    assert_eq!(waiting(&database).await, ["a", "other", "b"]);
}

#[tokio::test]
async fn an_append_after_the_largest_id_is_refused_as_a_whole() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let database = Database::open(&path).unwrap();
    execute(&path, "insert into outbox (id, pk, sk) values (9223372036854775807, 'Tally#a', 1)");
    let first = commit(&Head::empty(stream("b")), "key", &[1]);
    let refused = database.events().append(&first).await;
    assert!(matches!(refused, Err(AppendError::Broken(_))), "{refused:?}");
    assert_eq!(database.events().read(&stream("b"), ReadFrom::Newest, 1).await.unwrap(), []);
}

/// Who lists what is parked may name a record after the program has started again.
#[tokio::test]
async fn the_id_of_a_parked_record_is_never_given_again_also_after_a_restart() {
    let folder = Folder::new();
    let path = folder.file("it.db");
    let mut listed = Vec::new();
    for body in ["one", "two"] {
        let parking = Database::open(&path).unwrap().parking();
        parking.park(body, "reason").await.unwrap();
        let parked = parking.list(0, 10).await.unwrap();
        assert_eq!(parked.len(), 1);
        parking.discard(parked[0].id).await.unwrap();
        listed.push(parked[0].id);
    }
    assert!(listed.is_sorted_by(|one, next| one < next), "{listed:?}");
}
