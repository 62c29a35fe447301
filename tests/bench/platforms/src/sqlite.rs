//! SQLite, with a write-ahead log, durable before the answer, on both sides.

use std::sync::{Arc, Mutex};

use dekigoto::{Engine, EventStore as _, Head, ReadFrom, StoredCommit, SystemHost};
use dekigoto_sqlite::Database;
use rusqlite::{Connection, params};
use tokio::task::spawn_blocking;

use crate::{
    WRITERS, first_command, first_of,
    tally::{commit, stream},
    turns::{Row, fresh, turns},
};

/// The same table, and no outbox.
const SCHEMA: &str = "pragma journal_mode = wal; pragma synchronous = full;
    create table commits (seg integer not null, pk text not null, sk integer not null check (sk >= 1), v integer not null,
      at integer not null, ev text not null, key text not null, fp text not null, act text not null, cor text not null,
      cau text, tp text, sn text, primary key (seg, pk, sk)) strict";

const INSERT: &str =
    "insert into commits values (7, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const SELECT: &str = "select * from commits where seg = 7 and pk = ?1 order by sk desc limit 32";

/// A connection, which blocks.
type Bare = Arc<Mutex<Connection>>;

pub(crate) async fn measure() -> Vec<Row> {
    let folder = std::env::temp_dir().join(format!("dekigoto-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let database = Database::open(folder.join("ours.db")).unwrap();
    let bare = Connection::open(folder.join("bare.db")).unwrap();
    bare.execute_batch(SCHEMA).unwrap();
    let bare = Arc::new(Mutex::new(bare));
    let mut rows = Vec::new();
    for writers in WRITERS {
        let store = database.events();
        let (ours, theirs) = turns(
            writers,
            async |_| store.append(&first_of(fresh())).await.unwrap(),
            async |_| insert(&bare, StoredCommit::from(&first_of(fresh()))).await,
        )
        .await;
        rows.push(Row {
            what: format!("SQLite: append, with its outbox row; {writers} at a time"),
            bare: "an INSERT into the same table",
            ours,
            theirs: Some(theirs),
            budget: Some(0.85),
        });
    }
    rows.push(load(&database, &bare).await);
    rows.push(command(&database, &bare).await);
    drop(database);
    let _ = std::fs::remove_dir_all(folder);
    rows
}

/// As ours: what waits for the disk must not hold up the runtime.
async fn insert(bare: &Bare, it: StoredCommit) {
    let bare = Arc::clone(bare);
    let inserted = spawn_blocking(move || {
        let bare = bare.lock().unwrap();
        let mut statement = bare.prepare_cached(INSERT).unwrap();
        let (sk, v) = (i64::try_from(it.sk).unwrap(), i64::try_from(it.v).unwrap());
        let values = params![
            it.pk,
            sk,
            v,
            it.at,
            it.ev,
            it.key,
            it.fp.as_str(),
            it.act,
            it.cor,
            it.cau,
            it.tp,
            it.sn
        ];
        statement.execute(values).unwrap();
    });
    inserted.await.unwrap();
}

async fn select(bare: &Bare, pk: String) -> usize {
    let bare = Arc::clone(bare);
    let selected = spawn_blocking(move || {
        let bare = bare.lock().unwrap();
        let mut statement = bare.prepare_cached(SELECT).unwrap();
        let rows = statement.query_map([pk], |row| row.get::<_, String>(5)).unwrap();
        rows.map(Result::unwrap).count()
    });
    selected.await.unwrap()
}

async fn load(database: &Database, bare: &Bare) -> Row {
    let (store, mut head) = (database.events(), Head::empty(stream("load")));
    for number in 1..=32 {
        let next = commit(&head, &format!("key-{number}"), &[number]);
        store.append(&next).await.unwrap();
        insert(bare, StoredCommit::from(&next)).await;
        head = next.head();
    }
    let (ours, theirs) = turns(
        1,
        async |_| {
            assert_eq!(store.read(&stream("load"), ReadFrom::Newest, 32).await.unwrap().len(), 32);
        },
        async |_| assert_eq!(select(bare, stream("load").key()).await, 32),
    )
    .await;
    let what = "SQLite: load 32 commits, decoded".to_owned();
    Row {
        what,
        bare: "a SELECT of the same rows, not decoded",
        ours,
        theirs: Some(theirs),
        budget: None,
    }
}

async fn command(database: &Database, bare: &Bare) -> Row {
    let engine = Engine::new(Arc::new(database.events()), Arc::new(SystemHost));
    let (ours, theirs) = turns(
        1,
        async |_| first_command(&engine).await,
        async |_| {
            let first = StoredCommit::from(&first_of(fresh()));
            select(bare, first.pk.clone()).await;
            insert(bare, first).await;
        },
    )
    .await;
    let what = "SQLite: a command (load, decide, append) on a new stream".to_owned();
    Row { what, bare: "a SELECT and an INSERT", ours, theirs: Some(theirs), budget: Some(0.85) }
}
